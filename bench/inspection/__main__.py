"""A year of the demo city replayed through the commands, as people and time would; its figures computed twice.

Every case of the preset goes its way: application, review, joint slots, replies, silence, visit, opinions,
rectification, recheck, issue. Timed transitions fire in order between the people's acts. Then each indicator is
computed from the tables and again, by other code, from an export of the audit ledger. Prints one JSON object.

`CASES` sets how many cases the year has (330 unless set).
"""

import asyncio
import json
import os
import tempfile
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from api.embedded import Embedded
from bench.inspection.ledger_figures import figures_of
from bench.inspection.year import Year
from core import calendars, ledger
from core.db import Database
from core.settings import Settings
from demo.city import A, build_city
from inspection.catalogue import seed_catalogue
from inspection.models import Booking, Case, ViolationRecord
from inspection.queries.indicator_facts import compute
from migrations.schema import metadata

CASES = int(os.environ.get("CASES", "330"))
TARGET_SECONDS = 120
NOW = datetime.fromisoformat("2026-06-30T15:00:00+08:00")


async def replay(settings: Settings) -> dict[str, object]:
    city = build_city(A.scaled(CASES / A.cases), now=NOW)
    database = Database(settings)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    async with database.transaction() as session:
        await calendars.seed_state_council(session, now=NOW.replace(year=2020))
        await seed_catalogue(session, now=NOW.replace(year=2024))
    year = Year(database, city)
    await year.prepare()
    began, began_cpu = time.monotonic(), time.process_time()
    await year.run()
    seconds, cpu_seconds = time.monotonic() - began, time.process_time() - began_cpu
    first, last = min(year.days).replace(day=1), max(year.days)
    async with database.transaction() as session:
        computed = {
            (figure.code, figure.department): figure.value
            for figure in await compute(session, first, last, now=NOW)
        }
        count, _, faults = await ledger.verify(session)
        bodies = [json.loads(entry.body) async for entry in ledger.entries(session)]
        states = await session.execute(sa.select(col(Case.state), sa.func.count()).group_by(col(Case.state)))
        kinds = await session.scalars(sa.select(col(ViolationRecord.kind)))
        report: dict[str, object] = {
            "cases": CASES,
            "states": {state.value: number for state, number in states},
            "violations": dict(Counter(kind.value for kind in kinds)),
            "double_bookings": await _clashes(session),
        }
    await database.close()
    recomputed = figures_of(bodies, first, last)
    differing = {
        "/".join(filter(None, key)): [str(computed.get(key)), str(value)]
        for key, value in recomputed.items()
        if computed.get(key) != value
    }
    return report | {
        "replay_seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "target_seconds": TARGET_SECONDS,
        "met": A.cases <= CASES and seconds <= TARGET_SECONDS and not differing and not faults,
        "commands": year.commands,
        "timed_transitions": year.timed,
        "slot_seconds": round(year.slot_seconds, 1),
        "ledger_entries": count,
        "ledger_faults": len(faults),
        "figures_compared": len(recomputed),
        "figures_differing": differing,
        "figures": {
            "/".join(filter(None, key)): str(value) for key, value in sorted(recomputed.items(), key=str)
        },
    }


async def _clashes(session: AsyncSession) -> int:
    one, other = aliased(Booking), aliased(Booking)
    return (
        await session.scalar(
            sa.select(sa.func.count())
            .select_from(one)
            .join(other, sa.and_(col(one.officer_id) == col(other.officer_id), col(one.id) < col(other.id)))
            .where(
                col(one.during).op("&&")(col(other.during)),
                col(one.state) == "booked",
                col(other.state) == "booked",
            )
        )
        or 0
    )


def main() -> None:
    folder = tempfile.TemporaryDirectory(prefix="yichuang-bench-", ignore_cleanup_errors=True)
    with folder as place, Embedded(Settings(data_dir=Path(place))) as settings:
        with psycopg.connect(settings.database_url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE replay")
        url = sa.make_url(settings.database_url).set(database="replay")
        there = settings.model_copy(
            update={"database_url": url.render_as_string(hide_password=False), "database_pool": 4}
        )
        print(json.dumps(asyncio.run(replay(there)), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
