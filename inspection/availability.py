"""Whether officers can really be where a plan wants them, asked again under their locks."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

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
    Vehicle,
    Visit,
)
from inspection.states import BookingState

#: No two sites of a city lie further apart; bookings within it are looked at for travel.
LONGEST_RIDE = timedelta(hours=3)
#: Whatever shares a half-day with a visit lies within it.
A_DAY = timedelta(days=1)


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


#: Parts by who has them.
Parts = Mapping[int, Sequence[Part]]


async def unavailable(session: AsyncSession, case: Case, parts: Sequence[Part]) -> set[Part]:
    """Those of officers booked, on their way, on leave, recused, of another department or without its certificate."""
    theirs: dict[int, list[Part]] = defaultdict(list)
    for part in parts:
        theirs[part.officer_id].append(part)
    segment = await session.get_one(Segment, case.segment_id)
    project = await session.get_one(Project, segment.project_id)
    return {
        *await _busy(session, project, theirs),
        *await _on_leave(session, theirs),
        *await _recused(session, case, project, theirs),
        *await _unqualified(session, theirs),
    }


async def _busy(session: AsyncSession, project: Project, theirs: Parts) -> Iterable[Part]:
    spans = [part.span for parts in theirs.values() for part in parts]
    wide = Range(min(spans)[0] - LONGEST_RIDE, max(end for _, end in spans) + LONGEST_RIDE)
    rows = await session.execute(
        sa.select(col(Booking.officer_id), col(Booking.during), col(Project.lon), col(Project.lat))
        .join(Visit, col(Visit.id) == col(Booking.visit_id))
        .join(Case, col(Case.id) == col(Visit.case_id))
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .where(
            col(Booking.officer_id).in_(theirs),
            col(Booking.state) == BookingState.BOOKED,
            col(Booking.during).op("&&")(wide),
        )
    )
    busy = []
    for officer, during, lon, lat in rows:
        ride = timedelta(minutes=travel_minutes((project.lon, project.lat), (lon, lat)))
        first, last = cast("datetime", during.lower) - ride, cast("datetime", during.upper) + ride
        busy += [part for part in theirs[officer] if first < part.ends_at and part.starts_at < last]
    return busy


async def _on_leave(session: AsyncSession, theirs: Parts) -> Iterable[Part]:
    days = {part.starts_at.astimezone(LOCAL).date() for parts in theirs.values() for part in parts}
    leaves = await session.scalars(
        sa.select(Leave).where(
            col(Leave.officer_id).in_(theirs),
            col(Leave.first_day) <= max(days),
            col(Leave.last_day) >= min(days),
        )
    )
    return [
        part
        for leave in leaves
        for part in theirs[leave.officer_id]
        if covers(leave, part.starts_at, part.ends_at)
    ]


def covers(leave: Leave, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether the absence takes any of this time, which lies within one day."""
    begins, ends = starts_at.astimezone(LOCAL), ends_at.astimezone(LOCAL)
    if not leave.first_day <= begins.date() <= leave.last_day:
        return False
    if leave.half is None:
        return True
    return begins.time() < clocks.NOON if leave.half == "morning" else ends.time() > clocks.NOON


async def _recused(session: AsyncSession, case: Case, project: Project, theirs: Parts) -> Iterable[Part]:
    recused = await session.scalars(
        sa.select(col(Recusal.officer_id)).where(
            col(Recusal.officer_id).in_(theirs),
            sa.or_(col(Recusal.case_id) == case.id, col(Recusal.credit_code) == project.owner_credit_code),
        )
    )
    return [part for officer in recused for part in theirs[officer]]


async def _unqualified(session: AsyncSession, theirs: Parts) -> Iterable[Part]:
    """Whoever has no certificate that the party needs, valid for the day, as an active officer of its department."""
    rows = await session.execute(
        sa.select(
            *(col(Party.id), col(Certificate.officer_id)),
            *(col(Certificate.valid_from), col(Certificate.valid_to)),
        )
        .join(Matter, col(Matter.id) == col(Party.matter_id))
        .join(Certificate, col(Certificate.name) == col(Matter.certificate))
        .join(
            Officer,
            sa.and_(
                col(Officer.id) == col(Certificate.officer_id),
                col(Officer.department_code) == col(Party.department_code),
            ),
        )
        .where(
            col(Party.id).in_({part.party_id for parts in theirs.values() for part in parts}),
            col(Officer.id).in_(theirs),
            col(Officer.active),
        )
    )
    papers: dict[tuple[int, int], list[tuple[date, date]]] = defaultdict(list)
    for party, officer, first, last in rows:
        papers[party, officer].append((first, last))
    return [
        part
        for officer, parts in theirs.items()
        for part in parts
        if not any(
            first <= part.starts_at.astimezone(LOCAL).date() <= last
            for first, last in papers[part.party_id, officer]
        )
    ]


async def left_behind(
    session: AsyncSession, case: Case, parts: Sequence[Part], *, leaving: Collection[int] = ()
) -> set[Part]:
    """Those whom no vehicle of their pool has a seat for in that half-day, once the officers `leaving` stay at home.

    The pools' vehicles are locked, so that two visits never take the same seat.
    """
    rows = await session.execute(
        sa.select(col(Officer.id), col(Officer.vehicle_pool)).where(
            col(Officer.id).in_({part.officer_id for part in parts})
        )
    )
    pools = {officer: pool for officer, pool in rows if pool is not None}
    if not pools:
        return set()
    vehicles = await session.scalars(
        sa.select(Vehicle)
        .where(col(Vehicle.pool).in_(set(pools.values())), col(Vehicle.active))
        .order_by(col(Vehicle.id))
        .with_for_update(key_share=True)
    )
    seats = Counter[str]()
    for vehicle in vehicles:
        seats[vehicle.pool] += vehicle.seats
    riders: dict[tuple[str, date, bool], set[int]] = defaultdict(set)
    for officer, pool, during in await _riding(session, case, pools, parts, leaving):
        riders[pool, *half_day(during.lower)].add(officer)
    behind = set()
    for part in (each for each in parts if each.officer_id in pools):
        pool = pools[part.officer_id]
        out = riders[pool, *half_day(part.starts_at)]
        if part.officer_id in out or len(out) < seats[pool]:
            out.add(part.officer_id)
        else:
            behind.add(part)
    return behind


async def _riding(
    session: AsyncSession,
    case: Case,
    pools: Mapping[int, str],
    parts: Sequence[Part],
    leaving: Collection[int],
) -> Iterable[Any]:
    """Officer, pool and time of what these pools carry on these days."""
    first, last = min(part.starts_at for part in parts), max(part.ends_at for part in parts)
    stays = sa.not_(sa.and_(col(Visit.case_id) == case.id, col(Booking.officer_id).in_(leaving)))
    return await session.execute(
        sa.select(col(Booking.officer_id), col(Officer.vehicle_pool), col(Booking.during))
        .join(Officer, col(Officer.id) == col(Booking.officer_id))
        .join(Visit, col(Visit.id) == col(Booking.visit_id))
        .where(
            col(Officer.vehicle_pool).in_(set(pools.values())),
            col(Booking.state) == BookingState.BOOKED,
            col(Booking.during).op("&&")(Range(first - A_DAY, last + A_DAY)),
            stays,
        )
    )


def half_day(moment: datetime) -> tuple[date, bool]:
    """The day, and whether it is the afternoon."""
    local = moment.astimezone(LOCAL)
    return local.date(), local.time() >= clocks.NOON
