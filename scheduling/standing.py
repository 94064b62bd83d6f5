"""The plan that stands, kept open for one more stop: who is where, and what another stop would cost whom.

Costs are *packed*: the levels of the objective in one integer, the most important level in the highest digits, so that
sums and comparisons are those of the lexicographic order.
"""

import math
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from functools import cache, cached_property
from itertools import pairwise
from typing import NamedTuple

from core.workdays import DayKind
from scheduling.plan import Placement, Plan
from scheduling.problem import (
    DayWindow,
    HalfDay,
    Matrix,
    Office,
    Officer,
    Party,
    Post,
    Problem,
    Site,
    Speed,
    Term,
    Visit,
)

EARTH_RADIUS_KM = 6371.0
#: Digits of a packed cost: no level of a plan comes near this value.
LEVEL_BITS = 48

#: Officers are out on a half-day: pool, day of the horizon, whether it is the morning.
PoolHalf = tuple[str, int, bool]


#: Working time of a day in absolute ticks.
Spans = tuple[tuple[int, int], ...]


class Stop(NamedTuple):
    start: int
    end: int
    visit: str
    site: str


class Gap(NamedTuple):
    """Starts from `first` to `last` at which an officer can take a part, for `cost` + `slope` × start."""

    first: int
    last: int
    cost: int
    slope: int

    def price(self, start: int) -> int:
        return self.cost + self.slope * start


class _Room(NamedTuple):
    """Between two stops: the starts that leave time for the ways there and back, and what it costs."""

    first: int
    last: int
    cost: int
    there: int
    back: int


class _Part(NamedTuple):
    site: str
    duration: int
    day: int
    fixed: int


class Standing:
    """The placements of a plan by officer and day. Placements may be put in and taken out."""

    def __init__(self, problem: Problem, plan: Plan, *, like: "Standing | None" = None) -> None:
        """`like` stands in a problem of the same officers, places and days: what is reckoned there holds here too."""
        self.problem = problem
        self.placements: dict[str, Placement] = {}
        self.officers_of: dict[str, list[Officer]] = defaultdict(list)
        for officer in sorted(problem.officers, key=lambda each: each.id):
            self.officers_of[officer.department].append(officer)
        self.unit = unit_costs(problem)
        self._ride_unit, self._wait_unit = self.unit[Term.TRAVEL], self.unit[Term.WAITING]
        self._load_unit, self._substitute_unit = self.unit[Term.OVERLOAD], self.unit[Term.SUBSTITUTES]
        self._stops: dict[tuple[str, int], list[Stop]] = defaultdict(list)
        self._load: Counter[str] = Counter()
        self._week_load: Counter[tuple[str, tuple[int, int]]] = Counter()
        self._out: dict[PoolHalf, Counter[str]] = defaultdict(Counter)
        self.travel = cache(self._ride if isinstance(problem.travel, Speed) else self._look_up)
        self.spans = cache(self._spans)
        self._left = cache(self._left_of)
        self._idle: dict[tuple[str, Spans, _Part], tuple[Gap, ...]] = {}
        self._week = cache(self._iso_week)
        self._day = cache(self._date_and_kind)
        if like is not None:
            self.travel, self.spans, self._working = like.travel, like.spans, like._working  # noqa: SLF001 - its kind
        for placement in plan.placements:
            self.put(placement)

    def put(self, placement: Placement) -> None:
        self.placements[placement.visit] = placement
        for officer, day, stop in self._stops_of(placement):
            insort(self._stops[officer.id, day], stop)
            self._count(officer, day, stop, 1)

    def take(self, visit: str) -> Placement:
        placement = self.placements.pop(visit)
        for officer, day, stop in self._stops_of(placement):
            self._stops[officer.id, day].remove(stop)
            self._count(officer, day, stop, -1)
        return placement

    def stops(self, officer: str, day: int) -> list[Stop]:
        """In the order of the day. Read only."""
        return self._stops.get((officer, day), [])

    def end_of(self, placement: Placement) -> int:
        parties = self.problem.visit_by_id[placement.visit].parties
        return max(start + party.duration for start, party in zip(placement.starts, parties, strict=True))

    def free_seats(self, key: PoolHalf) -> int:
        pool, day, morning = key
        half_day = self.problem.half_day_of(
            day * self.problem.day_ticks + (0 if morning else self.problem.noon)
        )
        seats = sum(
            vehicle.seats
            for vehicle in self.problem.vehicles
            if vehicle.pool == pool and half_day not in vehicle.unavailable
        )
        return seats - len(+self._out[key])

    def is_out(self, officer: str, key: PoolHalf) -> bool:
        return self._out[key][officer] > 0

    def may_take(self, officer: Officer, visit: Visit, party: Party, today: date) -> bool:
        """Whether the officer is the right one for the part on that day, busy or not."""
        return (
            officer.department == party.department
            and officer.district in (None, self.problem.site_by_id[visit.site].district)
            and (officer.id, visit.id) not in self._recused
            and (officer.id, visit.applicant, "applicant") not in self._recused
            and {
                paper.name for paper in officer.certificates if paper.first <= today <= paper.last
            }.issuperset(party.certificates)
        )

    def gaps(self, officer: Officer, visit: Visit, party: Party, day: int) -> tuple[Gap, ...]:
        """Where the officer's day has room for the part, with what it adds to his own cost."""
        spans = self.spans(officer.id, day)
        if not spans or not self._under_caps(officer, party.duration, day):
            return ()
        part = _Part(visit.site, party.duration, day, self._fixed_cost(officer, party.duration))
        if stops := self.stops(officer.id, day):
            return tuple(
                gap
                for before, after in pairwise([None, *stops, None])
                for gap in self._between(officer, before, after, part)
            )
        # Most have nothing to do on most days: who sets out from the same office is alike then.
        like = officer.office, spans, part
        if like not in self._idle:
            self._idle[like] = tuple(self._between(officer, None, None, part))
        return self._idle[like]

    def _between(
        self, officer: Officer, before: Stop | None, after: Stop | None, part: _Part
    ) -> Iterator[Gap]:
        site, duration, day, fixed = part
        spans = self.spans(officer.id, day)
        origin = before.site if before else officer.office
        target = after.site if after else officer.office
        there, back = self.travel(origin, site), self.travel(site, target)
        earliest = before.end + there if before else spans[0][0] + there
        latest = (after.start if after else spans[-1][1]) - back - duration
        if earliest > latest:
            return
        noon = day * self.problem.day_ticks + self.problem.noon
        ride, wait = self._ride_unit, self._wait_unit
        idle = fixed + ride * (there + back)
        if before or after:
            idle -= ride * self.travel(origin, target)
        if before and after and (before.start < noon) == (after.start < noon):
            idle -= wait * (after.start - before.end - self.travel(origin, target))
        room = _Room(earliest, latest, idle, there, back)
        for morning in (True, False):
            yield from self._half(officer, before, after, part, room, morning=morning)

    def _half(
        self,
        officer: Officer,
        before: Stop | None,
        after: Stop | None,
        part: _Part,
        room: _Room,
        *,
        morning: bool,
    ) -> Iterator[Gap]:
        """The gaps that start in one half of the day."""
        duration, wait = part.duration, self._wait_unit
        noon = part.day * self.problem.day_ticks + self.problem.noon
        first, last, cost, there, back = room
        slope = 0
        if morning:
            last = min(last, noon - 1)
        else:
            first = max(first, noon)
        if first > last:
            return
        if before and (before.start < noon) != morning:
            first = max(first, before.end + there + officer.lunch)
        elif before:
            cost -= wait * (before.end + there)
            slope += wait
        if after and (after.start < noon) != morning:
            last = min(last, after.start - duration - back - officer.lunch)
        elif after:
            cost += wait * (after.start - duration - back)
            slope -= wait
        for start, end in self.spans(officer.id, part.day):
            opens, closes = max(first, start), min(last, end - duration)
            if opens <= closes:
                yield Gap(opens, closes, cost, slope)

    def overload_of(self, placement: Placement) -> int:
        """Ticks above their fair shares that the teams of a placement would gain by it."""
        return sum(
            self._overload(officer, stop.end - stop.start) for officer, _, stop in self._stops_of(placement)
        )

    def overload(self) -> int:
        """Ticks of all A posts above their fair shares."""
        return sum(max(0, self._load[officer] - limit) for officer, limit in self._fair_limits.items())

    def _overload(self, officer: Officer, duration: int) -> int:
        if officer.post is Post.SUBSTITUTE:
            return 0
        load, limit = self._load[officer.id], self._fair_limits[officer.id]
        return max(0, load + duration - limit) - max(0, load - limit)

    def _fixed_cost(self, officer: Officer, duration: int) -> int:
        if officer.post is Post.SUBSTITUTE:
            return self._substitute_unit
        return self._load_unit * self._overload(officer, duration) if self._load_unit else 0

    def _under_caps(self, officer: Officer, duration: int, day: int) -> bool:
        if officer.weekly is not None:
            week = self._week_load[officer.id, self._week(day)]
            if week + duration > officer.weekly:
                return False
        if officer.daily is None:
            return True
        load = sum(stop.end - stop.start for stop in self.stops(officer.id, day))
        return load + duration <= officer.daily

    def _stops_of(self, placement: Placement) -> Iterator[tuple[Officer, int, Stop]]:
        visit = self.problem.visit_by_id[placement.visit]
        for party, start, team in zip(visit.parties, placement.starts, placement.teams, strict=True):
            stop = Stop(start, start + party.duration, visit.id, visit.site)
            for officer in team:
                yield self.problem.officer_by_id[officer], start // self.problem.day_ticks, stop

    def _count(self, officer: Officer, day: int, stop: Stop, sign: int) -> None:
        length = sign * (stop.end - stop.start)
        self._load[officer.id] += length
        self._week_load[officer.id, self._week(day)] += length
        if officer.pool is not None:
            morning = stop.start % self.problem.day_ticks < self.problem.noon
            self._out[officer.pool, day, morning][officer.id] += sign

    def _iso_week(self, day: int) -> tuple[int, int]:
        year, week, _ = self.problem.date_of(day).isocalendar()
        return year, week

    def _date_and_kind(self, day: int) -> tuple[date, DayKind]:
        today = self.problem.date_of(day)
        return today, self.problem.calendar.kind(today)

    def _spans(self, officer: str, day: int) -> Spans:
        """The officer's hours, less what calendar and leave take."""
        person, (today, _) = self.problem.officer_by_id[officer], self._day(day)
        away = tuple(leave.part for leave in person.leave if leave.first <= today <= leave.last)
        return self._left(person.hours, away, day)

    def _left_of(self, hours: tuple[DayWindow, ...], away: tuple[DayWindow | None, ...], day: int) -> Spans:
        """What absences leave of these hours; None is a whole day's."""
        problem = self.problem
        if not 0 <= day < problem.days:
            return ()
        _, kind = self._day(day)
        if kind is DayKind.OFF:
            return ()
        absent = [part or DayWindow(start=0, end=problem.day_ticks) for part in away]
        if kind is DayKind.MORNING:
            absent.append(DayWindow(start=problem.noon, end=problem.day_ticks))
        if kind is DayKind.AFTERNOON:
            absent.append(DayWindow(start=0, end=problem.noon))
        free = [(window.start, window.end) for window in hours]
        for gone in absent:
            cut = [
                piece
                for start, end in free
                for piece in ((start, min(end, gone.start)), (max(start, gone.end), end))
            ]
            free = [(start, end) for start, end in cut if start < end]
        midnight = day * problem.day_ticks
        return tuple((midnight + start, midnight + end) for start, end in free)

    @cached_property
    def _working(self) -> dict[str, int]:
        """Ticks that each A post works in all."""
        whole: dict[tuple[object, ...], int] = {}
        found = {}
        for officer in self.problem.officers:
            if officer.post is Post.PRIMARY:
                like = officer.hours, officer.leave
                if like not in whole:
                    days = (self.spans(officer.id, day) for day in range(self.problem.days))
                    whole[like] = sum(end - start for spans in days for start, end in spans)
                found[officer.id] = whole[like]
        return found

    @cached_property
    def _fair_limits(self) -> dict[str, int]:
        problem = self.problem
        demand: Counter[str] = Counter()
        for visit in problem.visits:
            for party in visit.parties:
                demand[party.department] += party.officers * party.duration
        together: Counter[str] = Counter()
        for each, ticks in self._working.items():
            together[problem.officer_by_id[each].department] += ticks
        limits = {}
        for each, ticks in self._working.items():
            department = problem.officer_by_id[each].department
            share = demand[department] * ticks * problem.fair_share
            limits[each] = share // (100 * max(1, together[department]))
        return limits

    @cached_property
    def _recused(self) -> set[tuple[str, ...]]:
        return {
            (each.officer, each.visit) if each.visit else (each.officer, each.applicant or "", "applicant")
            for each in self.problem.recusals
        }

    @cached_property
    def _spot(self) -> dict[str, tuple[float, float]]:
        places: tuple[Office | Site, ...] = (*self.problem.offices, *self.problem.sites)
        return {place.id: (math.radians(place.lon), math.radians(place.lat)) for place in places}

    @cached_property
    def _row(self) -> dict[str, int]:
        assert isinstance(self.problem.travel, Matrix)  # noqa: S101 - asked where the method is chosen
        return {place: row for row, place in enumerate(self.problem.travel.places)}

    def _look_up(self, origin: str, destination: str) -> int:
        assert isinstance(self.problem.travel, Matrix)  # noqa: S101 - asked where the method is chosen
        return self.problem.travel.ticks[self._row[origin]][self._row[destination]]

    def _ride(self, origin: str, destination: str) -> int:
        speed = self.problem.travel
        assert isinstance(speed, Speed)  # noqa: S101 - asked where the method is chosen
        (lon1, lat1), (lon2, lat2) = self._spot[origin], self._spot[destination]
        half_chord = math.sqrt(
            math.sin((lat2 - lat1) / 2) ** 2
            + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
        )
        metres = round(2000 * EARTH_RADIUS_KM * math.asin(half_chord) * speed.detour)
        if metres == 0:
            return 0
        near = min(metres, speed.near_km * 1000)
        minutes = near * 0.06 / speed.kmh + (metres - near) * 0.06 / speed.far_kmh + speed.fixed
        return math.ceil(minutes * self.problem.resolution)


def unit_costs(problem: Problem) -> dict[Term, int]:
    """What one of each term adds to a packed cost; nothing for a term that no level names."""
    unit = dict.fromkeys(Term, 0)
    for rank, level in enumerate(reversed(problem.levels)):
        for term, weight in level.weights.items():
            unit[term] += weight << (LEVEL_BITS * rank)
    return unit


def half_days(problem: Problem, day: int) -> Iterator[tuple[HalfDay, int, int]]:
    """Each half of the day with its first and last tick."""
    midnight = day * problem.day_ticks
    noon, end = midnight + problem.noon, midnight + problem.day_ticks - 1
    yield problem.half_day_of(midnight), midnight, noon - 1
    yield problem.half_day_of(noon), noon, end
