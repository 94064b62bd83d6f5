import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import msgspec
import pytest
from standardwebhooks import Webhook as Verifier

from api.auth.sessions import issue_key
from core import clock
from core.access import Action
from core.db import Database
from core.settings import Settings
from tendering.commands import publish_notices
from tendering.content import Content
from tendering.rules import NoticeKind
from tests.factories.worker import carry_out_due
from tests.tendering.factories import publication


@dataclass
class Receiver:
    """A machine that keeps what it is sent; `answers` are its next statuses, 204 when none is left."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = {
            name.lower(): value
            for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])
        }
        body = await reader.readexactly(int(headers["content-length"]))
        self.received.append((headers, body))
        status = self.answers.pop(0) if self.answers else 204
        writer.write(f"HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://localhost:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield receiver


Give = Callable[..., Awaitable[str]]


@pytest.fixture
def give_key(database: Database) -> Give:
    async def give(*scopes: Action, label: str = "information site") -> str:
        row, key = issue_key(label=label, scopes=list(scopes), now=clock.now())
        async with database.transaction() as session:
            session.add(row)
        return f"Bearer {key}"

    return give


async def publish(database: Database, number: int, kind: NoticeKind = NoticeKind.TENDER) -> str:
    item = publication(number, kind, Content(), process=f"p{number}")
    item = msgspec.structs.replace(item, published_at=clock.now())
    async with database.transaction() as session:
        (result,) = await publish_notices(session, [item], now=clock.now(), by="system")
    return result.code


def next_door(settings: Settings) -> Settings:
    """Receivers of these tests are on this machine."""
    return settings.model_copy(update={"webhooks_into_private_networks": True})


async def register(client: httpx.AsyncClient, key: str, url: str, **wanted: str) -> dict[str, str]:
    made = await client.post(
        "/api/v1/webhooks", json={"url": url, "wanted": wanted}, headers={"authorization": key}
    )
    assert made.status_code == 201, made.text
    return made.json()  # type: ignore[no-any-return]  # JSON


async def test_message_is_signed_and_tells_only_what_is_wanted(
    client: httpx.AsyncClient, database: Database, settings: Settings, give_key: Give
) -> None:
    key = await give_key(Action.NOTICE_FOLLOW)
    async with receiving() as receiver:
        made = await register(client, key, receiver.url, kind="tender")
        code = await publish(database, 1)
        await publish(database, 2, NoticeKind.RESULT)
        await carry_out_due(next_door(settings))

        ((headers, body),) = receiver.received
        told = Verifier(made["secret"]).verify(body, headers)
    assert told["type"] == "notices.published"
    (item,) = told["data"]["notices"]
    notice = (await client.get(f"/api/v1/notices/{code}")).json()
    assert {name: item[name] for name in ("id", "ocid", "title", "digest")} == {
        name: notice[name] for name in ("id", "ocid", "title", "digest")
    }


async def test_message_is_tried_until_taken_with_one_id_and_the_same_bytes(
    client: httpx.AsyncClient, database: Database, settings: Settings, give_key: Give
) -> None:
    key = await give_key(Action.NOTICE_FOLLOW)
    async with receiving() as receiver:
        receiver.answers = [500, 302]
        made = await register(client, key, receiver.url)
        await publish(database, 1)
        for hours in range(4):
            await carry_out_due(next_door(settings), later=timedelta(hours=2 * hours))

        messages = {(headers["webhook-id"], body) for headers, body in receiver.received}
    log = await client.get(f"/api/v1/webhooks/{made['id']}/attempts", headers={"authorization": key})
    assert len(messages) == 1
    assert [attempt["status"] for attempt in log.json()] == [204, 302, 500]


async def test_gone_ends_the_webhook(
    client: httpx.AsyncClient, database: Database, settings: Settings, give_key: Give
) -> None:
    key = await give_key(Action.NOTICE_FOLLOW)
    async with receiving() as receiver:
        receiver.answers = [410]
        await register(client, key, receiver.url)
        await publish(database, 1)
        await carry_out_due(next_door(settings))
        await publish(database, 2)
        await carry_out_due(next_door(settings), later=timedelta(hours=2))

        assert len(receiver.received) == 1
    assert (await client.get("/api/v1/webhooks", headers={"authorization": key})).json() == []


async def test_nothing_is_sent_into_our_own_network(
    client: httpx.AsyncClient, database: Database, settings: Settings, give_key: Give
) -> None:
    key = await give_key(Action.NOTICE_FOLLOW)
    async with receiving() as receiver:
        made = await register(client, key, receiver.url)
        await publish(database, 1)
        await carry_out_due(settings)

        assert receiver.received == []
    log = await client.get(f"/api/v1/webhooks/{made['id']}/attempts", headers={"authorization": key})
    assert [(attempt["status"], attempt["error"].partition(":")[0]) for attempt in log.json()] == [
        (None, "ForbiddenAddress")
    ]


async def test_ended_webhook_hears_nothing_more(
    client: httpx.AsyncClient, database: Database, settings: Settings, give_key: Give
) -> None:
    key = await give_key(Action.NOTICE_FOLLOW)
    async with receiving() as receiver:
        made = await register(client, key, receiver.url)
        await publish(database, 1)
        ended = await client.delete(f"/api/v1/webhooks/{made['id']}", headers={"authorization": key})
        await carry_out_due(next_door(settings))

        assert receiver.received == []
    assert ended.status_code == 204


async def test_webhooks_of_others_cannot_be_seen_or_ended(client: httpx.AsyncClient, give_key: Give) -> None:
    mine, other = await give_key(Action.NOTICE_FOLLOW), await give_key(Action.NOTICE_FOLLOW, label="other")
    wrong = await give_key(Action.NOTICE_EXCHANGE, label="construction")
    made = await register(client, mine, "https://example.org/hook")
    path = f"/api/v1/webhooks/{made['id']}"
    answers = [
        (await client.get(f"{path}/attempts", headers={"authorization": other})).status_code,
        (await client.delete(path, headers={"authorization": other})).status_code,
        (await client.get("/api/v1/webhooks", headers={"authorization": wrong})).status_code,
        (await client.get("/api/v1/webhooks")).status_code,
    ]

    assert answers == [404, 404, 403, 401]


@pytest.mark.parametrize("url", ["ftp://example.org", "/hook", "http://", "https://user:pass@example.org/"])
async def test_what_is_no_web_address_is_refused(client: httpx.AsyncClient, give_key: Give, url: str) -> None:
    key = await give_key(Action.NOTICE_FOLLOW)
    answer = await client.post("/api/v1/webhooks", json={"url": url}, headers={"authorization": key})

    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["problems"]] == ["url"]


async def test_body_that_is_no_json_is_refused(client: httpx.AsyncClient, give_key: Give) -> None:
    key = await give_key(Action.NOTICE_FOLLOW)
    headers = {"authorization": key, "content-type": "application/json"}
    answer = await client.post("/api/v1/webhooks", content=b"\x00", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
