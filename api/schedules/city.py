"""全市排期: the series of plans for all cases that wait; to release one books what it says, case by case."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.schedules import commands
from api.schedules.models import Schedule
from api.schedules.planned_cases import BOOKED
from core import outbox
from core.access import GRANTS, Action
from core.errors import FieldProblem, InvalidInput, NotAllowed, Refusal
from core.outbox import Event, Handler
from core.people import Account, AccountRole
from documents.refusals import RequestReused
from inspection.city_plan import offers
from inspection.commands.city_plan import book_planned, city_problem
from scheduling.plan import Plan
from scheduling.problem import Problem

SERIES = "city"
BOOK = "schedule.book"
#: Seconds that a solve is given unless somebody asks for others.
SECONDS = 20.0


async def request_city_plan(
    session: AsyncSession, *, seconds: float, request: str = "", by: str, now: datetime
) -> Schedule:
    """`request` is the caller's key, if any: who asks again with it gets what he asked for first.

    Raises `NobodyWaits`; `RequestReused` where the key was used to ask for something else.
    """
    version = await commands.next_version(session, SERIES)
    known = await _requested(session, request, by) if request else None
    if known is not None:
        if known.options["seconds"] != seconds:
            raise RequestReused
        return known
    problem = await city_problem(session, now=now)
    row = commands.request_solve(
        session, problem, seconds=seconds, seed=0, parts=None, series=(SERIES, version), by=by, now=now
    )
    row.options |= {"request": request} if request else {}
    return row


async def _requested(session: AsyncSession, request: str, by: str) -> Schedule | None:
    row: Schedule | None = await session.scalar(
        sa.select(Schedule).where(
            col(Schedule.series) == SERIES,
            col(Schedule.requested_by) == by,
            col(Schedule.options)["request"].astext == request,
        )
    )
    return row


async def release(
    session: AsyncSession, row: Schedule, *, caller: Principal, dispatcher: str = "", now: datetime
) -> None:
    """This version holds; of the city's plan every case is then booked by an event of its own.

    A machine says by login for which `dispatcher` it acts, and the ledger names both: whoever has booked a case may not
    issue its opinion. Raises `WrongState`; of the city's plan also `NotAllowed` and `InvalidInput`.
    """
    if row.series != SERIES:
        await commands.release(session, row, by=caller.actor, now=now)
        return
    if not caller.may(Action.SCHEDULE_BOOK):
        raise NotAllowed
    by = caller.account_id or await _dispatcher(session, dispatcher)
    await commands.release(session, row, by=caller.actor, dispatcher=by, now=now)
    for code, teams in offers(*stored(row)).items():
        payload = {"schedule": row.code, "case": code, "teams": teams, "by": by}
        outbox.emit(session, BOOK, payload, now=now)


async def _dispatcher(session: AsyncSession, login: str) -> int:
    """Whoever may book by that login. Raises `InvalidInput`."""
    roles = [role for role, granted in GRANTS.items() if Action.SCHEDULE_BOOK in granted]
    found = await session.scalar(
        sa.select(col(Account.id))
        .join(AccountRole, col(AccountRole.account_id) == col(Account.id))
        .where(col(Account.login) == login, col(Account.active), col(AccountRole.role).in_(roles))
    )
    if found is None:
        raise InvalidInput(problems=(FieldProblem("dispatcher", "请填写一名调度人员的登录名。"),))
    return int(found)


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
