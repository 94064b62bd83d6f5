"""Importing from JSON, as `yichuang import-notices` does: every field read and checked, a batch a transaction."""

import os
import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from bench.tendering.corpus import START, titles
from core.db import Database
from tendering.importing import BATCH, import_candidates


def document(count: int) -> bytes:
    items = []
    for number, made in enumerate(titles(count)):
        day = START + timedelta(days=3700, minutes=number)
        end = day + timedelta(days=3)
        period = f"{day:%Y年%m月%d日} 0时0分 至 {end:%Y年%m月%d日} 23时59分"
        bidders = [
            {"bidder": f"{made.firm.removesuffix('有限公司')}{place}有限公司", "price": price}
            for place, price in enumerate(("7,931,220.55元", "8,102,000.00元", "下浮率3.5%"))
        ]
        items.append(
            {
                "id": f"bench-{number}",
                "date": f"{day:%Y-%m-%d}",
                "title": f"{made.title[:-6]}中标候选人公示",
                "project_name": made.title[:-6],
                "publicity_period": period,
                "bidders_and_prices": bidders,
            }
        )
    return msgspec.json.encode(items)


async def bench_import(database: Database, count: int) -> dict[str, Any]:
    """`cpu_bound_per_second` is what two idle cores would do, one for us and one for the database."""
    body = document(count)
    await import_candidates(
        database, document(BATCH), now=datetime.now(UTC)
    )  # connections and statements are made
    began, own, theirs = time.perf_counter(), _own_cpu(), await _database_cpu(database)
    report = await import_candidates(database, body, now=datetime.now(UTC))
    spent = time.perf_counter() - began
    own, theirs = _own_cpu() - own, await _database_cpu(database) - theirs
    assert report.published + report.known == count, report
    return {
        "notices": report.published,
        "problems_named": len(report.problems),
        "per_second": round(report.published / spent),
        "own_cpu_us_each": round(own / report.published * 1e6),
        "database_cpu_us_each": round(theirs / report.published * 1e6),
        "cpu_bound_per_second": round(report.published / max(own, theirs)),
    }


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _database_cpu(database: Database) -> float:
    """Seconds that the backends of this database have used (Linux only)."""
    async with database.transaction() as session:
        pids = await session.scalars(
            sa.text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        )
    return sum(map(_ticks, pids)) / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
