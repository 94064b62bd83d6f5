"""The calendar of openings: bids are opened at their deadline (招标投标法 34), in a room that nobody else has then."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.errors import FieldProblem, InvalidInput, NotFound, Refusal
from tendering.milestones.models import Milestone
from tendering.milestones.rules import MilestoneName, MilestoneState
from tendering.models import Notice, Process, ocid_of
from tendering.openings.models import Venue, VenueBooking
from tendering.rules import Category

SHORTEST, LONGEST = 15, 600  # minutes
_NAME_LIMIT = 60


class VenueTaken(Refusal):
    status = 409
    code = "venue_taken"
    message = "%(venue)s 在该时段已被占用。"


class NothingToOpen(Refusal):
    status = 409
    code = "nothing_to_open"
    message = "该项目没有待到的投标截止时间。"


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Bids of a process, opened at `at`. `booked_for` differs from it when the deadline moved after the booking."""

    process: str
    ocid: str
    notice: str
    title: str
    category: Category
    buyer: str | None
    at: datetime
    state: MilestoneState
    venue: str | None
    booked_for: datetime | None

    @property
    def moved(self) -> bool:
        return self.booked_for is not None and self.booked_for != self.at


async def add_venue(session: AsyncSession, name: str, *, by: int, now: datetime) -> int:
    """Raises InvalidInput (empty, too long, or there already)."""
    name = name.strip()
    known = await session.scalar(sa.select(sa.exists().where(col(Venue.name) == name)))
    if not name or len(name) > _NAME_LIMIT or known:
        raise InvalidInput(problems=(FieldProblem("name", "该项填写有误。"),))
    venue = Venue(name=name)
    session.add(venue)
    await session.flush()
    ledger.record(session, action="venue.add", subject=f"venue:{venue.id}", actor=f"account:{by}", now=now)
    return venue.id


async def list_venues(session: AsyncSession) -> Sequence[Venue]:
    statement = sa.select(Venue).where(col(Venue.active)).order_by(col(Venue.name))
    return (await session.scalars(statement)).all()


async def book_venue(
    session: AsyncSession, venue_id: int, process_code: str, *, minutes: int, by: int, now: datetime
) -> None:
    """Book the room from the process's bid deadline on; a booking that it had before is given up.

    Raises NotFound, NothingToOpen, InvalidInput, VenueTaken.
    """
    if not SHORTEST <= minutes <= LONGEST:
        raise InvalidInput(problems=(FieldProblem("minutes", "该项填写有误。"),))
    venue = await session.get(Venue, venue_id)
    if venue is None or not venue.active:
        raise NotFound
    # The row of the milestone is locked, so that two clerks do not book two rooms for one process.
    row = (
        await session.execute(
            sa.select(Milestone)
            .join(Process, col(Process.id) == col(Milestone.process_id))
            .where(
                col(Process.code) == process_code,
                col(Milestone.name) == MilestoneName.BIDS_CLOSE,
                col(Milestone.state).in_((MilestoneState.SCHEDULED, MilestoneState.BLOCKED)),
            )
            .with_for_update(of=Milestone)
        )
    ).scalar_one_or_none()
    if row is None:
        raise NothingToOpen
    await session.execute(
        sa.update(VenueBooking)
        .where(col(VenueBooking.process_id) == row.process_id, col(VenueBooking.cancelled_at).is_(None))
        .values(cancelled_at=now)
    )
    booking = VenueBooking(
        venue_id=venue_id,
        process_id=row.process_id,
        during=Range(row.due, row.due + timedelta(minutes=minutes)),
        booked_by=by,
    )
    try:
        async with session.begin_nested():
            session.add(booking)
            await session.flush()
    except IntegrityError as error:
        raise VenueTaken(venue=venue.name) from error
    ledger.record(
        session,
        action="venue.book",
        subject=f"process:{process_code}",
        actor=f"account:{by}",
        now=now,
        data={"venue": venue_id, "from": row.due.isoformat(), "minutes": minutes},
    )


async def list_openings(session: AsyncSession, *, since: datetime, until: datetime) -> list[Opening]:
    """Openings from `since` to before `until`, in order of time."""
    statement = (
        sa.select(
            col(Process.code).label("process"),
            col(Notice.code).label("notice"),
            col(Notice.title),
            col(Notice.category),
            col(Notice.buyer_name).label("buyer"),
            col(Milestone.due).label("at"),
            col(Milestone.state),
            col(Venue.name).label("venue"),
            sa.func.lower(col(VenueBooking.during)).label("booked_for"),
        )
        .join(Process, col(Process.id) == col(Milestone.process_id))
        .join(Notice, col(Notice.id) == col(Milestone.notice_id))
        .outerjoin(
            VenueBooking,
            sa.and_(
                col(VenueBooking.process_id) == col(Milestone.process_id),
                col(VenueBooking.cancelled_at).is_(None),
            ),
        )
        .outerjoin(Venue, col(Venue.id) == col(VenueBooking.venue_id))
        .where(
            col(Milestone.name) == MilestoneName.BIDS_CLOSE,
            col(Milestone.state) != MilestoneState.CANCELLED,
            col(Milestone.due) >= since,
            col(Milestone.due) < until,
        )
        .order_by(col(Milestone.due), col(Process.code))
    )
    rows: Sequence[Any] = (await session.execute(statement)).mappings().all()
    return [Opening(ocid=ocid_of(row["process"]), **row) for row in rows]
