"""Whether officers can really be where a plan wants them, asked again under their locks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import LOCAL
from inspection import clocks
from inspection.geography import travel_minutes
from inspection.models import (
    Booking,
    Case,
    Certificate,
    Leave,
    Matter,
    Officer,
    Party,
    Project,
    Recusal,
    Segment,
    Visit,
)
from inspection.states import BookingState

#: No two sites of a city lie further apart; bookings within it are looked at for travel.
LONGEST_RIDE = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Part:
    """One officer's part in a visit."""

    party_id: int
    officer_id: int
    starts_at: datetime
    ends_at: datetime

    @property
    def span(self) -> tuple[datetime, datetime]:
        return self.starts_at, self.ends_at


async def unavailable(session: AsyncSession, case: Case, parts: Sequence[Part]) -> set[Part]:
    """Those of officers booked, on their way, on leave, recused, of another department or without its certificate."""
    project = await _project(session, case)
    return (
        await _busy(session, project, parts)
        | await _on_leave(session, parts)
        | await _recused(session, case, project, parts)
        | await _unqualified(session, parts)
    )


async def _project(session: AsyncSession, case: Case) -> Project:
    segment = await session.get_one(Segment, case.segment_id)
    return await session.get_one(Project, segment.project_id)


async def _busy(session: AsyncSession, project: Project, parts: Sequence[Part]) -> set[Part]:
    wide = Range(
        min(part.starts_at for part in parts) - LONGEST_RIDE,
        max(part.ends_at for part in parts) + LONGEST_RIDE,
    )
    rows = await session.execute(
        sa.select(Booking, col(Project.lon), col(Project.lat))
        .join(Visit, col(Visit.id) == col(Booking.visit_id))
        .join(Case, col(Case.id) == col(Visit.case_id))
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .where(
            col(Booking.officer_id).in_({part.officer_id for part in parts}),
            col(Booking.state) == BookingState.BOOKED,
            col(Booking.during).op("&&")(wide),
        )
    )
    busy = set()
    for booking, lon, lat in rows:
        starts_at, ends_at = booking.span
        ride = timedelta(minutes=travel_minutes((project.lon, project.lat), (lon, lat)))
        for part in parts:
            apart = ends_at + ride <= part.starts_at or part.ends_at + ride <= starts_at
            if part.officer_id == booking.officer_id and not apart:
                busy.add(part)
    return busy


async def _on_leave(session: AsyncSession, parts: Sequence[Part]) -> set[Part]:
    days = {part.starts_at.astimezone(LOCAL).date() for part in parts}
    rows = await session.scalars(
        sa.select(Leave).where(
            col(Leave.officer_id).in_({part.officer_id for part in parts}),
            col(Leave.first_day) <= max(days),
            col(Leave.last_day) >= min(days),
        )
    )
    return {
        part
        for leave in rows
        for part in parts
        if part.officer_id == leave.officer_id and covers(leave, part.starts_at, part.ends_at)
    }


def covers(leave: Leave, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether the absence takes any of this time, which lies within one day."""
    begins, ends = starts_at.astimezone(LOCAL), ends_at.astimezone(LOCAL)
    if not leave.first_day <= begins.date() <= leave.last_day:
        return False
    if leave.half is None:
        return True
    return begins.time() < clocks.NOON if leave.half == "morning" else ends.time() > clocks.NOON


async def _recused(session: AsyncSession, case: Case, project: Project, parts: Sequence[Part]) -> set[Part]:
    rows = await session.scalars(
        sa.select(col(Recusal.officer_id)).where(
            col(Recusal.officer_id).in_({part.officer_id for part in parts}),
            sa.or_(col(Recusal.case_id) == case.id, col(Recusal.credit_code) == project.owner_credit_code),
        )
    )
    recused = set(rows)
    return {part for part in parts if part.officer_id in recused}


async def _unqualified(session: AsyncSession, parts: Sequence[Part]) -> set[Part]:
    rows = await session.execute(
        sa.select(col(Party.id), col(Party.department_code), col(Matter.certificate))
        .join(Matter, col(Matter.id) == col(Party.matter_id))
        .where(col(Party.id).in_({part.party_id for part in parts}))
    )
    needed = {row.id: row for row in rows}
    officer_ids = {part.officer_id for part in parts}
    officers = {
        officer.id: officer
        for officer in await session.scalars(sa.select(Officer).where(col(Officer.id).in_(officer_ids)))
    }
    papers = list(
        await session.scalars(sa.select(Certificate).where(col(Certificate.officer_id).in_(officer_ids)))
    )
    wrong = set()
    for part in parts:
        officer, need = officers.get(part.officer_id), needed[part.party_id]
        day = part.starts_at.astimezone(LOCAL).date()
        certified = any(
            paper.officer_id == part.officer_id
            and paper.name == need.certificate
            and paper.valid_from <= day <= paper.valid_to
            for paper in papers
        )
        belongs = officer is not None and officer.active and officer.department_code == need.department_code
        if not (belongs and certified):
            wrong.add(part)
    return wrong
