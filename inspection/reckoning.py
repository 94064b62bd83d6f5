"""What time is counted with: the calendar and the rule values in force."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from core.calendars import load_calendar
from core.workdays import WorkCalendar
from inspection import clocks
from inspection.catalogue import Rules, load_rules

_KEY = "inspection.reckoning"


@dataclass(frozen=True, slots=True)
class Reckoning:
    calendar: WorkCalendar
    rules: Rules

    def deadline(self, start: date, days: int, pauses: Collection[tuple[date, date]] = ()) -> clocks.Deadline:
        return clocks.deadline(
            self.calendar,
            start,
            days,
            yellow_percent=self.rules["lamp.yellow_percent"],
            yellow_before=self.rules["lamp.yellow_before"],
            pauses=pauses,
        )


async def reckoning(session: AsyncSession, now: datetime) -> Reckoning:
    """Loaded once for each transaction."""
    known: Reckoning | None = session.info.get(_KEY)
    if known is None:
        known = Reckoning(await load_calendar(session), await load_rules(session, now))
        session.info[_KEY] = known
    return known


def forget_reckoning(session: AsyncSession) -> None:
    """After the calendar or a rule value was changed in this transaction."""
    session.info.pop(_KEY, None)
