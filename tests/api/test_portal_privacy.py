"""Nothing that is not public leaves: markers in every non-public column, every public page and feed read."""

import re
from datetime import timedelta

import httpx

from core import clock
from core.db import Database
from core.people import Account
from tendering import drafts
from tendering.commands import publish_notices
from tendering.content import Content, Dates
from tendering.exchange.commands import receive_delivery, source_of
from tendering.objections import raise_objection
from tendering.rules import NoticeKind
from tests.tendering.factories import publication, publish_chain

MARK = "绝密标记"
STARTS = (
    "/",
    "/notices",
    f"/notices?q={MARK}",
    "/objections",
    "/notices.atom",
    "/notices.json",
    "/api/v1/notices?limit=100",
    f"/api/v1/notices?q={MARK}",
    "/api/v1/changes",
    "/api/v1/bulk",
    "/api/v1/roots",
    "/api/v1/guide",
    "/statistics",
    "/following",
    "/verify",
    "/schema/openapi.json",
)
LINKS = re.compile(
    r'"((?:http://localhost:8000)?/(?:notices|processes|api/v1|objections|complaints|buyers|suppliers|verify|statistics|guide|following)[^"#\s]*)"'
)


async def plant(database: Database) -> None:
    """A marker in what is drafted, quarantined, objected and personal."""
    now = clock.now()
    await publish_chain(database)
    async with database.transaction() as session:
        clerk = Account(
            login=MARK, name=MARK, email=f"{MARK}@example.org", password_hash=MARK, created_at=now
        )
        session.add(clerk)
        await session.flush()
        hidden = publication(1, NoticeKind.TENDER, Content(text=MARK), process=MARK)
        await drafts.save_draft(session, hidden, by=clerk.id, now=now)
        dates = Dates(publicity_to=now + timedelta(days=1))
        (notice,) = await publish_notices(
            session,
            [publication(1, NoticeKind.CANDIDATES, Content(dates=dates), process="p2")],
            now=now,
            by="system",
        )
        await raise_objection(session, notice.code, organisation=MARK, text=MARK, by=clerk.id, now=now)
        await receive_delivery(
            session,
            source_of("construction"),
            f'[{{"id": "{MARK}", "title": "{MARK}"}}]'.encode(),
            media_type="application/json",
            idempotency_key=MARK,
            now=now,
            by="key:1",
        )


async def test_no_public_page_or_feed_tells_what_is_not_public(
    client: httpx.AsyncClient, database: Database
) -> None:
    await plant(database)
    waiting, seen, leaks = list(STARTS), set[str](), list[str]()
    while waiting:
        path = waiting.pop()
        if path in seen or len(seen) > 400:
            continue
        seen.add(path)
        answer = await client.get(path)
        text = answer.text
        # A search repeats the reader's own words.
        if MARK in text and MARK not in path and "%E7%BB%9D" not in path:
            leaks.append(path)
        if answer.status_code == 200:
            waiting += [
                link.replace("http://localhost:8000", "").replace("&amp;", "&")
                for link in LINKS.findall(text)
                if "{" not in link
            ]

    assert leaks == []
    assert len(seen) > 40
