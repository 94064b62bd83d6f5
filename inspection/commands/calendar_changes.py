"""A new calendar was approved by two: every running deadline is recomputed, visibly, and everyone concerned is told."""

from datetime import date, datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.calendars import CalendarDay
from inspection.commands import timekeeping
from inspection.commands.transitions import lock_case_by_id, note
from inspection.models import Case, Clock, DeadlineChange, Party
from inspection.reckoning import Reckoning, forget_reckoning, reckoning
from inspection.states import Node


class MovedDeadline(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list that the two who decide look at."""

    clock_id: int
    case_code: str
    node: Node
    due_before: date
    due_after: date


async def preview_calendar(session: AsyncSession, version_id: int, *, now: datetime) -> list[MovedDeadline]:
    """Which running deadlines a proposed version would move, before anybody approves it."""
    at = await reckoning(session, now)
    days = await session.execute(
        sa.select(col(CalendarDay.day), col(CalendarDay.kind)).where(
            col(CalendarDay.version_id) == version_id
        )
    )
    proposed = at.calendar.with_days(f"v{version_id}", [(row.day, row.kind) for row in days])
    moved = []
    for clock, code in await _running(session):
        found = await timekeeping.deadline_of(session, clock, Reckoning(proposed, at.rules))
        if found.due != clock.due:
            moved.append(
                MovedDeadline(
                    clock_id=clock.id,
                    case_code=code,
                    node=clock.node,
                    due_before=clock.due,
                    due_after=found.due,
                )
            )
    return moved


async def apply_calendar(session: AsyncSession, version_id: int, *, now: datetime) -> list[DeadlineChange]:
    """Recompute the running deadlines with the calendar now in force; each that moves is kept and told."""
    forget_reckoning(session)
    by_case: dict[int, list[int]] = {}
    for clock, _ in await _running(session):
        by_case.setdefault(clock.case_id, []).append(clock.id)
    changes = []
    for case_id in sorted(by_case):
        case = await lock_case_by_id(session, case_id)
        for clock in await timekeeping.running_clocks(session, case):
            change = await _apply(session, case, clock, version_id, now=now)
            if change:
                changes.append(change)
    await session.flush()
    return changes


async def _apply(
    session: AsyncSession, case: Case, clock: Clock, version_id: int, *, now: datetime
) -> DeadlineChange | None:
    before = clock.due
    await timekeeping.recompute(session, case, clock, now=now)
    if clock.due == before:
        return None
    change = DeadlineChange(
        calendar_version_id=version_id, clock_id=clock.id, due_before=before, due_after=clock.due, at=now
    )
    session.add(change)
    party = await session.get(Party, clock.party_id) if clock.party_id else None
    data = {
        "node": clock.node.value,
        "due_before": before.isoformat(),
        "due_after": clock.due.isoformat(),
        "calendar_version": clock.calendar_version,
    }
    note(session, case, "deadline.moved", by=None, now=now, party=party, data=data)
    return change


async def _running(session: AsyncSession) -> list[tuple[Clock, str]]:
    rows = await session.execute(
        sa.select(Clock, col(Case.code))
        .join(Case, col(Case.id) == col(Clock.case_id))
        .where(col(Clock.stopped_at).is_(None))
        .order_by(col(Clock.case_id), col(Clock.id))
    )
    return [(row.Clock, row.code) for row in rows]
