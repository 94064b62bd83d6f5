"""The year, in as many processes as there are lanes."""

import asyncio
import multiprocessing
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime

import msgspec

from bench.inspection.lanes import Lane
from bench.inspection.staff import Staff
from bench.inspection.year import Year
from core.db import Database
from core.errors import Refusal
from core.settings import Settings
from demo.city import A, City, build_city

NOW = datetime.fromisoformat("2026-06-30T15:00:00+08:00")


class Tally(msgspec.Struct, frozen=True):
    """What one lane has done."""

    first: date
    last: date
    commands: int
    timed: int
    taken: int
    unbookable: tuple[str, ...]
    slot_seconds: float
    cpu_seconds: float


def build_year(cases: int) -> City:
    return build_city(A.scaled(cases / A.cases), now=NOW)


async def run_lane(settings: Settings, staff: Staff, lane: Lane, *, cases: int) -> Tally:
    database = Database(settings)
    year = Year(database, build_year(cases), staff, lane)
    began = time.process_time()
    try:
        await year.run()
    finally:
        lane.leave()
        await database.close()
    return Tally(
        min(year.days, default=date.max),  # a lane without a case widens nobody's period
        max(year.days, default=date.min),
        *(year.desk.commands, year.timed, year.taken, tuple(year.unbookable)),
        slot_seconds=year.desk.slot_seconds,
        cpu_seconds=time.process_time() - began,
    )


def run_lanes(settings: Settings, staff: Staff, *, cases: int, lanes: int) -> list[Tally]:
    processes = multiprocessing.get_context("spawn")
    with processes.Manager() as manager, ProcessPoolExecutor(lanes, processes) as pool:
        gate = manager.Barrier(lanes)
        jobs = [
            pool.submit(_run, settings, staff, Lane(number, lanes, gate), cases) for number in range(lanes)
        ]
        return [job.result() for job in jobs]


def _run(settings: Settings, staff: Staff, lane: Lane, cases: int) -> Tally:
    try:
        return asyncio.run(run_lane(settings, staff, lane, cases=cases))
    except Refusal as refusal:  # does not travel between processes
        raise RuntimeError("".join(traceback.format_exception(refusal))) from None
