"""Notices at scale: search beside its peers, paging, HTTP, the change feed, import. Prints one JSON object.

`NOTICES` sets the size of the corpus (1,000,000 unless set), `STEPS` which parts run. A missed target says so.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from api.embedded import Embedded
from bench.targets import Row, at_least, at_most
from bench.tendering.corpus import load, titles
from bench.tendering.feed import bench_feed
from bench.tendering.finding import bench_paging, bench_search
from bench.tendering.http import bench_http
from bench.tendering.importing import bench_import
from bench.tendering.peers import bench_peers
from core.db import Database
from core.settings import Settings
from migrations.schema import metadata

SIZE = int(os.environ.get("NOTICES", "1000000"))
STEPS = os.environ.get("STEPS", "search paging http feed import peers").split()
IMPORTED = min(20_000, SIZE)


async def run(settings: Settings) -> dict[str, Any]:
    database = Database(settings)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    made = titles(SIZE)
    result: dict[str, Any] = {"notices": SIZE, "load": load(settings.database_url, made)}
    print("load", result["load"], file=sys.stderr)
    steps: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
        "search": lambda: bench_search(database, made),
        "paging": lambda: bench_paging(database, SIZE),
        "http": lambda: bench_http(settings, SIZE),
        "feed": lambda: bench_feed(database),
        "import": lambda: bench_import(database, IMPORTED),
        "peers": lambda: asyncio.to_thread(bench_peers, made),
    }
    for name in STEPS:
        result[name] = await steps[name]()
        print(name, result[name], f"load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    await database.close()
    result["targets"] = targets(result)
    return result


def targets(result: dict[str, Any]) -> list[Row]:
    rows: list[Row] = []
    if found := result.get("search"):
        rows += [
            at_most("search p50", 5, found["p50_ms"], "ms"),
            at_most("search p95", 25, found["p95_ms"], "ms"),
            at_most("search worst", 100, found["worst_ms"], "ms"),
            at_least("search recall", 1, found["recall"]),
        ]
    if paging := result.get("paging"):
        rows.append(at_most("any page by cursor", 2, paging["worst_ms"], "ms"))
    if served := result.get("http"):
        shares = [part["share"] for part in served.values() if isinstance(part, dict) and "share" in part]
        rows += [
            at_least("warm pages, share of the same bytes from memory", 0.5, min(shares)),
            at_most("cold pages p95", 60, served["cold"]["p95_ms"], "ms"),
        ]
    if feed := result.get("feed"):
        rows += [
            at_most("feed, lost and doubled", 0, feed["lost"] + feed["doubled"], ""),
            at_most("feed lag p50", 100, feed["p50_lag_ms"], "ms"),
        ]
    if imported := result.get("import"):
        rows += [
            at_least("import", 2000, imported["per_second"], "/s"),
            at_least("import by CPU time", 2000, imported["cpu_bound_per_second"], "/s"),
        ]
    return rows


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="yichuang-bench-", ignore_cleanup_errors=True) as folder,
        Embedded(Settings(data_dir=Path(folder))) as settings,
    ):
        print(json.dumps(asyncio.run(run(settings)), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
