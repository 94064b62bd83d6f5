from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import calendars
from core.workdays import DayKind
from inspection.commands.calendar_changes import apply_calendar, preview_calendar
from inspection.commands.timekeeping import running_clocks
from inspection.models import CaseEvent, Clock
from inspection.states import Node
from tests.inspection.world import World, accepted, at

#: A city closes for two days after the Spring Festival of 2026, whose last day off is the 23rd of February.
CLOSED = (date(2026, 2, 24), date(2026, 2, 25))
HOLIDAY = {date(2026, 2, 15) + timedelta(days=n) for n in range(9)}
MADE_UP = {date(2026, 2, 14), date(2026, 2, 28)}


def due(start: date, days: int, closed: set[date]) -> date:
    """Counted day by day from the notice's text."""
    day = start
    while days:
        day += timedelta(days=1)
        worked = day in MADE_UP or (day.weekday() < 5 and day not in HOLIDAY)
        days -= worked and day not in closed
    return day


async def test_new_calendar_moves_exactly_the_deadlines_it_must(session: AsyncSession, world: World) -> None:
    cases = [
        await accepted(session, world, at(day, month=2), number)
        for number, day in enumerate((2, 4, 6, 9, 10, 11, 12, 13) * 5, 1)
    ]
    now = at(13, 12, month=2)
    version = await calendars.propose_calendar(
        session,
        title="市政府关于春节后临时停办的通知",
        source="test",
        days=dict.fromkeys(CLOSED, DayKind.OFF),
        notice_year=None,
        by=world.supervisor,
        now=now,
    )
    started = {
        clock.id: (clock.started_on, clock.due)
        for case in cases
        for clock in await running_clocks(session, case, (Node.WHOLE,))
    }
    assert {before for _, before in started.values()} >= {
        due(start, 7, set()) for start, _ in started.values()
    }
    expected = {
        clock: due(start, 7, set(CLOSED))
        for clock, (start, before) in started.items()
        if due(start, 7, set(CLOSED)) != before
    }
    assert 0 < len(expected) < len(cases)
    preview = await preview_calendar(session, version.id, now=now)
    assert {line.clock_id: line.due_after for line in preview} == expected
    # Later than the seeded calendars of the test database, which the newer one is laid over.
    await calendars.decide_calendar(session, version.id, approve=True, by=world.window, now=at(5))
    changes = await apply_calendar(session, version.id, now=now)
    assert {change.clock_id: change.due_after for change in changes} == expected
    versions = await session.scalars(
        sa.select(col(Clock.calendar_version)).where(col(Clock.id).in_(expected))
    )
    assert set(versions) == {f"v{version.id}"}
    told = await session.scalars(sa.select(CaseEvent).where(col(CaseEvent.name) == "deadline.moved"))
    assert len(list(told)) == len(expected)
