from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import calendars
from core.calendars import CalendarDecidedError, CalendarVersion
from core.errors import FourEyesRequired, InvalidInput, NotFound
from core.outbox import OutboxEvent
from core.workdays import DayKind, state_council_calendar
from tests.factories import add_account

FLOOD = date(2026, 7, 15)


async def propose(
    session: AsyncSession, by: int, now: datetime, kind: DayKind = DayKind.OFF
) -> CalendarVersion:
    return await calendars.propose_calendar(
        session, title="防汛停工", source="市政府通知", days={FLOOD: kind}, notice_year=None, by=by, now=now
    )


async def test_seeded_calendar_equals_the_state_councils(session: AsyncSession) -> None:
    loaded, source = await calendars.load_calendar(session), state_council_calendar()
    assert (loaded.days, loaded.years) == (source.days, source.years)


async def test_proposal_changes_nothing_until_another_administrator_approves(
    session: AsyncSession, now: datetime
) -> None:
    first, second = await add_account(session), await add_account(session)
    version = await propose(session, first.id, now)
    assert (await calendars.load_calendar(session)).is_working_day(FLOOD)
    with pytest.raises(FourEyesRequired):
        await calendars.decide_calendar(session, version.id, approve=True, by=first.id, now=now)
    await calendars.decide_calendar(session, version.id, approve=True, by=second.id, now=now)
    calendar = await calendars.load_calendar(session)
    assert (calendar.is_working_day(FLOOD), calendar.version) == (False, f"v{version.id}")
    assert (await session.scalars(sa.select(col(OutboxEvent.topic)))).all() == ["calendar.approved"]


async def test_later_approval_lies_over_the_earlier(session: AsyncSession, now: datetime) -> None:
    first, second = await add_account(session), await add_account(session)
    for minutes, kind in enumerate([DayKind.OFF, DayKind.AFTERNOON]):
        version = await propose(session, first.id, now, kind)
        moment = now + timedelta(minutes=minutes)
        await calendars.decide_calendar(session, version.id, approve=True, by=second.id, now=moment)
    assert (await calendars.load_calendar(session)).kind(FLOOD) is DayKind.AFTERNOON


async def test_rejected_proposal_cannot_be_decided_again(session: AsyncSession, now: datetime) -> None:
    first, second = await add_account(session), await add_account(session)
    version = await propose(session, first.id, now)
    await calendars.decide_calendar(session, version.id, approve=False, by=second.id, now=now)
    with pytest.raises(CalendarDecidedError):
        await calendars.decide_calendar(session, version.id, approve=True, by=second.id, now=now)


async def test_proposal_without_days_and_unknown_version_are_refused(
    session: AsyncSession, now: datetime
) -> None:
    with pytest.raises(InvalidInput):
        await calendars.propose_calendar(
            session, title="空", source="", days={}, notice_year=None, by=1, now=now
        )
    with pytest.raises(NotFound):
        await calendars.decide_calendar(session, 10**9, approve=True, by=1, now=now)
