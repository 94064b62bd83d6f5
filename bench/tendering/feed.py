"""The change feed under eight writers that commit slowly, beside a naive cursor on the id."""

import asyncio
import random
import statistics
import time
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from core.db import Database
from tendering.changes import list_changes
from tendering.commands import publish_notices
from tendering.content import Publication
from tendering.models import Notice
from tendering.rules import Category, NoticeKind

FEED_WRITES = 25


async def bench_feed(database: Database) -> dict[str, Any]:
    """Eight writers that commit slowly, read meanwhile by our cursor and by a naive one on the id."""
    written, ours, naive, lags = dict[str, float](), list[str](), list[str](), list[float]()
    done = asyncio.Event()

    async def write(writer: int) -> None:
        rng = random.Random(writer)
        for number in range(FEED_WRITES):
            item = Publication(
                source="bench-feed",
                key=f"{writer}-{number}",
                process=f"{writer}-{number}",
                category=Category.WORKS,
                kind=NoticeKind.TENDER,
                title="变更序列测试",
                published_at=datetime.now(UTC),
            )
            async with database.transaction() as session:
                (result,) = await publish_notices(session, [item], now=datetime.now(UTC), by="system")
                await asyncio.sleep(rng.random() * 0.05)
            written[result.code] = time.perf_counter()

    async def read_ours(cursor: str) -> None:
        while True:
            finished = done.is_set()
            async with database.transaction() as session:
                page = await list_changes(session, cursor=cursor, limit=1000)
            for item in page.items:
                ours.append(item.id)
                lags.append((time.perf_counter() - written.get(item.id, time.perf_counter())) * 1000)
            cursor = page.cursor
            if finished and not page.more:
                return
            await asyncio.sleep(0.01)

    async def read_naive(last: int) -> None:
        while True:
            finished = done.is_set()
            async with database.transaction() as session:
                newer = sa.select(col(Notice.id), col(Notice.code)).where(col(Notice.id) > last)
                rows = (await session.execute(newer.order_by(col(Notice.id)))).all()
            naive.extend(row.code for row in rows)
            last = rows[-1].id if rows else last
            if finished and not rows:
                return
            await asyncio.sleep(0.01)

    cursor = ""
    async with database.transaction() as session:
        last = int(await session.scalar(sa.select(sa.func.max(col(Notice.id)))) or 0)
    more = True
    while more:
        async with database.transaction() as session:
            page = await list_changes(session, cursor=cursor or None, limit=20_000)
        cursor, more = page.cursor, page.more
    readers = [asyncio.create_task(read_ours(cursor)), asyncio.create_task(read_naive(last))]
    await asyncio.gather(*(write(number) for number in range(8)))
    done.set()
    await asyncio.gather(*readers)
    return {
        "written": len(written),
        "lost": len(set(written) - set(ours)),
        "doubled": len(ours) - len(set(ours)),
        "p50_lag_ms": round(statistics.median(lags), 1),
        "naive_lost": len(set(written) - set(naive)),
    }
