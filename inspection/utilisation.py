"""How officers' and vehicles' time is used (family 12). Pure.

A visit counts on the days of its bookings, once it was opened. Officers go out from their office and back in each
half-day, from site to site in the order of their bookings.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

import msgspec

from core.clock import LOCAL, local_date
from core.workdays import WorkCalendar
from inspection import clocks
from inspection.figures import PERCENT, Figure, Period, figure_of
from inspection.geography import Spot, travel_minutes

Half = tuple[date, bool]
"""A day, and whether it is the afternoon."""


class FieldBooking(msgspec.Struct, frozen=True, kw_only=True):
    """An officer's part in a visit that was held. `pool` is that of the vehicles the officer goes with."""

    case: str
    visit: int
    site: str
    applicant: str
    spot: Spot
    officer: int
    office: Spot
    pool: str | None
    starts_at: datetime
    ends_at: datetime

    @property
    def minutes(self) -> int:
        return round((self.ends_at - self.starts_at).total_seconds() / 60)

    @property
    def half(self) -> Half:
        begins = self.starts_at.astimezone(LOCAL)
        return begins.date(), begins.time() >= clocks.NOON


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """What there is: `leave` has a day and how many of its two halves an officer was away; `seats` are by pool."""

    officers: int
    leave: tuple[tuple[date, int], ...] = ()
    seats: dict[str, tuple[int, ...]] = {}


def utilisation(
    bookings: Sequence[FieldBooking], capacity: Capacity, period: Period, calendar: WorkCalendar
) -> Iterable[Figure]:
    held = [each for each in bookings if local_date(each.starts_at) in period]
    codes = [each.case for each in held]
    span = (period.last - period.first).days + 1
    days = [period.first + timedelta(days=n) for n in range(span)]
    minutes = {day: _business_minutes(calendar, day) for day in days}
    away = sum(minutes.get(day, 0) * halves // 2 for day, halves in capacity.leave)
    available = capacity.officers * sum(minutes.values()) - away
    names = ("外勤时间占比", "Field hours of available hours")
    yield figure_of("12.field", names, PERCENT, (sum(each.minutes for each in held), available), codes)
    tours = _tours(held)
    travelled = sum(_travel(tour) for tour in tours.values())
    names = ("每人次在途时间", "Travel for each attendance")
    yield figure_of("12.travel", names, "分钟", (travelled, len(held)), codes)
    visits = {each.visit: each.case for each in held}
    merged = _merged(tours)
    names = ("合并上门率", "Visits merged with another")
    yield figure_of("12.merged", names, PERCENT, (len(merged), len(visits)), visits.values())
    halves = sum(len(clocks.business_hours(calendar, day)) for day in days)
    there = halves * sum(len(each) for each in capacity.seats.values())
    names = ("车辆使用率", "Vehicles in use")
    yield figure_of("12.vehicles", names, PERCENT, (_vehicle_halves(held, capacity), there), codes)


def _business_minutes(calendar: WorkCalendar, day: date) -> int:
    spans = (
        datetime.combine(day, closes) - datetime.combine(day, opens)
        for opens, closes in clocks.business_hours(calendar, day)
    )
    return round(sum(spans, timedelta()).total_seconds() / 60)


def _tours(held: Iterable[FieldBooking]) -> dict[tuple[int, Half], list[FieldBooking]]:
    tours: dict[tuple[int, Half], list[FieldBooking]] = defaultdict(list)
    for each in sorted(held, key=lambda each: (each.starts_at, each.visit)):
        tours[each.officer, each.half].append(each)
    return tours


def _travel(tour: Sequence[FieldBooking]) -> int:
    office = tour[0].office
    return sum(travel_minutes(*leg) for leg in pairwise([office, *(each.spot for each in tour), office]))


def _merged(tours: dict[tuple[int, Half], list[FieldBooking]]) -> set[int]:
    """Visits to which somebody goes on from, or before, another at the same site or for the same applicant."""
    return {
        visit
        for tour in tours.values()
        for one, other in pairwise(tour)
        if one.visit != other.visit and (one.site == other.site or one.applicant == other.applicant)
        for visit in (one.visit, other.visit)
    }


def _vehicle_halves(held: Iterable[FieldBooking], capacity: Capacity) -> int:
    """Half-days of vehicles: in each half-day a pool sends, largest first, as many as its people need.

    Who belongs to no pool goes with any vehicle.
    """
    every = tuple(places for pool in capacity.seats.values() for places in pool)
    seats: dict[str | None, tuple[int, ...]] = {None: every}
    seats.update(capacity.seats)
    people: dict[tuple[Half, str | None], set[int]] = defaultdict(set)
    for each in held:
        if each.pool in seats:
            people[each.half, each.pool].add(each.officer)
    return sum(_vehicles_for(len(who), seats[pool]) for (_, pool), who in people.items())


def _vehicles_for(people: int, seats: Sequence[int]) -> int:
    sent = 0
    for places in sorted(seats, reverse=True):
        if people <= 0:
            break
        people, sent = people - places, sent + 1
    return sent
