"""Planning a process's dates as timed events, letting them happen once, and holding them while an answer is owed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger, outbox
from core.calendars import load_calendar
from tendering.content import content_from
from tendering.milestones.models import Milestone
from tendering.milestones.rules import (
    ENDING,
    WAITING,
    MilestoneName,
    MilestoneState,
    Planned,
    milestones_of,
)
from tendering.models import Notice, Objection, Process
from tendering.rules import Nature, NoticeKind

REACHED = "milestone.due"
#: Dates that passed longer ago than this when a notice came in are history and plan nothing.
HISTORY = timedelta(days=1)
_COMING = (MilestoneState.SCHEDULED, MilestoneState.BLOCKED)


async def plan_milestones(session: AsyncSession, codes: Sequence[str], *, now: datetime) -> None:
    """Have every date of these notices that is still to come happen; what a notice ends is cancelled."""
    calendar = await load_calendar(session)
    notices = await session.scalars(
        sa.select(Notice).where(col(Notice.code).in_(codes)).order_by(col(Notice.id))
    )
    for notice in notices:
        if notice.kind in ENDING or notice.nature is Nature.WITHDRAWAL:
            await _cancel(session, notice.process_id, now=now)
            continue
        planned = milestones_of(
            notice.category,
            notice.kind,
            content_from(notice.content),
            published_at=notice.published_at,
            calendar=calendar,
        )
        for each in planned:
            if each.due > now - HISTORY:
                await _plan(session, notice, each, now=now)


async def reach_milestone(session: AsyncSession, milestone_id: int, *, due: str, now: datetime) -> None:
    """Its date has come. An event of a date that was moved meanwhile does nothing."""
    milestone = await session.get(Milestone, milestone_id, with_for_update=True)
    if milestone is None or milestone.state is not MilestoneState.SCHEDULED or _stamp(milestone.due) != due:
        return
    await _decide(session, milestone, now=now)


async def release_milestones(session: AsyncSession, objection_code: str, *, now: datetime) -> None:
    """An objection was answered: what waited for it happens now, unless another one is still open."""
    process_id = await session.scalar(
        sa.select(col(Objection.process_id)).where(col(Objection.code) == objection_code)
    )
    blocked = await session.scalars(
        sa.select(Milestone)
        .where(col(Milestone.process_id) == process_id, col(Milestone.state) == MilestoneState.BLOCKED)
        .with_for_update()
    )
    for milestone in blocked:
        await _decide(session, milestone, now=now)


async def list_milestones(session: AsyncSession, process_code: str) -> list[Milestone]:
    """A process's milestones by date."""
    statement = (
        sa.select(Milestone)
        .join(Process, col(Process.id) == col(Milestone.process_id))
        .where(col(Process.code) == process_code)
        .order_by(col(Milestone.due), col(Milestone.id))
    )
    return list(await session.scalars(statement))


async def _decide(session: AsyncSession, milestone: Milestone, *, now: datetime) -> None:
    if milestone.name in WAITING and await _objected(session, milestone.process_id):
        state = MilestoneState.BLOCKED
    elif milestone.name is MilestoneName.CONTRACT_DUE and not await _contracted(
        session, milestone.process_id
    ):
        state = MilestoneState.MISSED
    else:
        state = MilestoneState.MET
    if state is milestone.state:
        return
    milestone.state, milestone.at = state, now
    ledger.record(
        session,
        action=f"milestone.{state.value}",
        subject=f"milestone:{milestone.id}",
        actor="system",
        now=now,
        data={"name": milestone.name.value, "due": _stamp(milestone.due)},
    )


async def _plan(session: AsyncSession, notice: Notice, planned: Planned, *, now: datetime) -> None:
    milestone = await session.scalar(
        sa.select(Milestone)
        .where(col(Milestone.process_id) == notice.process_id, col(Milestone.name) == planned.name)
        .with_for_update()
    )
    if milestone is not None and milestone.notice_id >= notice.id:
        return  # already planned from this notice, or by a later one
    if milestone is None:
        milestone = Milestone(
            process_id=notice.process_id,
            notice_id=notice.id,
            name=planned.name,
            due=planned.due,
            state=MilestoneState.SCHEDULED,
        )
        session.add(milestone)
    milestone.notice_id, milestone.due, milestone.at = notice.id, planned.due, None
    milestone.law, milestone.article = planned.law, planned.article
    milestone.state = MilestoneState.SCHEDULED
    await session.flush()
    await outbox.cancel(session, _key(milestone.id))
    payload: dict[str, Any] = {"milestone": milestone.id, "due": _stamp(planned.due)}
    outbox.emit(session, REACHED, payload, now=now, due=planned.due, key=_key(milestone.id))


async def _cancel(session: AsyncSession, process_id: int, *, now: datetime) -> None:
    ended = await session.scalars(
        sa.update(Milestone)
        .where(col(Milestone.process_id) == process_id, col(Milestone.state).in_(_COMING))
        .values(state=MilestoneState.CANCELLED, at=now)
        .returning(col(Milestone.id))
    )
    for milestone_id in ended.all():
        await outbox.cancel(session, _key(milestone_id))


async def _objected(session: AsyncSession, process_id: int) -> bool:
    unanswered = sa.exists().where(
        col(Objection.process_id) == process_id, col(Objection.answered_at).is_(None)
    )
    return bool(await session.scalar(sa.select(unanswered)))


async def _contracted(session: AsyncSession, process_id: int) -> bool:
    signed = sa.exists().where(col(Notice.process_id) == process_id, col(Notice.kind) == NoticeKind.CONTRACT)
    return bool(await session.scalar(sa.select(signed)))


def _key(milestone_id: int) -> str:
    return f"milestone:{milestone_id}"


def _stamp(due: datetime) -> str:
    return due.astimezone(UTC).isoformat()
