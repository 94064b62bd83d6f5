"""Importing from JSON, as `yichuang import-notices` does: every field read and checked, a batch a transaction."""

import resource
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bench.tendering.corpus import START, titles
from core.db import Database
from tendering.importing import import_candidates


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
    body = document(count)
    began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    report = await import_candidates(database, body, now=datetime.now(UTC))
    spent, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    own = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    assert report.published == count, report
    return {
        "notices": count,
        "problems_named": len(report.problems),
        "per_second": round(count / spent),
        "own_cpu_us_each": round(own / count * 1e6),
    }
