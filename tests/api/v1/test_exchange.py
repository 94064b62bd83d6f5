import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import col

from api.auth.sessions import issue_key
from core import clock
from core.access import Action
from core.db import Database
from core.people import Account
from tendering.exchange.commands import AlreadyDecided, resolve_quarantined
from tendering.exchange.queries import open_items, source_health
from tendering.models import Notice
from tests.conftest import NOW

ITEM = {
    "id": "G-1",
    "process": "P-1",
    "kind": "tender",
    "title": "滨江路改造工程施工招标公告",
    "published": "2026-03-02T09:00:00+08:00",
    "deadline": "2026-03-24 09:30",
    "region": "990102",
    "buyer": "临澜市城市建设投资有限公司",
    "limit": "39500000",
}
Deliver = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def deliver(client: httpx.AsyncClient, database: Database) -> Deliver:
    """Post a document as a source, with a key of its own."""
    keys: dict[str, str] = {}

    async def deliver(
        document: Any,
        *,
        source: str = "construction",
        holder: str | None = None,
        key: str = "k1",
        kind: str = "application/json",
    ) -> httpx.Response:
        label = holder or source
        if label not in keys:
            row, keys[label] = issue_key(label=label, scopes=[Action.NOTICE_EXCHANGE], now=NOW)
            async with database.transaction() as session:
                session.add(row)
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return await client.post(
            "/api/v1/exchange/notices",
            params={"source": source},
            content=body,
            headers={
                "Authorization": f"Bearer {keys[label]}",
                "Idempotency-Key": key,
                "Content-Type": kind,
            },
        )

    return deliver


def statuses(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    return [(item["key"], item["status"]) for item in answer.json()["items"]]


async def amounts(database: Database) -> dict[str, tuple[str, str, str]]:
    async with database.transaction() as session:
        rows = await session.scalars(sa.select(Notice).order_by(col(Notice.id)))
        return {row.source_key: (str(row.amount), row.category, row.kind) for row in rows}


async def test_batch_is_answered_item_by_item_and_nothing_is_dropped(
    deliver: Deliver, database: Database
) -> None:
    correction = ITEM | {"id": "G-2", "nature": "2", "about": "G-1", "published": "2026/3/3 10:00"}
    broken = ITEM | {"id": "G-3", "published": "昨天", "kind": "fish", "limit": "很多", "region": "000000"}
    answer = await deliver([correction, ITEM, ITEM, broken])

    assert statuses(answer) == [
        ("G-2", "published"),
        ("G-1", "published"),
        ("G-1", "known"),
        ("G-3", "quarantined"),
    ]
    problems = answer.json()["items"][3]["problems"]
    assert {problem["field"] for problem in problems} == {"published", "kind", "limit", "region"}
    async with database.transaction() as session:
        (waiting,) = await open_items(session)
    assert waiting.row["limit"] == "很多"


async def test_same_key_gets_the_same_answer_and_other_bytes_are_refused(
    deliver: Deliver, database: Database
) -> None:
    first = await deliver([ITEM])
    again = await deliver([ITEM])
    other = await deliver([ITEM | {"id": "G-9"}])
    resent = await deliver([ITEM], key="k2")

    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert statuses(resent) == [("G-1", "known")]
    assert list(await amounts(database)) == ["G-1"]


async def test_known_key_with_other_content_is_quarantined(deliver: Deliver) -> None:
    await deliver([ITEM])
    changed = await deliver([ITEM | {"limit": "1"}], key="k2")
    orphan = await deliver([ITEM | {"id": "G-4", "nature": "2", "about": "G-0"}], key="k3")

    assert statuses(changed) == [("G-1", "quarantined")]
    assert statuses(orphan) == [("G-4", "quarantined")]


async def test_xml_in_gbk_with_national_names_counts_in_ten_thousands(
    deliver: Deliver, database: Database
) -> None:
    document = (
        '<?xml version="1.0" encoding="GB18030"?><items><item><GCJS_NOTICE_ID>C-1</GCJS_NOTICE_ID>'
        "<GCJS_NOTICE_NAME>实验小学物业服务采购公告</GCJS_NOTICE_NAME><GCJS_BULLETIN_TYPE>1</GCJS_BULLETIN_TYPE>"
        "<GCJS_NOTICE_NATURE>1</GCJS_NOTICE_NATURE>"
        "<GCJS_NOTICE_SEND_TIME>2026年03月02日 09:00</GCJS_NOTICE_SEND_TIME>"
        "<GCJS_CONTROL_PRICE>390.5</GCJS_CONTROL_PRICE></item></items>"
    ).encode("gb18030")

    answer = await deliver(document, source="procurement", kind="application/xml")

    assert statuses(answer) == [("C-1", "published")]
    assert await amounts(database) == {"C-1": ("3905000.00", "procurement", "tender")}


async def test_csv_in_hundred_millions_tells_land_from_property(deliver: Deliver, database: Database) -> None:
    table = (
        "id,kind,title,published,limit\n"
        "T-1,tender,云渡区2026-3号地块国有建设用地使用权挂牌出让公告,2026/3/2 9:00,1.25\n"
        "Q-1,predisclosure,某公司股权转让预披露,2026/3/2 9:00,8600万元\n"
    ).encode("utf-8-sig")

    answer = await deliver(table, source="resources", kind="text/csv")

    assert statuses(answer) == [("T-1", "published"), ("Q-1", "published")]
    assert await amounts(database) == {
        "T-1": ("125000000.00", "land", "tender"),
        "Q-1": ("86000000.00", "property", "pre_disclosure"),
    }


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (b"{", "application/json"),
        (b"{}", "application/json"),
        (b"<a>", "application/xml"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "application/xml"),
        (b"\xff\xff\xff", "application/json"),
    ],
)
async def test_unreadable_delivery_is_refused_whole(deliver: Deliver, document: bytes, kind: str) -> None:
    answer = await deliver(document, kind=kind)

    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_delivery")


async def test_key_delivers_only_for_its_own_source(deliver: Deliver, client: httpx.AsyncClient) -> None:
    foreign = await deliver([ITEM], holder="procurement")
    nobody = await client.post("/api/v1/exchange/notices?source=construction", content=b"[]")

    assert foreign.status_code == 403
    assert nobody.status_code == 401


async def test_clerk_resolves_quarantine_once(deliver: Deliver, database: Database) -> None:
    await deliver([ITEM | {"published": "昨天"}, ITEM | {"id": "G-5", "kind": "fish"}])
    async with database.transaction() as session:
        clerk = Account(login="clerk", name="测试人员", password_hash="x", created_at=NOW)
        session.add(clerk)
        await session.flush()
        first, second = await open_items(session)
        code = await resolve_quarantined(session, first.id, ITEM, by=clerk.id, now=clock.now())
        await resolve_quarantined(session, second.id, None, by=clerk.id, now=clock.now())
        with pytest.raises(AlreadyDecided):
            await resolve_quarantined(session, second.id, ITEM, by=clerk.id, now=clock.now())
        left = await open_items(session)
        health = await source_health(session, now=clock.now())

    assert code is not None
    assert left == []
    assert [(item.source, item.silent) for item in health] == [
        ("construction", False),
        ("procurement", True),
        ("resources", True),
    ]
