import asyncio
import base64
import random

import pytest

from core.db import Database
from tendering.changes import ChangePage, FeedRestarted, list_changes
from tendering.commands import publish_notices
from tendering.content import Content
from tendering.queries import BadCursor
from tendering.rules import NoticeKind
from tests.conftest import NOW
from tests.tendering.factories import publication, publish_chain

WRITERS, EACH = 8, 6


async def settled_page(database: Database, expected: int) -> ChangePage:
    """The feed's first page once it tells `expected` changes.

    The horizon waits for every transaction of the server, those of tests running beside this one included.
    """
    async with asyncio.timeout(60):
        while True:
            async with database.transaction() as session:
                page = await list_changes(session)
            if len(page.items) >= expected:
                return page
            await asyncio.sleep(0.01)


async def test_feed_under_slow_concurrent_writers_tells_every_notice_once(database: Database) -> None:
    """Transactions take their numbers in one order and commit in another; the reader polls throughout."""
    rng = random.Random(3)
    written, seen, done = set[str](), list[str](), asyncio.Event()

    async def write(writer: int) -> None:
        for number in range(EACH):
            item = publication(number, NoticeKind.TENDER, Content(), process=f"w{writer}-{number}")
            async with database.transaction() as session:
                (result,) = await publish_notices(session, [item], now=NOW, by="system")
                await asyncio.sleep(rng.random() * 0.05)
            written.add(result.code)

    async def read() -> None:
        cursor = None
        while True:
            finished = done.is_set()
            async with database.transaction() as session:
                page = await list_changes(session, cursor=cursor, limit=5)
            seen.extend(item.id for item in page.items)
            cursor = page.cursor
            # The horizon waits for every transaction of the server, those of other tests included.
            if finished and not page.more and len(seen) >= WRITERS * EACH:
                return
            await asyncio.sleep(0.002)

    reader = asyncio.create_task(read())
    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    done.set()
    await asyncio.wait_for(reader, 60)

    assert len(seen) == WRITERS * EACH
    assert set(seen) == written


async def test_feed_tells_what_a_correction_is_about(database: Database) -> None:
    codes = await publish_chain(database)

    page = await settled_page(database, len(codes))

    assert [(item.id, item.about) for item in page.items] == [
        *((code, None) for code in codes[:4]),
        (codes[4], codes[0]),
    ]


async def test_feed_refuses_a_cursor_of_another_epoch_and_nonsense(database: Database) -> None:
    foreign = base64.urlsafe_b64encode(b"67f-5-1:10:20").decode().rstrip("=")
    async with database.transaction() as session:
        with pytest.raises(FeedRestarted):
            await list_changes(session, cursor=foreign)
        for nonsense in ("x", "AAAA", foreign[:-4] + "____"):
            with pytest.raises(BadCursor):
                await list_changes(session, cursor=nonsense)
