"""What waits for a department, and where an officer has to be."""

import hashlib
from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.errors import NotFound
from inspection import clocks
from inspection.models import (
    Booking,
    CalendarFeed,
    Case,
    CheckIn,
    Clock,
    Matter,
    Officer,
    Opinion,
    Party,
    Project,
    Segment,
    Visit,
)
from inspection.queries.pages import PAGE, Page, page_of
from inspection.states import (
    BookingState,
    CaseState,
    Lamp,
    Node,
    PartyState,
    Verdict,
    VisitState,
)

#: A feed reaches this far back and ahead.
FEED_PAST, FEED_AHEAD = timedelta(days=30), timedelta(days=120)


class InboxLine(msgspec.Struct, frozen=True, kw_only=True):
    """A department's part in a case. `node`, `due`, `lamp`: the party's running clock that ends first."""

    party_id: int
    case_code: str
    case_state: CaseState
    state: PartyState
    project_name: str
    segment_name: str
    matter_code: str
    matter: str
    matter_en: str
    visit_at: datetime | None
    node: Node | None
    due: date | None
    lamp: Lamp


async def department_inbox(
    session: AsyncSession,
    department: str,
    *,
    today: date,
    waiting_only: bool = True,
    after: int | None = None,
    limit: int = PAGE,
) -> Page[InboxLine]:
    """Newest first; `waiting_only` keeps what the department has still to answer."""
    nearest = (
        sa.select(col(Clock.node), col(Clock.due), col(Clock.yellow_on))
        .where(col(Clock.party_id) == col(Party.id), col(Clock.stopped_at).is_(None))
        .order_by(col(Clock.due), col(Clock.id))
        .limit(1)
        .lateral("nearest")
    )
    visit = (
        sa.select(col(Visit.starts_at))
        .where(
            col(Visit.case_id) == col(Case.id),
            col(Visit.round) == col(Case.round),
            col(Visit.state) != VisitState.CANCELLED,
        )
        .limit(1)
        .lateral("visit")
    )
    statement = (
        sa.select(
            col(Party.id),
            col(Party.state),
            col(Case.code),
            col(Case.state).label("case_state"),
            col(Project.name).label("project_name"),
            col(Segment.name).label("segment_name"),
            col(Matter.code).label("matter_code"),
            col(Matter.name_zh),
            col(Matter.name_en),
            visit.c.starts_at,
            nearest.c.node,
            nearest.c.due,
            nearest.c.yellow_on,
        )
        .select_from(Party)
        .join(Case, col(Case.id) == col(Party.case_id))
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .join(Matter, col(Matter.id) == col(Party.matter_id))
        .outerjoin(visit, sa.true())
        .outerjoin(nearest, sa.true())
        .where(col(Party.department_code) == department)
        .order_by(col(Party.id).desc())
        .limit(limit + 1)
    )
    if waiting_only:
        statement = statement.where(nearest.c.due.is_not(None))
    if after is not None:
        statement = statement.where(col(Party.id) < after)
    rows = (await session.execute(statement)).all()
    lines = [
        (
            row.id,
            InboxLine(
                party_id=row.id,
                case_code=row.code,
                case_state=row.case_state,
                state=row.state,
                project_name=row.project_name,
                segment_name=row.segment_name,
                matter_code=row.matter_code,
                matter=row.name_zh,
                matter_en=row.name_en,
                visit_at=row.starts_at,
                node=row.node,
                due=row.due,
                lamp=clocks.lamp(today, yellow_on=row.yellow_on, due=row.due) if row.due else Lamp.GREEN,
            ),
        )
        for row in rows
    ]
    return page_of(lines, limit)


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One booking of an officer, with what is needed on site."""

    booking_id: int
    case_code: str
    party_id: int
    party_state: PartyState
    visit_id: int
    visit_state: VisitState
    round: int
    starts_at: datetime
    ends_at: datetime
    project_name: str
    segment_name: str
    address: str
    lon: Decimal
    lat: Decimal
    matter_code: str
    matter: str
    matter_en: str
    checklist: list[str]
    team: list[str]
    checked_in_at: datetime | None
    draft_verdict: Verdict | None
    """Given and signed once; a colleague has still to sign where `signatures` is 1."""
    signatures: int


async def officer_tasks(
    session: AsyncSession, officer_id: int, *, first: datetime, last: datetime
) -> list[Task]:
    """Bookings that begin in [first, last), in the order of time."""
    mate = aliased(Booking)
    team = (
        sa.select(sa.func.array_agg(sa.distinct(col(Officer.name))))
        .join(mate, col(mate.officer_id) == col(Officer.id))
        .where(
            col(mate.visit_id) == col(Booking.visit_id),
            col(mate.party_id) == col(Booking.party_id),
            col(mate.state) == BookingState.BOOKED,
        )
        .scalar_subquery()
    )
    rows = await session.execute(
        sa.select(Booking, Visit, Case, Party, Project, Segment, Matter, CheckIn, Opinion, team.label("team"))
        .join(Visit, col(Visit.id) == col(Booking.visit_id))
        .join(Case, col(Case.id) == col(Visit.case_id))
        .join(Party, col(Party.id) == col(Booking.party_id))
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .join(Matter, col(Matter.id) == col(Party.matter_id))
        .outerjoin(
            CheckIn,
            sa.and_(
                col(CheckIn.visit_id) == col(Visit.id), col(CheckIn.officer_id) == col(Booking.officer_id)
            ),
        )
        .outerjoin(
            Opinion,
            sa.and_(col(Opinion.party_id) == col(Party.id), col(Opinion.round) == col(Visit.round)),
        )
        .where(
            col(Booking.officer_id) == officer_id,
            col(Booking.state) == BookingState.BOOKED,
            sa.func.lower(col(Booking.during)) >= first,
            sa.func.lower(col(Booking.during)) < last,
        )
        .order_by(sa.func.lower(col(Booking.during)))
    )
    return [
        Task(
            booking_id=row.Booking.id,
            case_code=row.Case.code,
            party_id=row.Party.id,
            party_state=row.Party.state,
            visit_id=row.Visit.id,
            visit_state=row.Visit.state,
            round=row.Visit.round,
            starts_at=row.Booking.span[0],
            ends_at=row.Booking.span[1],
            project_name=row.Project.name,
            segment_name=row.Segment.name,
            address=row.Project.address,
            lon=row.Project.lon,
            lat=row.Project.lat,
            matter_code=row.Matter.code,
            matter=row.Matter.name_zh,
            matter_en=row.Matter.name_en,
            checklist=row.Matter.checklist,
            team=sorted(row.team or ()),
            checked_in_at=row.CheckIn.at if row.CheckIn else None,
            draft_verdict=row.Opinion.verdict if row.Opinion else None,
            signatures=(1 + (row.Opinion.second_signer is not None)) if row.Opinion else 0,
        )
        for row in rows
    ]


async def feed_tasks(session: AsyncSession, token: str, *, now: datetime) -> list[Task]:
    """The officer's bookings for whoever holds the feed's private address. Raises `NotFound`, also once revoked."""
    officer_id = await session.scalar(
        sa.select(col(CalendarFeed.officer_id)).where(
            col(CalendarFeed.token_hash) == hashlib.sha256(token.encode()).hexdigest(),
            col(CalendarFeed.revoked_at).is_(None),
        )
    )
    if officer_id is None:
        raise NotFound
    return await officer_tasks(session, officer_id, first=now - FEED_PAST, last=now + FEED_AHEAD)
