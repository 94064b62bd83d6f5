"""Versioned working-day calendars: a year's notice or a local closure is proposed by one administrator and approved
by another, and from then on every deadline is computed with it and says so.
"""

from datetime import date, datetime
from enum import StrEnum
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from core import ledger, outbox
from core.errors import FieldProblem, FourEyesRequired, InvalidInput, NotFound, Refusal
from core.tables import Timestamp, enum_type, identity, reference
from core.workdays import DayKind, WorkCalendar, state_council_calendar


class CalendarStatus(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


class CalendarVersion(SQLModel, table=True):
    """A set of changed days. Approved versions are laid over each other in order of approval."""

    __tablename__ = "calendar_version"
    __table_args__ = (
        sa.CheckConstraint("approved_by IS NULL OR approved_by <> proposed_by", name="four_eyes"),
    )

    id: int = identity()
    title: str
    source: str
    notice_year: int | None = None
    status: CalendarStatus = Field(sa_type=enum_type(CalendarStatus))
    proposed_by: int | None = reference("account.id", index=False, nullable=True)
    proposed_at: datetime = Field(sa_type=Timestamp)
    approved_by: int | None = reference("account.id", index=False, nullable=True)
    approved_at: datetime | None = Field(default=None, sa_type=Timestamp)


class CalendarDay(SQLModel, table=True):
    __tablename__ = "calendar_day"

    version_id: int = Field(primary_key=True, foreign_key="calendar_version.id", sa_type=sa.BigInteger)
    day: date = Field(primary_key=True)
    kind: DayKind = Field(sa_type=enum_type(DayKind))
    note: str = ""


class CalendarDecidedError(Refusal):
    status = 409
    code = "calendar_decided"
    message = "该日历版本已经处理过。"


async def seed_state_council(session: AsyncSession, *, now: datetime) -> None:
    """One approved version for each year that the library knows; called by the migration that makes the tables."""
    calendar = state_council_calendar()
    for year in sorted(calendar.years):
        version = CalendarVersion(
            title=f"国务院办公厅关于{year}年部分节假日安排的通知",
            source="chinesecalendar",
            notice_year=year,
            status=CalendarStatus.APPROVED,
            proposed_at=now,
            approved_at=now,
        )
        session.add(version)
        await session.flush()
        session.add_all(
            CalendarDay(version_id=version.id, day=day, kind=kind)
            for day, kind in calendar.days.items()
            if day.year == year
        )
    await session.flush()


#: By database: the versions in force when last asked, and what they come to. A version's days never change.
_KNOWN: WeakKeyDictionary[sa.Engine, tuple[tuple[int, ...], WorkCalendar]] = WeakKeyDictionary()


async def load_calendar(session: AsyncSession) -> WorkCalendar:
    """The calendar in force: all approved versions, the later approved over the earlier."""
    versions = await session.execute(_IN_FORCE)
    ids, engine = tuple(versions.scalars()), session.get_bind().engine
    if engine not in _KNOWN or _KNOWN[engine][0] != ids:
        _KNOWN[engine] = ids, await _laid_over_each_other(session, ids)
    return _KNOWN[engine][1]


_IN_FORCE = (
    sa.select(col(CalendarVersion.id))
    .where(col(CalendarVersion.status) == CalendarStatus.APPROVED)
    .order_by(col(CalendarVersion.approved_at), col(CalendarVersion.id))
)


async def _laid_over_each_other(session: AsyncSession, ids: tuple[int, ...]) -> WorkCalendar:
    rows = await session.execute(
        sa.select(col(CalendarVersion.id), col(CalendarVersion.notice_year)).where(
            col(CalendarVersion.id).in_(ids)
        )
    )
    days = await session.execute(
        sa.select(col(CalendarDay.version_id), col(CalendarDay.day), col(CalendarDay.kind)).where(
            col(CalendarDay.version_id).in_(ids)
        )
    )
    laid = {row.day: row.kind for row in sorted(days, key=lambda row: ids.index(row.version_id))}
    years = frozenset(row.notice_year for row in rows if row.notice_year)
    return WorkCalendar(f"v{ids[-1]}" if ids else "none", laid, years)


async def propose_calendar(
    session: AsyncSession,
    *,
    title: str,
    source: str,
    days: dict[date, DayKind],
    notice_year: int | None,
    by: int,
    now: datetime,
) -> CalendarVersion:
    """Draft a year's notice or a local closure, to be approved by somebody else."""
    if not days:
        raise InvalidInput(problems=(FieldProblem("days", "请至少填写一天。"),))
    version = CalendarVersion(
        title=title,
        source=source,
        notice_year=notice_year,
        status=CalendarStatus.PROPOSED,
        proposed_by=by,
        proposed_at=now,
    )
    session.add(version)
    await session.flush()
    session.add_all(CalendarDay(version_id=version.id, day=day, kind=kind) for day, kind in days.items())
    ledger.record(
        session,
        action="calendar.propose",
        subject=f"calendar:{version.id}",
        actor=f"account:{by}",
        now=now,
        data={"title": title, "days": {day.isoformat(): kind.value for day, kind in sorted(days.items())}},
    )
    return version


async def decide_calendar(
    session: AsyncSession, version_id: int, *, approve: bool, by: int, now: datetime
) -> CalendarVersion:
    """Approve or reject a proposal; whoever proposed it may do neither. Open deadlines are then recomputed."""
    version = await session.get(CalendarVersion, version_id, with_for_update=True)
    if version is None:
        raise NotFound
    if version.status is not CalendarStatus.PROPOSED:
        raise CalendarDecidedError
    if version.proposed_by == by:
        raise FourEyesRequired
    version.status = CalendarStatus.APPROVED if approve else CalendarStatus.REJECTED
    version.approved_by, version.approved_at = by, now
    ledger.record(
        session,
        action=f"calendar.{version.status.value}",
        subject=f"calendar:{version.id}",
        actor=f"account:{by}",
        now=now,
    )
    if approve:
        outbox.emit(session, "calendar.approved", {"version_id": version.id}, now=now)
    return version
