"""Public bytes kept in memory: the same for everybody, gone when something is published, never anybody's own."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar

from api import public_cache
from core.db import Database
from core.settings import Settings
from tendering.commands import publish_notices
from tendering.content import Content
from tendering.rules import NoticeKind
from tests.api.conftest import LogIn, make_app
from tests.conftest import NOW
from tests.tendering.factories import publication, publish_chain


@pytest.fixture
async def app(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Litestar]:
    monkeypatch.setattr(public_cache, "CHECK_SECONDS", 0)
    app = make_app(settings.model_copy(update={"public_cache": True}))
    yield app
    await app.state.resources.close()


async def publish(database: Database, process: str) -> str:
    async with database.transaction() as session:
        item = publication(1, NoticeKind.TENDER, Content(), process=process)
        (result,) = await publish_notices(session, [item], now=NOW, by="system")
    return result.code


async def publish_settled_chain(database: Database) -> None:
    """Published, and below the horizon, which waits for every transaction of the server, other tests' included."""
    await publish_chain(database)
    beyond = sa.text("SELECT count(*) FROM notice WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())")
    async with asyncio.timeout(60):
        while True:
            async with database.engine.connect() as connection:
                if (await connection.execute(beyond)).scalar_one() == 0:
                    return
            await asyncio.sleep(0.02)


async def test_a_page_is_kept_and_answered_unchanged_to_who_has_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    await publish_settled_chain(database)
    await client.get("/notices")
    client.cookies.clear()
    kept = await client.get("/notices")
    again = await client.get("/notices", headers={"If-None-Match": kept.headers["etag"]})

    assert kept.headers["etag"].startswith('"')
    assert "set-cookie" not in kept.headers
    assert (again.status_code, again.content) == (304, b"")


async def test_what_is_published_shows_at_once(client: httpx.AsyncClient, database: Database) -> None:
    await publish_chain(database)
    for address in ("/notices", "/api/v1/notices"):
        await client.get(address)
        code = await publish(database, address)
        assert code in (await client.get(address)).text


async def test_a_notice_that_commits_behind_a_later_one_shows(
    client: httpx.AsyncClient, database: Database
) -> None:
    async with database.transaction() as session:
        item = publication(1, NoticeKind.TENDER, Content(), process="early")
        (early,) = await publish_notices(session, [item], now=NOW, by="system")
        late = await _published_beside(database)
        seen = (await client.get("/api/v1/notices")).text
        assert (late in seen, early.code in seen) == (True, False)

    assert early.code in (await client.get("/api/v1/notices")).text


async def _published_beside(database: Database) -> str:
    """A second notice that commits while the first one's transaction is open."""
    return await publish(database, "late")


async def test_a_kept_page_is_the_visitors_language_and_not_for_who_is_logged_in(
    client: httpx.AsyncClient, database: Database, log_in: LogIn
) -> None:
    await publish_chain(database)
    chinese = await client.get("/notices", headers={"Accept-Language": "zh"})
    english = await client.get("/notices", headers={"Accept-Language": "en"})
    await log_in()
    own = await client.get("/notices", headers={"Accept-Language": "zh"})

    assert 'lang="zh' in chinese.text
    assert 'lang="en' in english.text
    assert ("测试人员" in own.text, "测试人员" in chinese.text) == (True, False)
    client.cookies.clear()
    assert "测试人员" not in (await client.get("/notices", headers={"Accept-Language": "zh"})).text


async def test_a_kept_page_holds_nobodys_token(client: httpx.AsyncClient, database: Database) -> None:
    await publish_settled_chain(database)
    first = await client.get("/notices")
    token = first.cookies["csrf"]
    client.cookies.clear()
    kept = await client.get("/notices")

    assert token in first.text
    assert token not in kept.text


async def test_what_is_kept_takes_nothing_from_anybodys_allowance(
    client: httpx.AsyncClient, database: Database
) -> None:
    await publish_settled_chain(database)
    first = await client.get("/api/v1/notices")
    kept = await client.get("/api/v1/notices")

    assert ("ratelimit-remaining" in first.headers, "ratelimit-remaining" in kept.headers) == (True, False)
    assert (kept.content, kept.headers["access-control-allow-origin"]) == (first.content, "*")
