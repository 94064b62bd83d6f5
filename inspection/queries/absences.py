"""Who is away, and which visits miss him."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import LOCAL, local_date
from inspection import clocks
from inspection.availability import covers
from inspection.models import (
    Booking,
    Case,
    CaseEvent,
    Certificate,
    Leave,
    Officer,
    Party,
    Project,
    Segment,
    Visit,
)
from inspection.states import BookingState, Post, VisitState

#: What the timeline calls it that a colleague has stepped in, or that nobody could.
STAND_IN, SEAT_LOST = "party.stand_in", "party.seat_lost"
#: From its first half-day to its last.
LONGEST_VISIT = timedelta(days=30)
AHEAD, LEAVE_AHEAD = timedelta(days=14), timedelta(days=90)


class LostSeat(msgspec.Struct, frozen=True, kw_only=True):
    """An officer is booked for a visit to come, or under way, and on leave then."""

    leave_id: int
    case_code: str
    visit_id: int
    party_id: int
    department_code: str
    officer: str
    starts_at: datetime
    project_name: str
    segment_name: str


async def lost_seats(
    session: AsyncSession, *, now: datetime, leave: int | None = None, case: str | None = None
) -> list[LostSeat]:
    """One for each absence and party, in the order of time; of one absence, of one case, or all."""
    day = sa.cast(sa.func.timezone(LOCAL.key, sa.func.lower(col(Booking.during))), sa.Date)
    statement = (
        sa.select(Booking, Leave, Visit, Case, Party, Officer, Project, Segment)
        .join(Leave, col(Leave.officer_id) == col(Booking.officer_id))
        .join(Visit, col(Visit.id) == col(Booking.visit_id))
        .join(Case, col(Case.id) == col(Visit.case_id))
        .join(Party, col(Party.id) == col(Booking.party_id))
        .join(Officer, col(Officer.id) == col(Booking.officer_id))
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .where(
            col(Booking.state) == BookingState.BOOKED,
            col(Visit.state).in_((VisitState.PLANNED, VisitState.OPEN)),
            sa.func.upper(col(Booking.during)) > now,
            col(Visit.starts_at) > now - LONGEST_VISIT,
            day.between(col(Leave.first_day), col(Leave.last_day)),
        )
        .order_by(sa.func.lower(col(Booking.during)), col(Booking.id))
    )
    if leave is not None:
        statement = statement.where(col(Leave.id) == leave)
    if case is not None:
        statement = statement.where(col(Case.code) == case)
    found: dict[tuple[int, int], LostSeat] = {}
    for row in await session.execute(statement):
        if covers(row.Leave, *row.Booking.span):
            found.setdefault((row.Leave.id, row.Party.id), _lost_seat(row))
    return list(found.values())


def _lost_seat(row: Any) -> LostSeat:
    return LostSeat(
        leave_id=row.Leave.id,
        case_code=row.Case.code,
        visit_id=row.Visit.id,
        party_id=row.Party.id,
        department_code=row.Party.department_code,
        officer=row.Officer.name,
        starts_at=row.Booking.span[0],
        project_name=row.Project.name,
        segment_name=row.Segment.name,
    )


class Upset(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of a visit that an absence upsets."""

    case_code: str
    project_name: str
    segment_name: str
    starts_at: datetime
    outcome: str
    """`searching`, `taken_over`, `lead_asked` or `settled`: moved, or the officer is back."""
    stand_in: str = ""


async def upsets_of(session: AsyncSession, leave: Leave, *, now: datetime) -> list[Upset]:
    """One for each visit, in the order of time."""
    lost = {seat.party_id: seat for seat in await lost_seats(session, now=now, leave=leave.id)}
    days = Range(clocks.start_of(leave.first_day), clocks.start_of(leave.last_day + clocks.ONE_DAY))
    parties = sa.select(col(Booking.party_id)).where(
        col(Booking.officer_id) == leave.officer_id, col(Booking.during).op("&&")(days)
    )
    stand_in = CaseEvent.data["in"].as_string()
    rows: sa.Result[Any] = await session.execute(
        sa.select(CaseEvent, col(Case.code), col(Project.name), col(Segment.name).label("segment"), Officer)
        .join(Case, col(Case.id) == col(CaseEvent.case_id))
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .outerjoin(Officer, col(Officer.number) == stand_in)
        .where(
            col(CaseEvent.name).in_((STAND_IN, SEAT_LOST)),
            col(CaseEvent.case_id).in_(sa.select(col(Party.case_id)).where(col(Party.id).in_(parties))),
            CaseEvent.data["leave"].as_integer() == leave.id,
        )
        .order_by(col(CaseEvent.id))
    )
    found: dict[int, Upset] = {}
    for row in rows:
        event, colleague = row.CaseEvent, row.Officer
        outcome = "taken_over" if colleague else "lead_asked" if event.party_id in lost else "settled"
        found[event.party_id] = Upset(
            case_code=row.code,
            project_name=row.name,
            segment_name=row.segment,
            starts_at=datetime.fromisoformat(event.data["starts_at"]),
            outcome=outcome,
            stand_in=colleague.name if colleague else "",
        )
    for party_id, seat in lost.items():
        found.setdefault(
            party_id,
            Upset(
                case_code=seat.case_code,
                project_name=seat.project_name,
                segment_name=seat.segment_name,
                starts_at=seat.starts_at,
                outcome="searching",
            ),
        )
    return sorted(found.values(), key=lambda each: (each.starts_at, each.case_code))


class OfficerLine(msgspec.Struct, frozen=True, kw_only=True):
    """An officer with certificates, absences that are not over, and the visits of the next two weeks."""

    number: str
    name: str
    post: Post
    certificates: list[Certificate]
    leaves: list[Leave]
    visits: list["ComingVisit"]


class ComingVisit(msgspec.Struct, frozen=True, kw_only=True):
    case_code: str
    project_name: str
    starts_at: datetime


async def staff_of(session: AsyncSession, department: str, *, now: datetime) -> list[OfficerLine]:
    """The department's active officers, A posts first."""
    officers = list(
        await session.scalars(
            sa.select(Officer)
            .where(col(Officer.department_code) == department, col(Officer.active))
            .order_by(col(Officer.post), col(Officer.number))
        )
    )
    ids = [officer.id for officer in officers]
    papers: dict[int, list[Certificate]] = defaultdict(list)
    for paper in await session.scalars(
        sa.select(Certificate)
        .where(col(Certificate.officer_id).in_(ids))
        .order_by(col(Certificate.valid_to).desc())
    ):
        papers[paper.officer_id].append(paper)
    leaves: dict[int, list[Leave]] = defaultdict(list)
    for leave in await session.scalars(coming_leave(ids, local_date(now))):
        leaves[leave.officer_id].append(leave)
    visits: dict[int, list[ComingVisit]] = defaultdict(list)
    rows = await session.execute(
        sa.select(Booking, col(Case.code), col(Project.name))
        .join(Visit, col(Visit.id) == col(Booking.visit_id))
        .join(Case, col(Case.id) == col(Visit.case_id))
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .where(
            col(Booking.officer_id).in_(ids),
            col(Booking.state) == BookingState.BOOKED,
            sa.func.lower(col(Booking.during)) >= now,
            sa.func.lower(col(Booking.during)) < now + AHEAD,
        )
        .order_by(sa.func.lower(col(Booking.during)))
    )
    for booking, code, project in rows:
        coming = ComingVisit(case_code=code, project_name=project, starts_at=booking.span[0])
        visits[booking.officer_id].append(coming)
    return [
        OfficerLine(
            number=officer.number,
            name=officer.name,
            post=officer.post,
            certificates=papers[officer.id],
            leaves=leaves[officer.id],
            visits=visits[officer.id],
        )
        for officer in officers
    ]


def coming_leave(officers: Collection[int], today: date) -> sa.Select[Any]:
    """Their absences that are not over and begin within three months, in the order of time."""
    return (
        sa.select(Leave)
        .where(
            col(Leave.officer_id).in_(officers),
            col(Leave.last_day) >= today,
            col(Leave.first_day) <= today + LEAVE_AHEAD,
        )
        .order_by(col(Leave.first_day), col(Leave.id))
    )
