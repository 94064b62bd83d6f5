from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import LOCAL
from core.workdays import state_council_calendar
from inspection.clocks import add_working_hours, deadline, lamp
from inspection.states import Lamp
from tests.inspection.world import at

CALENDAR = state_council_calendar()
#: The State Council's notice for 2026, as far as these tests walk.
SPRING_FESTIVAL = {date(2026, 2, 15) + timedelta(days=n) for n in range(9)}
OFF_2026 = SPRING_FESTIVAL | {date(2026, 1, n) for n in (1, 2, 3)} | {date(2026, 4, 6)}
OFF_2026 |= {date(2026, 5, n) for n in (1, 2, 3, 4, 5)}
MADE_UP = {date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9)}

days_of_winter = st.dates(date(2026, 1, 1), date(2026, 3, 20))


def is_worked(day: date) -> bool:
    """From the notice's text, not from our calendar."""
    return day in MADE_UP or (day.weekday() < 5 and day not in OFF_2026)


def found(start: date, days: int, pauses: list[tuple[date, date]]) -> tuple[date, date]:
    result = deadline(CALENDAR, start, days, yellow_percent=90, yellow_before=1, pauses=pauses)
    return result.due, result.yellow_on


@given(
    days_of_winter,
    st.integers(1, 20),
    st.lists(st.tuples(days_of_winter, st.integers(0, 12)), max_size=3),
)
def test_deadline_equals_an_independent_count(start: date, days: int, pauses: list[tuple[date, int]]) -> None:
    spans = [(first, first + timedelta(days=length)) for first, length in pauses]
    after = [start + timedelta(days=n) for n in range(1, 200)]
    counted = [day for day in after if is_worked(day) and not any(a < day <= b for a, b in spans)]
    due, yellow_on = found(start, days, spans)
    assert due == counted[days - 1]
    threshold = min(-(-days * 9 // 10), days - 1)
    if threshold:
        assert yellow_on == counted[threshold - 1]


def test_seven_days_before_spring_festival_end_after_it() -> None:
    assert found(date(2026, 2, 9), 7, []) == (date(2026, 2, 25), date(2026, 2, 24))


def test_pause_after_the_deadline_moves_nothing() -> None:
    due, _ = found(date(2026, 3, 2), 3, [(date(2026, 3, 10), date(2026, 3, 20))])
    assert due == date(2026, 3, 5)


@pytest.mark.parametrize(
    ("today", "expected"),
    [(3, Lamp.GREEN), (4, Lamp.YELLOW), (5, Lamp.YELLOW), (6, Lamp.RED)],
)
def test_lamp_by_day(today: int, expected: Lamp) -> None:
    assert lamp(date(2026, 3, today), yellow_on=date(2026, 3, 4), due=date(2026, 3, 5)) is expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (at(4, 9), at(4, 14, 30)),
        (at(4, 16), at(5, 12)),
        (at(6, 16, 30), at(9, 14)),  # Friday afternoon → Monday
        (at(14, 10), at(16, 14, 30)),  # Saturday counts from Monday's opening
    ],
)
def test_four_working_hours(sent: datetime, expected: datetime) -> None:
    assert add_working_hours(CALENDAR, sent, 4) == expected.astimezone(LOCAL)
