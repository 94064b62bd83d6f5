"""What may be done with stored plans."""

import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.schedules.models import Schedule, SchedulePart, ScheduleState
from core import ledger, outbox
from core.errors import FieldProblem, InvalidInput, NotFound, Refusal
from core.i18n import gettext
from scheduling.problem import Problem
from scheduling.repair import Repair
from scheduling.validation import MESSAGES, ProblemError

SOLVE, SOLVE_PART, JOIN = "schedule.solve", "schedule.part", "schedule.join"
#: A problem of twice as many visits is solved in two parts, and so on.
VISITS_OF_PART = 150
#: States in which each command is lawful, and what it leads to.
TRANSITIONS: Mapping[ScheduleState, Collection[ScheduleState]] = {
    ScheduleState.QUEUED: (ScheduleState.SOLVING, ScheduleState.CANCELLING),
    ScheduleState.SOLVING: (
        ScheduleState.SOLVING,
        ScheduleState.CANCELLING,
        ScheduleState.DRAFT,
        ScheduleState.FAILED,
    ),
    ScheduleState.CANCELLING: (ScheduleState.CANCELLING, ScheduleState.DRAFT, ScheduleState.FAILED),
    ScheduleState.DRAFT: (ScheduleState.RELEASED,),
    ScheduleState.RELEASED: (ScheduleState.SUPERSEDED,),
    ScheduleState.SUPERSEDED: (),
    ScheduleState.FAILED: (),
}


class WrongState(Refusal):
    code = "wrong_schedule_state"
    message = "排期方案当前状态不允许该操作。"


def contradiction(error: ProblemError) -> InvalidInput:
    """A problem that contradicts itself, refused in the caller's language."""
    params: dict[str, str | int] = {name: str(value) for name, value in error.params.items()}
    if "kind" in params:
        params["kind"] = gettext(str(params["kind"]))
    return InvalidInput(problems=(FieldProblem("problem", MESSAGES[error.code], params),))


_MISSING = re.compile(r"missing required field `(\w+)`")
_PLACE = re.compile(r" - at `\$\.?(.*)`")


def unreadable(error: msgspec.MsgspecError, *, at: str = "") -> InvalidInput:
    """JSON that cannot be read, refused by naming the field, or by its contradiction; `at`: where it stands."""
    if isinstance(error.__cause__, ProblemError):
        return contradiction(error.__cause__)
    place, missing = _PLACE.search(str(error)), _MISSING.search(str(error))
    path = [at, place[1] if place else "", missing[1] if missing else ""]
    field = ".".join(filter(None, path)) or "body"
    problem = FieldProblem(field, "请填写此项。") if missing else FieldProblem(field, "该项填写有误。")
    return InvalidInput(problems=(problem,))


async def find(session: AsyncSession, code: str, *, lock: bool = False) -> Schedule:
    """Raises `NotFound`."""
    query = sa.select(Schedule).where(col(Schedule.code) == code)
    row = (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def request_solve(
    session: AsyncSession,
    problem: Problem,
    *,
    seconds: float,
    seed: int,
    parts: int | None,
    split: Literal["days", "districts"] = "days",
    series: tuple[str, int] | None = None,
    by: str,
    now: datetime,
) -> Schedule:
    """To be solved by one worker or, in parts, by several; by default as many as its size asks for.

    `series` and version are new unless given.
    """
    name, version = series or (secrets.token_hex(8), 1)
    row = Schedule(
        code=secrets.token_hex(8),
        series=name,
        version=version,
        state=ScheduleState.QUEUED,
        problem=msgspec.to_builtins(problem),
        options={
            "seconds": seconds,
            "seed": seed,
            "parts": parts or max(1, len(problem.visits) // VISITS_OF_PART),
            "split": split,
        },
        requested_by=by,
        created_at=now,
    )
    session.add(row)
    outbox.emit(session, SOLVE, {"code": row.code}, now=now)
    return row


def divide(session: AsyncSession, row: Schedule, problems: Sequence[Problem], *, now: datetime) -> None:
    """To be solved in parts, by whoever is free."""
    for number, problem in enumerate(problems):
        session.add(SchedulePart(schedule_id=row.id, number=number, problem=msgspec.to_builtins(problem)))
        outbox.emit(session, SOLVE_PART, {"code": row.code, "number": number}, now=now)


async def find_part(session: AsyncSession, row: Schedule, number: int) -> SchedulePart:
    query = sa.select(SchedulePart).where(
        col(SchedulePart.schedule_id) == row.id, col(SchedulePart.number) == number
    )
    return (await session.execute(query)).scalar_one()


async def part_results(session: AsyncSession, row: Schedule) -> list[dict[str, Any] | None]:
    """What each part has come to, in order; None for one that is still to come."""
    query = sa.select(SchedulePart).where(col(SchedulePart.schedule_id) == row.id)
    parts = (await session.execute(query.order_by(col(SchedulePart.number)))).scalars()
    return [part.result for part in parts]


async def finish_part(
    session: AsyncSession, row: Schedule, number: int, result: dict[str, Any] | None, *, now: datetime
) -> None:
    """With the last part the plan can be joined. A part that failed leaves its visits to the join."""
    (await find_part(session, row, number)).result = result or {}
    await session.flush()
    if None not in await part_results(session, row):
        outbox.emit(session, JOIN, {"code": row.code}, now=now)


def cancel(row: Schedule) -> None:
    """The worker stops within a second and keeps the best plan so far."""
    _enter(row, ScheduleState.CANCELLING)


def begin(row: Schedule) -> None:
    if row.state is not ScheduleState.CANCELLING:
        _enter(row, ScheduleState.SOLVING)


def finish(row: Schedule, result: dict[str, Any], *, now: datetime) -> None:
    """The worker's last word: a plan, or the reason why there is none."""
    if "failure" in result:
        _enter(row, ScheduleState.FAILED)
        row.progress = result
    else:
        _enter(row, ScheduleState.DRAFT)
        row.result = result
    row.finished_at = now


async def release(
    session: AsyncSession, row: Schedule, *, by: str, dispatcher: int | None = None, now: datetime
) -> None:
    """This version holds from now on; the series' released one is superseded.

    `dispatcher` is the account that is answerable for what is booked by it.
    """
    before = (
        sa.select(Schedule)
        .where(col(Schedule.series) == row.series, col(Schedule.state) == ScheduleState.RELEASED)
        .with_for_update()
    )
    for other in (await session.execute(before)).scalars():
        _enter(other, ScheduleState.SUPERSEDED)
    await session.flush()
    _enter(row, ScheduleState.RELEASED)
    ledger.record(
        session,
        action="schedule.release",
        subject=f"schedule:{row.code}",
        actor=by,
        now=now,
        data={"series": row.series, "version": row.version}
        | ({"dispatcher": dispatcher} if dispatcher is not None else {}),
    )


async def add_repair(
    session: AsyncSession, row: Schedule, problem: Problem, repair: Repair, *, by: str, now: datetime
) -> Schedule:
    """The repaired plan as the next version of the series, a draft."""
    if row.state not in {ScheduleState.DRAFT, ScheduleState.RELEASED}:
        raise WrongState
    new = Schedule(
        code=secrets.token_hex(8),
        series=row.series,
        version=await next_version(session, row.series),
        state=ScheduleState.DRAFT,
        problem=msgspec.to_builtins(problem),
        options={"repairs": row.code},
        result=msgspec.to_builtins(repair),
        requested_by=by,
        created_at=now,
        finished_at=now,
    )
    session.add(new)
    return new


async def next_version(session: AsyncSession, series: str) -> int:
    """Nobody else gives the series a version until the transaction ends."""
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"schedule:{series}"))))
    latest = sa.select(sa.func.max(col(Schedule.version))).where(col(Schedule.series) == series)
    return ((await session.execute(latest)).scalar_one() or 0) + 1


def _enter(row: Schedule, state: ScheduleState) -> None:
    if state not in TRANSITIONS[row.state]:
        raise WrongState
    row.state = state
