"""A year of the demo city replayed through the commands, as people and time would; its figures computed twice.

Every case of the preset goes its way: application, review, joint slots, replies, silence, visit, opinions,
rectification, recheck, issue. Timed transitions fire in order between the people's acts. Then each indicator is
computed from the tables and again, by other code, from an export of the audit ledger. Prints one JSON object.

`CASES` sets how many cases the year has (330 unless set), `LANES` how many processes replay it (4: while
some have ended their day and wait, the others keep two cores busy).
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlmodel import col

from api.embedded import Embedded
from api.trading_figures import trading_figures
from bench.inspection.checks import double_bookings
from bench.inspection.crowd import CASES as CROWD
from bench.inspection.crowd import YEARLY, crowd
from bench.inspection.field_figures import field_figures
from bench.inspection.ledger_figures import figures_of
from bench.inspection.replay import NOW, Tally, build_year, run_lanes
from bench.inspection.staff import Staff, hire
from bench.inspection.trade_figures import trade_figures
from bench.targets import at_most, target
from core import calendars, ledger
from core.db import Database
from core.settings import Settings
from demo.city import A
from demo.loading.trading import publications
from demo.notices import build_processes
from inspection.catalogue import seed_catalogue
from inspection.figures import Period
from inspection.models import Case, ViolationRecord
from inspection.queries.indicator_facts import compute
from migrations.schema import metadata
from tendering.commands import publish_notices

CASES, LANES = int(os.environ.get("CASES", "330")), int(os.environ.get("LANES", "4"))
TARGET_SECONDS, CROWD_SECONDS = 120, 240
NOTICES = 2_000


async def prepare(settings: Settings, cases: int) -> Staff:
    database = Database(settings)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    async with database.transaction() as session:
        await calendars.seed_state_council(session, now=NOW.replace(year=2020))
        await seed_catalogue(session, now=NOW.replace(year=2024))
    staff = await hire(database, build_year(cases))
    await database.close()
    return staff


def replay(settings: Settings, *, server: int) -> dict[str, Any]:
    staff = asyncio.run(prepare(settings, CASES))
    began = time.monotonic()
    tallies = run_lanes(settings, staff, cases=CASES, lanes=LANES)
    seconds = time.monotonic() - began
    asyncio.run(trade(settings))
    report = asyncio.run(compare(settings, tallies))
    return {
        "targets": [
            target(
                "replay of a year",
                f"{A.cases} cases in ≤ {TARGET_SECONDS} s",
                round(seconds, 1),
                met=A.cases <= CASES and seconds <= TARGET_SECONDS,
                cases=CASES,
            ),
            target(
                "figures unlike the ledger's",
                "0",
                len(report["figures_differing"]),
                met=not report["figures_differing"] and not report["ledger_faults"],
            ),
        ],
        "cpu_seconds": [round(tally.cpu_seconds, 1) for tally in tallies],
        "database_cpu_seconds": round(_cpu_of(server), 1),
        "commands": sum(tally.commands for tally in tallies),
        "timed_transitions": sum(tally.timed for tally in tallies),
        "slots_taken_by_another": sum(tally.taken for tally in tallies),
        "without_slot": sorted(code for tally in tallies for code in tally.unbookable),
        "slot_seconds": round(sum(tally.slot_seconds for tally in tallies), 1),
    } | report


async def trade(settings: Settings) -> None:
    """The trading centre's year beside it, in its real shares and a fraction of its size."""
    city, database = build_year(CASES), Database(settings)
    processes = build_processes(
        city.seed, city.market, city.projects, city.calendar, city.moment, notices=NOTICES
    )
    async with database.transaction() as session:
        items = [item for process in processes for item in publications(process)]
        await publish_notices(session, items, now=NOW, by="system")
    await database.close()


def _cpu_of(server: int) -> float:
    """CPU seconds of a PostgreSQL server's processes, running and ended; 0 where there is no /proc."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if server in (int(folder.name), int(fields[1])):
                ticks += sum(map(int, fields[11:15] if int(folder.name) == server else fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


async def compare(settings: Settings, tallies: Sequence[Tally]) -> dict[str, Any]:
    """The figures from the tables against those from the ledger."""
    first = min(tally.first for tally in tallies).replace(day=1)
    last = max(tally.last for tally in tallies)
    database = Database(settings)
    async with database.transaction() as session:
        computed = {
            (figure.code, figure.department): figure.value
            for figure in [
                *await compute(session, first, last, now=NOW),
                *await trading_figures(session, Period(first, last)),
            ]
        }
        count, _, faults = await ledger.verify(session)
        bodies = [json.loads(entry.body) async for entry in ledger.entries(session)]
        states = await session.execute(sa.select(col(Case.state), sa.func.count()).group_by(col(Case.state)))
        kinds = await session.scalars(sa.select(col(ViolationRecord.kind)))
        report: dict[str, Any] = {
            "cases": CASES,
            "states": {state.value: number for state, number in states},
            "violations": dict(Counter(kind.value for kind in kinds)),
            "double_bookings": await double_bookings(session),
        }
    await database.close()
    recomputed = (
        figures_of(bodies, first, last)
        | field_figures(bodies, build_year(CASES), first, last)
        | trade_figures(bodies, first, last)
    )
    differing = {
        "/".join(filter(None, key)): [str(computed.get(key)), str(value)]
        for key, value in recomputed.items()
        if computed.get(key) != value
    }
    return report | {
        "ledger_entries": count,
        "ledger_faults": len(faults),
        "figures_compared": len(recomputed),
        "figures_differing": differing,
        "figures": {
            "/".join(filter(None, key)): str(value) for key, value in sorted(recomputed.items(), key=str)
        },
    }


def main() -> None:
    """With `crowd` as its argument, the crowd alone."""
    folder = tempfile.TemporaryDirectory(prefix="yichuang-bench-", ignore_cleanup_errors=True)
    with folder as place, Embedded(Settings(data_dir=Path(place))) as settings:
        server = int((Path(place) / "postgres" / "postmaster.pid").read_text().split()[0])
        report: dict[str, Any] = {"targets": []}
        if sys.argv[1:] != ["crowd"]:
            report |= replay(_empty(settings, "replay"), server=server)
        report["crowd"] = asyncio.run(confirm_at_once(_empty(settings, "crowd")))
        report["targets"].append(
            target(
                "fifty dispatchers at once",
                f"{CROWD} cases, nine in ten confirmed or more, no double booking, none lost, no error shown",
                report["crowd"]["outcomes"],
                met=report["crowd"].pop("met"),
            )
        )
        report["targets"].append(
            at_most("seconds until all have confirmed", CROWD_SECONDS, report["crowd"]["seconds"], "s")
        )
        print(json.dumps(report, ensure_ascii=False, indent=1))


async def confirm_at_once(settings: Settings) -> dict[str, object]:
    return await crowd(settings, await prepare(settings, YEARLY))


def _empty(settings: Settings, name: str) -> Settings:
    """Those of a database of its own."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    url = sa.make_url(settings.database_url).set(database=name)
    changes = {"database_url": url.render_as_string(hide_password=False), "database_pool": 4}
    return settings.model_copy(update=changes)


if __name__ == "__main__":
    main()
