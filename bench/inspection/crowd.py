"""Fifty dispatchers at once, over many cases that want the same officers.

Owners want their visits within three weeks of their own. All dispatchers have their first case's slots before them,
found in the same empty calendar, when the first may confirm. Each confirms what the owner likes best; where colleagues
have been quicker he is offered others, until the case has its visit or none is possible. Every fifth
case lies on two desks. What stands in the way is told as a refusal with a code. Slots are looked for in processes of
their own, by what the product's worker runs. `CROWD_CASES` sets how many cases there are (500 unless set,
50 or more).
"""

import asyncio
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bench.inspection.checks import double_bookings, standing_visits
from bench.inspection.desk import Desk
from bench.inspection.replay import NOW, build_year
from bench.inspection.staff import Staff
from core import ledger, outbox
from core.db import Database
from core.errors import Refusal
from core.settings import Settings
from demo.cases import Case
from demo.chance import stream
from inspection import handlers
from inspection.commands import bookings
from inspection.commands.transitions import lock_case
from inspection.models import CaseEvent, SlotProposal, SlotSearch
from inspection.refusals import ProposalStale

CASES, DISPATCHERS, SOLVERS, SHARED_EVERY = int(os.environ.get("CROWD_CASES", "500")), 50, 2, 5
#: A city in which so many cases wait at once: staffed for so many times as many a year.
YEARLY = CASES * 5
#: A dispatcher's, for one case; a busy machine is not a reason to give up.
PATIENCE_SECONDS = 900
#: The share of the cases that must have their visit in the end.
MAJORITY = 0.9
#: Windows that prepare the cases side by side.
WINDOWS = 4
CONFIRMED, NO_SLOT, GAVE_UP = "confirmed", "no_slot", "gave_up"
TOLD = {CONFIRMED, NO_SLOT, GAVE_UP, ProposalStale.code}


class Solver:
    """In a process of its own: the product's handler, with a loop and connections that last."""

    def __init__(self, settings: Settings) -> None:
        self._loop = asyncio.new_event_loop()
        self._resources = SimpleNamespace(database=Database(settings), settings=settings)

    def answer(self, search: int) -> int:
        """How many slots are offered."""
        return self._loop.run_until_complete(self._answer(search))

    async def _answer(self, search: int) -> int:
        event = outbox.Event(0, bookings.SEARCH_TOPIC, {"search_id": search})
        found = await handlers.solve_slots(self._resources, event)
        async with self._resources.database.transaction() as session:
            await handlers.keep_slots(session, event, found, NOW)
        return len(found[0].proposals) if found else 0


_SOLVER: list[Solver] = []


def _begin(settings: Settings) -> None:
    _SOLVER.append(Solver(settings))


def _answer(search: int) -> int:
    return _SOLVER[0].answer(search)


@dataclass(slots=True)
class Hall:
    """Where the dispatchers work, and what they are told."""

    database: Database
    lead: int
    solvers: ProcessPoolExecutor
    doors: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(DISPATCHERS))
    outcomes: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    """Seconds from the dispatcher's confirmation to the answer, whatever it was."""
    searching: list[float] = field(default_factory=list)
    """Seconds from asking for slots to having them, where others ask too."""
    taken: int = 0

    async def dispatch(self, desks: asyncio.Queue[str]) -> None:
        code = desks.get_nowait()
        found: int | None = await self._search(code)
        await self.doors.wait()
        while True:
            self.outcomes[await self._told(code, found)] += 1
            if desks.empty():
                return
            code, found = desks.get_nowait(), None

    async def _told(self, code: str, found: int | None) -> str:
        """What the dispatcher is told in the end: that it is confirmed, a refusal's code, or an error's name."""
        liking = stream("crowd", code)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                search: int | None = found or await self._search(code)
                while search:
                    offered = await self._offered(search)
                    if not offered:
                        return NO_SLOT
                    search = await self._choose(code, liking.choice(offered))
                return CONFIRMED
        except TimeoutError:
            return GAVE_UP
        except Refusal as refusal:
            return refusal.code
        except sa.exc.DBAPIError as error:
            return type(error.orig).__name__

    async def _search(self, code: str) -> int:
        async with self.database.transaction() as session:
            case = await lock_case(session, code)
            search = await bookings.propose_slots(session, case, by=self.lead, now=NOW)
        return await self._answered(search.id)

    async def _answered(self, search: int) -> int:
        began = time.monotonic()
        await asyncio.get_running_loop().run_in_executor(self.solvers, _answer, search)
        self.searching.append(time.monotonic() - began)
        return search

    async def _offered(self, search: int) -> Sequence[int]:
        async with self.database.transaction() as session:
            slots = sa.select(col(SlotProposal.id)).where(col(SlotProposal.search_id) == search)
            return list(await session.scalars(slots.order_by(col(SlotProposal.rank))))

    async def _choose(self, code: str, proposal: int) -> int | None:
        """None when the visit stands; else the search for others, answered."""
        began = time.monotonic()
        try:
            async with self.database.transaction() as session:
                case = await lock_case(session, code)
                if await bookings.confirm_or_search(session, case, proposal, by=self.lead, now=NOW):
                    return None
                latest = sa.select(sa.func.max(col(SlotSearch.id))).where(col(SlotSearch.case_id) == case.id)
                search = await session.scalar(latest) or 0
        finally:
            self.waits.append(time.monotonic() - began)
        self.taken += 1
        return await self._answered(search)


async def crowd(settings: Settings, staff: Staff) -> dict[str, object]:
    database = Database(settings.model_copy(update={"database_pool": DISPATCHERS}))
    began = time.monotonic()
    codes = await _prepared(database, Desk(staff))
    preparing = time.monotonic() - began
    desks = asyncio.Queue[str]()
    for number, code in enumerate(codes):
        for _ in range(1 if number % SHARED_EVERY else 2):
            desks.put_nowait(code)
    tasks = desks.qsize()
    with ProcessPoolExecutor(
        SOLVERS, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(settings,)
    ) as solvers:
        hall = Hall(database, staff.people.shown["dispatcher"], solvers)
        ready = asyncio.get_running_loop().run_in_executor
        await asyncio.gather(*(ready(solvers, os.getpid) for _ in range(SOLVERS)))
        began, spent = time.monotonic(), os.times()
        await asyncio.gather(*(hall.dispatch(desks) for _ in range(DISPATCHERS)))
        seconds = time.monotonic() - began
    after = os.times()
    async with database.transaction() as session:
        visits, cases = await standing_visits(session)
        clashes, faults = await double_bookings(session), (await ledger.verify(session))[2]
        written = await _written(session)
    await database.close()
    outcomes = hall.outcomes
    whole = outcomes[CONFIRMED] == visits == cases and sum(outcomes.values()) == tasks
    return {
        "cases": CASES,
        "dispatchers": DISPATCHERS,
        "seconds": round(seconds, 1),
        "preparing_seconds": round(preparing, 1),
        "dispatchers_cpu_seconds": round(after.user + after.system - spent.user - spent.system, 1),
        "solvers_cpu_seconds": round(
            after.children_user + after.children_system - spent.children_user - spent.children_system, 1
        ),
        "outcomes": dict(outcomes),
        "errors_shown": {name: number for name, number in outcomes.items() if name not in TOLD},
        "confirmations": len(hall.waits),
        "confirmation_seconds": _spread(hall.waits),
        "slot_taken_then_offered_others": hall.taken,
        "searches": len(hall.searching),
        "search_seconds": _spread(hall.searching),
        **written,
        "visits": visits,
        "confirmations_lost": outcomes[CONFIRMED] - visits,
        "double_bookings": clashes,
        "ledger_faults": len(faults),
        "met": whole and not clashes and not faults and set(outcomes) <= TOLD and visits >= MAJORITY * CASES,
    }


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    ranked = sorted(seconds)
    at = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {name: round(ranked[int(share * (len(ranked) - 1))], 2) for name, share in at.items()}


async def _written(session: AsyncSession) -> dict[str, Any]:
    """What the database says of how it went: colleagues who came instead, reasons where no slot was left."""
    instead = sa.select(sa.func.count()).where(
        col(CaseEvent.name) == "confirm_slot", CaseEvent.data["instead"].as_string().is_not(None)
    )
    explained = await session.scalars(
        sa.select(col(SlotSearch.explanation)).where(col(SlotSearch.state) == "impossible")
    )
    why = Counter(reason["code"] for found in explained for part in found[:1] for reason in part["reasons"])
    return {"confirmed_with_a_colleague_instead": await session.scalar(instead), "no_slot_because": dict(why)}


async def _prepared(database: Database, desk: Desk) -> list[str]:
    """The cases' codes. Those of one project come one after the other."""
    plans = build_year(YEARLY).cases[:CASES]
    windows = asyncio.Semaphore(WINDOWS)

    async def prepare(project: Sequence[Case]) -> list[str]:
        async with windows:
            return [await _reviewed(database, desk, plan) for plan in project]

    by_project = groupby(sorted(plans, key=_project), _project)
    done = await asyncio.gather(*(prepare(list(project)) for _, project in by_project))
    return sorted(code for codes in done for code in codes)


def _project(plan: Case) -> str:
    return plan.project.code


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
