"""Family 12 once more: the ledger says who was booked for visits that were held, the plan who and what there is."""

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from chinese_calendar import is_workday

from bench.inspection.ledger_figures import CITY, Key, percent, ratio
from demo.city import City
from demo.geography import CENTRE
from scheduling.problem import Speed

MORNING, AFTERNOON = 180, 210  # minutes
EARTH_M = 6_371_000


class Part(NamedTuple):
    """An officer's part in a visit."""

    start: datetime
    visit: int
    end: datetime
    project: str

    @property
    def day(self) -> date:
        return self.start.date()

    @property
    def half(self) -> tuple[date, bool]:
        return self.start.date(), self.start.hour >= 12


def field_figures(
    entries: Iterable[dict[str, Any]], city: City, first: date, last: date
) -> dict[Key, Decimal | None]:
    """In the demo city every officer sets out from the service centre and goes with any vehicle."""
    parts = _held(entries, first, last)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    worked = [day for day in days if is_workday(day)]
    present = len(city.organisation.officers) * len(worked) * (MORNING + AFTERNOON) - _away(city, set(worked))
    tours: dict[tuple[int, date, bool], list[Part]] = defaultdict(list)
    for officer, each in sorted(parts, key=lambda pair: pair[1]):
        tours[officer, *each.half].append(each)
    owners = {project.code: project.owner.credit_code for project in city.projects}
    spots = {project.code: _spot(project.site) for project in city.projects}
    travelled = sum(
        _way([CENTRE, *(spots[each.project] for each in tour), CENTRE]) for tour in tours.values()
    )
    merged = {
        visit
        for tour in tours.values()
        for one, other in pairwise(tour)
        if one.visit != other.visit and owners[one.project] == owners[other.project]
        for visit in (one.visit, other.visit)
    }
    minutes = sum(int((each.end - each.start).total_seconds()) // 60 for _, each in parts)
    vehicles = len(city.organisation.vehicles)
    return {
        ("12.field", None): percent(minutes, present),
        ("12.travel", None): ratio(travelled, len(parts)),
        ("12.merged", None): percent(len(merged), len({each.visit for _, each in parts})),
        ("12.vehicles", None): percent(_vehicle_halves(tours, city), 2 * len(worked) * vehicles),
    }


def _held(entries: Iterable[dict[str, Any]], first: date, last: date) -> list[tuple[int, Part]]:
    """Officer and part, of the visits that were opened."""
    projects: dict[str, str] = {}
    booked: dict[tuple[int, int], list[Part]] = defaultdict(list)
    opened = set()
    for entry in entries:
        case, data = entry["subject"], entry["data"]
        match entry["action"]:
            case "case.create":
                projects[case] = data["project"]
            case "case.booked":
                for officer, start, end in data["officers"]:
                    times = [datetime.fromisoformat(each).astimezone(CITY) for each in (start, end)]
                    booked[data["visit"], officer].append(
                        Part(times[0], data["visit"], times[1], projects[case])
                    )
            case "case.released":
                for officer in data["officers"]:
                    del booked[data["visit"], officer]
            case "case.open_visit":
                opened.add(data["visit"])
    return [
        (officer, each)
        for (visit, officer), parts in booked.items()
        for each in parts
        if visit in opened and first <= each.day <= last
    ]


def _away(city: City, worked: set[date]) -> int:
    """Minutes of leave; an afternoon off counts as half a day."""
    whole = MORNING + AFTERNOON
    return sum(
        whole // 2 if absence.afternoon_only else whole
        for absence in city.organisation.absences
        for n in range((absence.last - absence.first).days + 1)
        if absence.first + timedelta(days=n) in worked
    )


def _vehicle_halves(tours: Iterable[tuple[int, date, bool]], city: City) -> int:
    """The largest first, until everybody who goes out in that half-day has a seat."""
    seats = sorted((vehicle.seats for vehicle in city.organisation.vehicles), reverse=True)
    people: dict[tuple[date, bool], int] = defaultdict(int)
    for _, day, afternoon in tours:
        people[day, afternoon] += 1
    sent = 0
    for number in people.values():
        enough = (n for n in range(len(seats) + 1) if sum(seats[:n]) >= number)
        sent += next(enough, len(seats))
    return sent


def _spot(site: Any) -> tuple[float, float]:
    return round(site.latitude, 6), round(site.longitude, 6)


def _way(stops: list[tuple[float, float]]) -> int:
    """Minutes, each leg rounded up: half of the sphere's chord by vectors, then the service's speeds."""
    speed, total = Speed(), 0
    for one, other in pairwise(stops):
        chord = math.dist(_vector(one), _vector(other))
        km = round(2 * EARTH_M * math.asin(chord / 2)) * speed.detour / 1000
        if km:
            slow = 60 * min(km, speed.near_km) / speed.kmh
            total += math.ceil(slow + 60 * max(0, km - speed.near_km) / speed.far_kmh + speed.fixed)
    return total


def _vector(spot: tuple[float, float]) -> tuple[float, float, float]:
    latitude, longitude = map(math.radians, spot)
    return (
        math.cos(latitude) * math.cos(longitude),
        math.cos(latitude) * math.sin(longitude),
        math.sin(latitude),
    )
