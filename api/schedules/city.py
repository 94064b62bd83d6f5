"""全市排期: the series of plans for all cases that wait; to release one books what it says, case by case."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.schedules import commands
from api.schedules.models import Schedule
from core import outbox
from core.errors import Refusal
from core.outbox import Event, Handler
from inspection.city_plan import offers
from inspection.commands.city_plan import book_planned, city_problem
from scheduling.plan import Plan
from scheduling.problem import Problem

SERIES = "city"
BOOK = "schedule.book"
#: What became of a case, where nothing stood in its way.
BOOKED = "booked"


async def request_city_plan(session: AsyncSession, *, seconds: float, by: str, now: datetime) -> Schedule:
    """Raises `NobodyWaits`."""
    problem = await city_problem(session, now=now)
    version = await commands.next_version(session, SERIES)
    return commands.request_solve(
        session, problem, seconds=seconds, seed=0, parts=None, series=(SERIES, version), by=by, now=now
    )


async def release(session: AsyncSession, row: Schedule, *, caller: Principal, now: datetime) -> None:
    """This version holds; of the city's plan every case is then booked by an event of its own."""
    await commands.release(session, row, by=caller.actor, now=now)
    if row.series == SERIES:
        by = caller.person
        for code, teams in offers(*stored(row)).items():
            payload = {"schedule": row.code, "case": code, "teams": teams, "by": by}
            outbox.emit(session, BOOK, payload, now=now)


async def book(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    """One case: it gets its visit, or the plan says what was in the way and the case waits on."""
    code = event.payload["case"]
    try:
        async with session.begin_nested():
            await book_planned(session, code, event.payload["teams"], by=event.payload["by"], now=now)
        outcome = BOOKED
    except Refusal as refusal:
        outcome = refusal.message
    row = await commands.find(session, event.payload["schedule"], lock=True)
    result = row.result or {}
    row.result = result | {"outcomes": result.get("outcomes", {}) | {code: outcome}}


def stored(row: Schedule) -> tuple[Problem, Plan]:
    """The problem and the plan of a solved row."""
    return msgspec.convert(row.problem, Problem), msgspec.convert((row.result or {})["plan"], Plan)


def in_words(problem: Problem, plan: Plan, names: Mapping[str, str]) -> tuple[Problem, Plan]:
    """Both with the names of people and places instead of their ids, for people to look at."""

    def named(key: str) -> str:
        return names.get(key, key)

    def teams(of: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(map(named, team)) for team in of)

    return structs.replace(
        problem,
        offices=tuple(structs.replace(each, id=named(each.id)) for each in problem.offices),
        sites=tuple(structs.replace(each, id=named(each.id)) for each in problem.sites),
        officers=tuple(
            structs.replace(
                each, id=named(each.id), department=named(each.department), office=named(each.office)
            )
            for each in problem.officers
        ),
        visits=tuple(
            structs.replace(
                each,
                site=named(each.site),
                parties=tuple(
                    structs.replace(party, department=named(party.department)) for party in each.parties
                ),
            )
            for each in problem.visits
        ),
        recusals=tuple(structs.replace(each, officer=named(each.officer)) for each in problem.recusals),
        bookings=tuple(structs.replace(each, teams=teams(each.teams)) for each in problem.bookings),
    ), Plan(placements=tuple(structs.replace(each, teams=teams(each.teams)) for each in plan.placements))


HANDLERS = [Handler(BOOK, book)]
