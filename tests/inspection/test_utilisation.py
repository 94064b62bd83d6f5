from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core.workdays import state_council_calendar
from inspection.figures import Figure, Period
from inspection.utilisation import Capacity, FieldBooking, utilisation
from tests.inspection.world import SPOT, at

WEEK = Period(date(2026, 3, 2), date(2026, 3, 8))  # five working days of 390 minutes
#: Half an hour by car, about.
AWAY = (SPOT[0] + Decimal("0.1"), SPOT[1])


def booking(officer: int, visit: int, start: datetime, end: datetime, **changes: Any) -> FieldBooking:
    values: dict[str, Any] = {
        "case": f"c{visit}",
        "visit": visit,
        "site": f"s{visit}",
        "applicant": f"a{visit}",
        "spot": AWAY,
        "officer": officer,
        "office": SPOT,
        "pool": "east",
        "starts_at": start,
        "ends_at": end,
    }
    return FieldBooking(**(values | changes))


def figures(*bookings: FieldBooking, **capacity: Any) -> dict[str, Figure]:
    values: dict[str, Any] = {"officers": 2, "seats": {"east": (4,)}}
    there = Capacity(**(values | capacity))
    return {each.code: each for each in utilisation(bookings, there, WEEK, state_council_calendar())}


def fraction(figure: Figure) -> tuple[int, int]:
    return int(figure.numerator), int(figure.denominator)


def test_field_hours_are_of_the_hours_that_leave_leaves() -> None:
    found = figures(booking(1, 1, at(3), at(3, 12)), leave=((date(2026, 3, 4), 2), (date(2026, 3, 5), 1)))
    assert found["12.field"].numerator == 180
    assert found["12.field"].denominator == 2 * 5 * 390 - 390 - 195


def test_travel_is_from_the_office_round_the_sites_and_back() -> None:
    alone = figures(booking(1, 1, at(3), at(3, 10)))["12.travel"]
    both = figures(booking(1, 1, at(3), at(3, 10)), booking(1, 2, at(3, 10), at(3, 11)))["12.travel"]
    assert alone.numerator == both.numerator != 0
    assert (fraction(alone)[1], fraction(both)[1]) == (1, 2)


def test_visits_of_one_applicant_in_one_half_day_are_merged() -> None:
    morning, noon = booking(1, 1, at(3), at(3, 10)), booking(1, 2, at(3, 10), at(3, 11), applicant="a1")
    afternoon = booking(1, 3, at(3, 14), at(3, 15), applicant="a1")
    merged = figures(morning, noon, afternoon)["12.merged"]
    assert fraction(merged) == (2, 3)


def test_vehicles_are_as_many_as_the_people_fill() -> None:
    team = [booking(officer, 1, at(3), at(3, 10)) for officer in range(6)]
    used = figures(*team, seats={"east": (4, 4, 4), "west": (4,)})["12.vehicles"]
    assert fraction(used) == (2, 4 * 10)


def test_people_without_a_pool_go_with_any_vehicle() -> None:
    team = [booking(officer, 1, at(3), at(3, 10), pool=None) for officer in range(5)]
    used = figures(*team, seats={"east": (4,), "west": (4,)})["12.vehicles"]
    assert fraction(used) == (2, 2 * 10)


def test_visits_of_other_weeks_do_not_count() -> None:
    assert figures(booking(1, 1, at(10), at(10, 12)))["12.field"].numerator == 0
