"""A plan seen from its officers: who goes where on which day. For the checker; the solver keeps books of its own."""

import math
from bisect import insort
from collections import defaultdict
from datetime import date
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

from core.workdays import DayKind
from scheduling.plan import Placement, Plan
from scheduling.problem import DayWindow, Matrix, Officer, Problem, Speed, Visit

EARTH_RADIUS_M = 6_371_000


class Stop(NamedTuple):
    """One officer's part in one visit, in absolute ticks."""

    start: int
    end: int
    visit: str
    site: str


class Leg(NamedTuple):
    """The way to a stop: from the office, or from the stop before."""

    before: Stop | None
    after: Stop | None  # None: back to the office
    travel: int


class Tours:
    """Stops by officer and day in order of time, and what the problem says about them."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem = problem
        self.plan = plan
        self.stops: dict[tuple[str, int], list[Stop]] = defaultdict(list)
        self.legs = cache(self._legs)
        self.travel = cache(self._travel)
        for placement in plan.placements:
            visit = problem.visit_by_id[placement.visit]
            for party, start, team in zip(visit.parties, placement.starts, placement.teams, strict=True):
                stop = Stop(start, start + party.duration, visit.id, visit.site)
                for officer in team:
                    insort(self.stops[officer, start // problem.day_ticks], stop)

    def visit(self, placement: Placement) -> Visit:
        return self.problem.visit_by_id[placement.visit]

    def _legs(self, officer: str, day: int) -> list[Leg]:
        office = self.problem.officer_by_id[officer].office
        stops: list[Stop | None] = [None, *self.stops[officer, day], None]
        return [
            Leg(
                before, after, self.travel(before.site if before else office, after.site if after else office)
            )
            for before, after in pairwise(stops)
        ]

    def in_morning(self, tick: int) -> bool:
        return tick % self.problem.day_ticks < self.problem.noon

    def _travel(self, origin: str, destination: str) -> int:
        """Ticks from place to place."""
        travel = self.problem.travel
        if isinstance(travel, Matrix):
            return travel.ticks[self._row[origin]][self._row[destination]]
        return _ride(
            travel, _metres(self._spot[origin], self._spot[destination], travel.detour), self.problem
        )

    def spans(self, officer: Officer, day: int) -> list[tuple[int, int]]:
        """The officer's working spans of the day in absolute ticks: hours, less the calendar's and his own absence."""
        if not 0 <= day < self.problem.days:
            return []
        today, kind = self._days[day]
        if kind is DayKind.OFF:
            return []
        spans = [(window.start, window.end) for window in officer.hours]
        if kind is DayKind.MORNING:
            spans = _without(spans, self.problem.noon, self.problem.day_ticks)
        if kind is DayKind.AFTERNOON:
            spans = _without(spans, 0, self.problem.noon)
        for leave in officer.leave:
            if leave.first <= today <= leave.last:
                part = leave.part or DayWindow(start=0, end=self.problem.day_ticks)
                spans = _without(spans, part.start, part.end)
        midnight = day * self.problem.day_ticks
        return [(midnight + start, midnight + end) for start, end in spans]

    @cached_property
    def _days(self) -> list[tuple[date, DayKind]]:
        dates = map(self.problem.date_of, range(self.problem.days))
        return [(today, self.problem.calendar.kind(today)) for today in dates]

    @cached_property
    def _row(self) -> dict[str, int]:
        assert isinstance(self.problem.travel, Matrix)  # noqa: S101 - the only caller has asked
        return {place: row for row, place in enumerate(self.problem.travel.places)}

    @cached_property
    def _spot(self) -> dict[str, tuple[float, float]]:
        places = (
            *((office.id, office.lon, office.lat) for office in self.problem.offices),
            *((site.id, site.lon, site.lat) for site in self.problem.sites),
        )
        return {place: (lon, lat) for place, lon, lat in places}


def _without(spans: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    kept = [piece for left, right in spans for piece in ((left, min(right, start)), (max(left, end), right))]
    return [(left, right) for left, right in kept if left < right]


@lru_cache(maxsize=1 << 17)
def _metres(origin: tuple[float, float], destination: tuple[float, float], detour: float) -> int:
    lon1, lat1, lon2, lat2 = (math.radians(degrees) for degrees in (*origin, *destination))
    chord = (
        math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return round(2 * EARTH_RADIUS_M * math.asin(math.sqrt(chord)) * detour)


def _ride(speed: Speed, metres: int, problem: Problem) -> int:
    if metres == 0:
        return 0
    near = min(metres, speed.near_km * 1000)
    minutes = near * 0.06 / speed.kmh + (metres - near) * 0.06 / speed.far_kmh + speed.fixed
    return math.ceil(minutes * problem.resolution)
