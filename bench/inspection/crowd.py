"""Fifty dispatchers at once, over many cases that want the same officers.

Owners want their visits within three weeks of their own. All dispatchers have their first case's slots before them,
found in the same empty calendar, when the first may confirm. Each confirms what the owner likes best, and where
colleagues have been quicker with every slot asks again, until the case has its visit or none is possible. Every fifth
case lies on two desks. What stands in the way is told as a refusal with a code. `CROWD_CASES` sets how many cases there
are (500 unless set).
"""

import asyncio
import multiprocessing
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

import sqlalchemy as sa
from sqlmodel import col

from bench.inspection.checks import double_bookings
from bench.inspection.desk import Desk
from bench.inspection.replay import NOW, build_year
from bench.inspection.staff import Staff
from core import ledger
from core.db import Database
from core.errors import Refusal
from core.settings import Settings
from demo.cases import Case
from demo.chance import stream
from inspection.commands import bookings
from inspection.models import Visit
from inspection.refusals import ProposalStale, SlotTaken
from inspection.slot_answers import answer

CASES, DISPATCHERS, SOLVERS, SHARED_EVERY = int(os.environ.get("CROWD_CASES", "500")), 50, 2, 5
#: A city in which so many cases wait at once: staffed for so many times as many a year.
YEARLY = CASES * 5
#: A dispatcher's, for one case.
PATIENCE_SECONDS = 120
#: So many that "none" means that there is none, on however busy a machine.
SEARCH_SECONDS = 30.0
#: The share of the cases that must have their visit in the end.
MAJORITY = 0.9
CONFIRMED, NO_SLOT, GAVE_UP = "confirmed", "no_slot", "gave_up"
TOLD = {CONFIRMED, NO_SLOT, GAVE_UP, ProposalStale.code}


@dataclass(slots=True)
class Hall:
    """Where the dispatchers work; `solvers` look for slots beside them, as the product's worker does."""

    database: Database
    desk: Desk
    solvers: ProcessPoolExecutor
    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SOLVERS))
    doors: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(DISPATCHERS))
    outcomes: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    """Seconds from the dispatcher's confirmation to the answer, whatever it was."""
    searches: int = 0
    taken: int = 0

    async def dispatch(self, desks: asyncio.Queue[str]) -> None:
        code = desks.get_nowait()
        found: tuple[int, int] | None = await self._search(code)
        await self.doors.wait()
        while True:
            self.outcomes[await self._told(code, found)] += 1
            if desks.empty():
                return
            code, found = desks.get_nowait(), None

    async def _told(self, code: str, found: tuple[int, int] | None) -> str:
        """What the dispatcher is told in the end: that it is confirmed, a refusal's code, or an error's name."""
        liking = stream("crowd", code)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    search, offered = found or await self._search(code)
                    if not offered:
                        return NO_SLOT
                    for rank in liking.sample(range(1, offered + 1), offered):
                        if await self._choose(code, search, rank):
                            return CONFIRMED
                    found = None
        except TimeoutError:
            return GAVE_UP
        except Refusal as refusal:
            return refusal.code
        except sa.exc.DBAPIError as error:
            return type(error.orig).__name__

    async def _search(self, code: str) -> tuple[int, int]:
        """The search's id, and how many slots it offers."""
        self.searches += 1
        async with self.free:
            async with self.database.transaction() as session:
                search, question, version = await self.desk.ask(session, code=code, now=NOW)
            look = partial(answer, question, seconds=SEARCH_SECONDS)
            found = await asyncio.get_running_loop().run_in_executor(self.solvers, look)
        async with self.database.transaction() as session:
            await bookings.store_answer(session, search, found, calendar_version=version, now=NOW)
        return search, len(found.proposals)

    async def _choose(self, code: str, search: int, rank: int) -> bool:
        began = time.monotonic()
        try:
            async with self.database.transaction() as session:
                await self.desk.choose(session, code=code, search=search, rank=rank, now=NOW)
        except SlotTaken:
            self.taken += 1
            return False
        finally:
            self.waits.append(time.monotonic() - began)
        return True


async def crowd(settings: Settings, staff: Staff) -> dict[str, object]:
    database = Database(settings.model_copy(update={"database_pool": DISPATCHERS}))
    desk, desks = Desk(staff), asyncio.Queue[str]()
    for number, plan in enumerate(build_year(YEARLY).cases[:CASES]):
        code = await _reviewed(database, desk, plan)
        for _ in range(1 if number % SHARED_EVERY else 2):
            desks.put_nowait(code)
    tasks = desks.qsize()
    with ProcessPoolExecutor(SOLVERS, multiprocessing.get_context("spawn")) as solvers:
        hall = Hall(database, desk, solvers)
        began = time.monotonic()
        await asyncio.gather(*(hall.dispatch(desks) for _ in range(DISPATCHERS)))
        seconds = time.monotonic() - began
    async with database.transaction() as session:
        visits = await session.scalar(sa.select(sa.func.count()).select_from(Visit)) or 0
        cases = await session.scalar(sa.select(sa.func.count(sa.distinct(col(Visit.case_id)))))
        clashes, faults = await double_bookings(session), (await ledger.verify(session))[2]
    await database.close()
    outcomes, waits = hall.outcomes, sorted(hall.waits)
    whole = outcomes[CONFIRMED] == visits == cases and sum(outcomes.values()) == tasks
    return {
        "cases": CASES,
        "dispatchers": DISPATCHERS,
        "seconds": round(seconds, 1),
        "confirmations": len(waits),
        "p95_seconds": round(waits[int(0.95 * len(waits))], 2),
        "searches": hall.searches,
        "slots_taken_by_another": hall.taken,
        "outcomes": dict(outcomes),
        "errors_shown": {name: number for name, number in outcomes.items() if name not in TOLD},
        "confirmations_lost": outcomes[CONFIRMED] - visits,
        "double_bookings": clashes,
        "ledger_faults": len(faults),
        "met": whole and not clashes and not faults and set(outcomes) <= TOLD and visits >= MAJORITY * CASES,
    }


def _wish(plan: Case) -> tuple[date, date]:
    """Three weeks of the owner's own, which begin while the promise lasts."""
    first = NOW.date() + timedelta(days=stream("wish", plan.number).randrange(4, 18))
    return first, first + timedelta(days=21)


async def _reviewed(database: Database, desk: Desk, plan: Case) -> str:
    """Walk the case to where its slots are asked for."""
    now = datetime.combine(NOW.date(), NOW.time().replace(hour=9), NOW.tzinfo)
    async with database.transaction() as session:
        code, _ = await desk.apply(session, plan=plan, now=now, wanted=_wish(plan))
        await desk.receive(session, plan=plan, code=code, now=now)
    async with database.transaction() as session:
        if plan.missing:
            await desk.resubmit(session, code=code, now=now)
        await desk.accept(session, code=code, now=now)
    async with database.transaction() as session:
        await desk.review(session, code=code, now=now)
    return code
