"""Working-day arithmetic on an immutable calendar. Pure: no clock, no database.

Counting rules: the day of the event is excluded and a last day that falls on a non-working day rolls to the next
working day (民法典 art. 201, 203; 行政许可法 art. 82 counts working days without holidays).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

ONE_DAY = timedelta(days=1)
SATURDAY = 5
#: No lawful period comes near this many calendar days; past it a calendar is all holidays by mistake.
SEARCH_LIMIT_DAYS = 3660


class DayKind(StrEnum):
    """How much of a day is worked."""

    WORKING = "working"
    MORNING = "morning"  # only the morning is worked
    AFTERNOON = "afternoon"
    OFF = "off"


class CalendarExhaustedError(ValueError):
    """No working day was found within ten years: the calendar rows must be wrong."""


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Weekdays are worked and weekends are not, except for `days`.

    `days` holds only the exceptions: State Council holidays, make-up working weekends and local closures.
    `years` are those for which a notice is known; any other year is provisional.
    """

    version: str
    days: Mapping[date, DayKind]
    years: frozenset[int] = field(default_factory=frozenset)

    def kind(self, day: date) -> DayKind:
        default = DayKind.WORKING if day.weekday() < SATURDAY else DayKind.OFF
        return self.days.get(day, default)

    def is_working_day(self, day: date) -> bool:
        """A half day counts as a working day: business is done on it."""
        return self.kind(day) is not DayKind.OFF

    def is_provisional(self, day: date) -> bool:
        return day.year not in self.years

    def roll_to_working_day(self, day: date) -> date:
        """The day itself if it is worked, else the first working day after it."""
        for offset in range(SEARCH_LIMIT_DAYS):
            candidate = day + timedelta(days=offset)
            if self.is_working_day(candidate):
                return candidate
        raise CalendarExhaustedError(self.version)

    def add_working_days(self, event: date, count: int) -> date:
        """The last day of a period of `count` ≥ 0 working days after `event`, whose own day is excluded.

        Zero days rolls the event's own day forward.
        """
        if count < 0:
            raise ValueError(count)
        day = event if count else self.roll_to_working_day(event)
        for _ in range(count):
            day = self.roll_to_working_day(day + ONE_DAY)
        return day

    def add_calendar_days(self, event: date, count: int) -> date:
        """The last day of a period of calendar days, rolled to a working day."""
        return self.roll_to_working_day(event + timedelta(days=count))

    def working_days_between(self, start: date, end: date) -> int:
        """Working days in (start, end]; negative when `end` lies before `start`."""
        if end < start:
            return -self.working_days_between(end, start)
        return sum(
            self.is_working_day(start + timedelta(days=offset)) for offset in range(1, (end - start).days + 1)
        )

    def working_days_of(self, year: int) -> int:
        return self.working_days_between(date(year - 1, 12, 31), date(year, 12, 31))

    def with_days(self, version: str, changes: Iterable[tuple[date, DayKind]]) -> "WorkCalendar":
        return WorkCalendar(version, {**self.days, **dict(changes)}, self.years)


def state_council_calendar() -> WorkCalendar:
    """The State Council's notices for 2004–2026, as compiled by the chinesecalendar library."""
    from chinese_calendar.constants import holidays, workdays

    days = {day: DayKind.OFF for day in holidays if day.weekday() < 5}  # noqa: PLR2004 - see `kind`
    days |= {day: DayKind.WORKING for day in workdays if day.weekday() >= SATURDAY}
    return WorkCalendar("state-council", days, frozenset(day.year for day in holidays))
