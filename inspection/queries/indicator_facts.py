"""What the indicators are computed from, read in a handful of statements whatever the period."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import local_date
from inspection.clocks import ONE_DAY, PAUSED_NODES, start_of
from inspection.figures import Figure, Period
from inspection.indicators import CaseFacts, SpokenOpinion, indicators
from inspection.models import (
    Booking,
    Case,
    CaseEvent,
    Leave,
    Officer,
    Opinion,
    Party,
    Pause,
    Project,
    Segment,
    Vehicle,
    Visit,
)
from inspection.reckoning import reckoning
from inspection.report import Report, months_of
from inspection.states import BookingState, CaseKind, Event, Node, VisitState
from inspection.utilisation import Capacity, FieldBooking, utilisation

T = TypeVar("T")
Gathered = dict[int, list[T]]


async def compute(session: AsyncSession, first: date, last: date, *, now: datetime) -> list[Figure]:
    """The families 1 to 12 of [first, last], with the calendar and the legal limit in force."""
    return list((await report(session, Period(first, last), now=now)).figures)


async def report(
    session: AsyncSession, period: Period, *, now: datetime, others: Iterable[Figure] = ()
) -> Report:
    """The period's report; `others` are figures of other areas that belong in it."""
    at, facts = await reckoning(session, now), await case_facts(session)
    legal_days = at.rules["clock.legal"]
    bookings, there = await field_bookings(session, period), await capacity(session, period)
    return Report(
        period=period,
        calendar_version=at.calendar.version,
        figures=(
            *indicators(facts, period, at.calendar, legal_days=legal_days),
            *utilisation(bookings, there, period, at.calendar),
            *others,
        ),
        months=tuple(months_of(facts, period, at.calendar, legal_days=legal_days)),
    )


async def field_bookings(session: AsyncSession, period: Period) -> list[FieldBooking]:
    """Officers' parts in the visits of the period that were held."""
    rows: Any = await session.execute(
        sa.select(
            col(Case.code),
            col(Booking.visit_id),
            col(Booking.during),
            col(Project.code).label("site"),
            col(Project.owner_credit_code),
            col(Project.lon),
            col(Project.lat),
            col(Officer.id),
            col(Officer.office_lon),
            col(Officer.office_lat),
            col(Officer.vehicle_pool),
        )
        .join(Visit, col(Visit.id) == col(Booking.visit_id))
        .join(Case, col(Case.id) == col(Visit.case_id))
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .join(Officer, col(Officer.id) == col(Booking.officer_id))
        .where(
            col(Visit.opened_at).is_not(None),
            col(Booking.state) == BookingState.BOOKED,
            sa.func.lower(col(Booking.during)) >= start_of(period.first),
            sa.func.lower(col(Booking.during)) < start_of(period.last + ONE_DAY),
        )
        .order_by(col(Booking.id))
    )
    return [
        FieldBooking(
            case=row.code,
            visit=row.visit_id,
            site=row.site,
            applicant=row.owner_credit_code,
            spot=(row.lon, row.lat),
            officer=row.id,
            office=(row.office_lon, row.office_lat),
            pool=row.vehicle_pool,
            starts_at=row.during.lower,
            ends_at=row.during.upper,
        )
        for row in rows
    ]


async def capacity(session: AsyncSession, period: Period) -> Capacity:
    officers = await session.scalar(sa.select(sa.func.count()).where(col(Officer.active)))
    leave = await session.scalars(
        sa.select(Leave).where(col(Leave.first_day) <= period.last, col(Leave.last_day) >= period.first)
    )
    seats: dict[str, tuple[int, ...]] = {}
    for vehicle in await session.scalars(sa.select(Vehicle).where(col(Vehicle.active))):
        seats[vehicle.pool] = (*seats.get(vehicle.pool, ()), vehicle.seats)
    return Capacity(
        officers=officers or 0,
        leave=tuple(
            (row.first_day + n * ONE_DAY, 1 if row.half else 2)
            for row in leave
            for n in range((row.last_day - row.first_day).days + 1)
        ),
        seats=seats,
    )


async def case_facts(session: AsyncSession) -> list[CaseFacts]:
    """Of every inspection that was ever accepted; surveys and drawing reviews are none."""
    rows = await session.execute(
        sa.select(Case, col(Project.code), col(Segment.number), col(Segment.floor_area))
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .where(col(Case.accepted_at).is_not(None), col(Case.kind) == CaseKind.INSPECTION)
        .order_by(col(Case.id))
    )
    pauses = await _pauses(session)
    opinions = await _opinions(session)
    visits = await _visits(session)
    events = await _events(session)
    return [
        CaseFacts(
            code=case.code,
            segment=f"{project}/{number}",
            floor_area=area,
            promised=case.promised_days,
            accepted=_day(case.accepted_at),
            first_visit=_day(case.first_visit_at),
            first_closed=next(_days(events[case.id], Event.CLOSE_VISIT), None),
            visits=tuple(visits[case.id]),
            issued=_day(case.issued_at),
            pauses=tuple(pauses[case.id]),
            opinions=tuple(opinions[case.id]),
            rectifications=tuple(
                zip(
                    _days(events[case.id], Event.ORDER_RECTIFICATION),
                    _days(events[case.id], Event.RECTIFIED),
                    strict=False,  # the last order may not have been met yet
                )
            ),
            replies=tuple(_replies(events[case.id])),
            attendance=tuple(_attendance(events[case.id])),
            lamps=tuple(
                (local_date(row.at), row.data["node"], row.data["lamp"])
                for row in events[case.id]
                if row.name == "lamp"
            ),
            violations=tuple(
                (local_date(row.at), row.department_code, row.data["kind"])
                for row in events[case.id]
                if row.name == "violation"
            ),
        )
        for case, project, number, area in rows
    ]


def _day(moment: datetime | None) -> date | None:
    return local_date(moment) if moment else None


def _days(rows: Iterable[Any], event: Event) -> Any:
    return (local_date(row.at) for row in rows if row.name == event)


def _replies(rows: Iterable[Any]) -> Iterable[tuple[str, str]]:
    for row in rows:
        kind = row.name.removeprefix("party.")
        if kind in {"confirmed", "declined", "silent"}:
            yield row.department_code, kind


def _attendance(rows: Iterable[Any]) -> Iterable[tuple[str, str]]:
    """A party that came is late where the violation says so, at the same moment."""
    events = list(rows)
    late = {
        (row.party_id, row.at) for row in events if row.name == "violation" and row.data["note"] == "late"
    }
    for row in events:
        if row.name == "party.checked_in":
            yield row.department_code, "late" if (row.party_id, row.at) in late else "present"
        elif row.name == "party.absent":
            yield row.department_code, "absent"


async def _events(session: AsyncSession) -> Gathered[Any]:
    names = (
        *(Event.CLOSE_VISIT, Event.ORDER_RECTIFICATION, Event.RECTIFIED, "lamp", "violation"),
        *("party.confirmed", "party.declined", "party.silent", "party.checked_in", "party.absent"),
    )
    rows = await session.execute(
        sa.select(
            col(CaseEvent.case_id),
            col(CaseEvent.name),
            col(CaseEvent.at),
            col(CaseEvent.data),
            col(CaseEvent.party_id),
            col(Party.department_code),
        )
        .outerjoin(Party, col(Party.id) == col(CaseEvent.party_id))
        .where(col(CaseEvent.name).in_(names))
        .order_by(col(CaseEvent.id))
    )
    return _gather(rows, lambda row: row)


async def _pauses(session: AsyncSession) -> Gathered[tuple[date, date]]:
    reasons = [reason for reason, nodes in PAUSED_NODES.items() if Node.WHOLE in nodes]
    rows = await session.execute(
        sa.select(col(Pause.case_id), col(Pause.started_on), col(Pause.ended_on)).where(
            col(Pause.reason).in_(reasons), col(Pause.ended_on).is_not(None)
        )
    )
    return _gather(rows, lambda row: (row.started_on, row.ended_on))


async def _opinions(session: AsyncSession) -> Gathered[SpokenOpinion]:
    rows = await session.execute(
        sa.select(
            col(Party.case_id),
            col(Party.department_code),
            col(Opinion.round),
            col(Opinion.verdict),
            col(Opinion.second_signed_at),
            col(Visit.starts_at),
        )
        .join(Opinion, col(Opinion.party_id) == col(Party.id))
        .outerjoin(Visit, col(Visit.id) == col(Opinion.visit_id))
        .where(col(Opinion.second_signed_at).is_not(None))
        .order_by(col(Opinion.id))
    )
    return _gather(
        rows,
        lambda row: SpokenOpinion(
            department=row.department_code,
            round=row.round,
            verdict=row.verdict,
            signed=local_date(row.second_signed_at),
            visit=_day(row.starts_at),
        ),
    )


async def _visits(session: AsyncSession) -> Gathered[date]:
    rows = await session.execute(
        sa.select(col(Visit.case_id), col(Visit.opened_at))
        .where(col(Visit.opened_at).is_not(None), col(Visit.state) != VisitState.CANCELLED)
        .order_by(col(Visit.id))
    )
    return _gather(rows, lambda row: local_date(row.opened_at))


def _gather(rows: Any, item: Callable[[Any], T]) -> Gathered[T]:
    """Items by case."""
    found: Gathered[T] = defaultdict(list)
    for row in rows:
        found[row.case_id].append(item(row))
    return found
