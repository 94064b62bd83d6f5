from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.workdays import DayKind, WorkCalendar, state_council_calendar

CALENDAR = state_council_calendar()
days = st.dates(date(2024, 6, 1), date(2026, 10, 1))
kinds = st.sampled_from(DayKind)


@st.composite
def calendars(draw: st.DrawFn) -> WorkCalendar:
    return CALENDAR.with_days("local", draw(st.dictionaries(days, kinds, max_size=40)).items())


def worked(calendar: WorkCalendar, day: date) -> bool:
    """An independent reading: what the calendar says of the day, else Monday to Friday."""
    return calendar.days[day] is not DayKind.OFF if day in calendar.days else day.isoweekday() <= 5


@pytest.mark.parametrize(("year", "expected"), [(2023, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_working_days_of_a_year(year: int, expected: int) -> None:
    assert CALENDAR.working_days_of(year) == expected


@pytest.mark.parametrize(
    ("event", "count", "expected"),
    [
        (date(2026, 2, 13), 1, date(2026, 2, 14)),  # a make-up Saturday before the Spring Festival is worked
        (date(2026, 2, 14), 1, date(2026, 2, 24)),  # nine days of holiday
        (date(2026, 2, 14), 0, date(2026, 2, 14)),
        (date(2026, 2, 15), 0, date(2026, 2, 24)),
        (date(2026, 9, 30), 3, date(2026, 10, 10)),  # National Day, then the make-up Saturday
    ],
)
def test_add_working_days_around_holidays(event: date, count: int, expected: date) -> None:
    assert CALENDAR.add_working_days(event, count) == expected


@given(calendars(), days, st.integers(0, 60))
def test_add_working_days_equals_a_day_by_day_count(calendar: WorkCalendar, event: date, count: int) -> None:
    day, left = event, count
    while left or not worked(calendar, day):
        day += timedelta(days=1)
        left -= worked(calendar, day) and left > 0
    assert calendar.add_working_days(event, count) == day


@given(calendars(), days, days)
def test_working_days_between_equals_a_day_by_day_count(
    calendar: WorkCalendar, start: date, end: date
) -> None:
    low, high = min(start, end), max(start, end)
    counted = sum(worked(calendar, low + timedelta(days=n + 1)) for n in range((high - low).days))
    assert calendar.working_days_between(start, end) == (counted if start <= end else -counted)


@given(calendars(), days, st.integers(1, 60))
def test_adding_then_counting_gives_the_number_back(calendar: WorkCalendar, event: date, count: int) -> None:
    assert calendar.working_days_between(event, calendar.add_working_days(event, count)) == count


@given(calendars(), days, st.integers(0, 90))
def test_calendar_days_end_on_the_first_working_day_from_the_last(
    calendar: WorkCalendar, event: date, count: int
) -> None:
    last = event + timedelta(days=count)
    end = calendar.add_calendar_days(event, count)
    assert worked(calendar, end)
    assert not any(worked(calendar, last + timedelta(days=n)) for n in range((end - last).days))


def test_year_without_a_notice_is_provisional() -> None:
    assert (CALENDAR.is_provisional(date(2026, 12, 31)), CALENDAR.is_provisional(date(2027, 1, 4))) == (
        False,
        True,
    )


def test_half_day_counts_as_a_working_day() -> None:
    eve = date(2026, 2, 16)
    assert CALENDAR.with_days("eve", [(eve, DayKind.MORNING)]).is_working_day(eve)


def test_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        CALENDAR.add_working_days(date(2026, 3, 4), -1)
