"""Who asks too much is told when to come back; scripts of any site may read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from litestar import Litestar
from redis.asyncio import Redis

from api.auth.sessions import issue_key
from api.open_interface import Allowance, OpenInterface
from core.access import Action
from core.db import Database
from core.settings import Settings
from tests.api.conftest import make_app
from tests.conftest import NOW

Ask = Callable[..., Awaitable[httpx.Response]]


def behind(app: Litestar) -> Any:
    """What the gate, which stands outermost, lets requests through to."""
    gate: Any = app.asgi_handler
    return gate.app


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Litestar]:
    """With room for 3 requests without a key and 5 with one, refilled so slowly that no test sees it."""
    app = make_app(settings)
    inner = behind(app)
    app.asgi_handler = OpenInterface(
        inner, app.state.resources.redis, anonymous=Allowance(0.01, 3), keyed=Allowance(0.01, 5)
    )
    yield app
    await app.state.resources.close()


async def statuses(client: httpx.AsyncClient, count: int, **headers: str) -> list[int]:
    return [(await client.get("/api/v1/bulk", headers=headers)).status_code for _ in range(count)]


async def test_more_than_the_allowance_is_refused_with_the_time_to_come_back(
    client: httpx.AsyncClient,
) -> None:
    assert await statuses(client, 4) == [200, 200, 200, 429]
    refused = await client.get("/api/v1/bulk")

    assert refused.json()["code"] == "too_many_requests"
    assert "100" in refused.json()["title"]
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "100"
    assert (refused.headers["ratelimit-limit"], refused.headers["ratelimit-remaining"]) == ("3", "0")
    assert (await client.get("/notices")).status_code == 200


async def test_a_genuine_key_has_its_own_allowance_and_a_made_up_one_none(
    client: httpx.AsyncClient, database: Database
) -> None:
    row, key = issue_key(label="construction", scopes=[Action.NOTICE_EXCHANGE], now=NOW)
    async with database.transaction() as session:
        session.add(row)

    assert await statuses(client, 6, Authorization=f"Bearer {key}") == [200] * 6
    assert await statuses(client, 1, Authorization=f"Bearer {key}") == [429]
    assert await statuses(client, 3, Authorization="Bearer made-up") == [200, 200, 429]


async def test_two_processes_share_one_bucket(app: Litestar, client: httpx.AsyncClient) -> None:
    first = await statuses(client, 2)
    inner, redis = behind(app), app.state.resources.redis
    app.asgi_handler = OpenInterface(inner, redis, anonymous=Allowance(0.01, 3), keyed=Allowance(0.01, 5))

    assert first == [200, 200]
    assert await statuses(client, 1) == [429]  # the first process took the whole bucket as one lot


async def test_without_valkey_everybody_passes(app: Litestar, client: httpx.AsyncClient) -> None:
    gone = Redis.from_url("unix:///nonexistent.sock")
    app.asgi_handler = OpenInterface(behind(app), gone, anonymous=Allowance(0.01, 1), keyed=Allowance(1, 1))

    assert await statuses(client, 3) == [200, 200, 200]


async def test_any_site_may_read_and_ask_beforehand(client: httpx.AsyncClient) -> None:
    asked = await client.options("/api/v1/notices", headers={"Origin": "https://example.org"})
    wrong = await client.get("/api/v1/notices?limit=0", headers={"Origin": "https://example.org"})

    assert (asked.status_code, asked.headers["access-control-allow-methods"]) == (204, "GET, HEAD, OPTIONS")
    assert (wrong.status_code, wrong.headers["access-control-allow-origin"]) == (422, "*")


async def test_an_emptied_bucket_refills_with_time(app: Litestar, client: httpx.AsyncClient) -> None:
    inner, redis = behind(app), app.state.resources.redis
    app.asgi_handler = OpenInterface(inner, redis, anonymous=Allowance(2, 1), keyed=Allowance(1, 1))
    before = await statuses(client, 1)
    async with asyncio.timeout(60):
        while (await statuses(client, 1)) != [200]:  # noqa: ASYNC110 - there is no event for time that passes
            await asyncio.sleep(0.1)

    assert before == [200]
