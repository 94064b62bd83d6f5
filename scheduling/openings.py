"""Every place that one visit could take in the plan that stands.

Exact: within a half-day an officer's cost is linear in the start between the points where his gaps begin and end, a
team's cost is the least of such sums, hence concave, and so its least value lies at one of those points. They are all
tried; for each, the cheapest team is chosen exactly.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from scheduling.objectives import MOVE_WEIGHT
from scheduling.plan import Placement
from scheduling.problem import HalfDay, Hold, Officer, Post, Problem, Record, Term, Visit
from scheduling.standing import Gap, PoolHalf, Standing, half_days


class Allowance(Record, frozen=True, kw_only=True):
    """How far a search may go: whether B posts may serve, and how many working days after the promise."""

    substitutes: bool = False
    extra_days: int = 0


class Opening(NamedTuple):
    """A place for the visit. `cost` is packed (see `standing`) and compares with other openings of the same visit."""

    cost: int
    half_day: HalfDay
    placement: Placement


class Room(NamedTuple):
    """The officers who have room for a party's part on a day, each with his gaps."""

    officer: Officer
    gaps: tuple[Gap, ...]

    def price(self, start: int) -> int | None:
        prices = [gap.price(start) for gap in self.gaps if gap.first <= start <= gap.last]
        return min(prices, default=None)


class Seat(NamedTuple):
    """A candidate for a party: what he would cost there, and which vehicles he would need a free seat of."""

    party: int
    officer: str
    price: int
    pool: PoolHalf | None


def openings(
    standing: Standing, visit: Visit, allowance: Allowance, *, days: Iterable[int] | None = None
) -> Iterator[Opening]:
    """Each start worth considering with its cheapest team, in the order of time. The visit must not be standing.

    `visit` may differ from the problem's own of that id. `days` narrows the search, else it is the whole horizon.
    """
    for day in range(standing.problem.days) if days is None else days:
        windows = list(start_windows(standing, visit, day, allowance))
        rooms = _rooms(standing, visit, day, allowance) if windows else None
        if rooms is None:
            continue
        for half_day, first, last in windows:
            for start in _worthwhile_starts(standing.problem, visit, rooms, first, last):
                best = _best_at(standing, visit, day, rooms, start)
                if best is not None:
                    yield Opening(best[0], half_day, best[1])


def last_day(problem: Problem, visit: Visit, allowance: Allowance) -> int:
    """The last day of the horizon on which the visit may be held: its promise, with the allowance added."""
    deadline = problem.deadline_of(visit)
    if deadline is None:
        return problem.days - 1
    if allowance.extra_days:
        deadline = problem.calendar.add_working_days(deadline, allowance.extra_days)
    return min(problem.days - 1, (deadline - problem.first_day).days)


def start_windows(
    standing: Standing, visit: Visit, day: int, allowance: Allowance
) -> Iterator[tuple[HalfDay, int, int]]:
    """First and last start in each half of the day that site, promise, order and holds leave open."""
    problem = standing.problem
    site = problem.site_by_id[visit.site]
    today = problem.date_of(day)
    if day > last_day(problem, visit, allowance) or today in site.closed:
        return
    if visit.earliest is not None and today < visit.earliest:
        return
    bounds = _bounds(standing, visit)
    if bounds is None:
        return
    midnight = day * problem.day_ticks
    access = [(midnight + span.start, midnight + span.end) for span in site.access]
    for half_day, opens, closes in half_days(problem, day):
        if half_day in visit.forbidden:
            continue
        for start, end in access or [(opens, closes)]:
            first, last = max(start, opens, bounds[0]), min(end, closes, bounds[1])
            if first <= last:
                yield half_day, first, last


def _bounds(standing: Standing, visit: Visit) -> tuple[int, int] | None:
    """The earliest and latest start that the visit's order, wish and hold allow; None if it cannot be held at all."""
    problem = standing.problem
    first, last = 0, problem.days * problem.day_ticks
    if visit.wanted is not None:
        first = visit.wanted.start
    if visit.after is not None:
        if visit.after not in standing.placements:
            return None
        first = max(first, standing.end_of(standing.placements[visit.after]))
    length = max(party.lag[1] + party.duration for party in visit.parties)
    for other in problem.visits:
        if other.after == visit.id and other.id in standing.placements:
            last = min(last, standing.placements[other.id].start - length)
    booking = problem.booking_by_visit.get(visit.id)
    if booking is not None and booking.hold is not Hold.MOVABLE:
        first, last = max(first, booking.starts[0]), min(last, booking.starts[0])
    return first, last


def _rooms(standing: Standing, visit: Visit, day: int, allowance: Allowance) -> list[list[Room]] | None:
    """For each party, the officers with room that day; None as soon as one party has too few."""
    today = standing.problem.date_of(day)
    unmoved = visit.id not in standing.problem.booking_by_visit
    spare = [len(standing.officers_of[party.department]) - party.officers for party in visit.parties]
    rooms: list[list[Room]] = [[] for _ in visit.parties]
    for index in sorted(range(len(rooms)), key=spare.__getitem__):
        party, here = visit.parties[index], rooms[index]
        most = sum(each.officers for each in visit.parties if each.department == party.department)
        alike: Counter[tuple[tuple[Gap, ...], str | None]] = Counter()
        for officer in standing.officers_of[party.department] if party.officers else ():
            if officer.post is Post.SUBSTITUTE and not allowance.substitutes:
                continue
            if standing.may_take(officer, visit, party, today):
                gaps = standing.gaps(officer, visit, party, day)
                # Of those who have nothing to do and cost the same, no more are looked at than could all come.
                if unmoved and not standing.stops(officer.id, day):
                    alike[gaps, officer.pool] += 1
                    if alike[gaps, officer.pool] > most:
                        continue
                if gaps:
                    here.append(Room(officer, gaps))
        if len(here) < party.officers:
            return None
    return rooms


def _worthwhile_starts(
    problem: Problem, visit: Visit, rooms: Sequence[Sequence[Room]], first: int, last: int
) -> list[int]:
    """The starts on the grid at which the cheapest team may change, in order."""
    points = {first, last}
    for party, room in zip(visit.parties, rooms, strict=True):
        for _, gaps in room:
            points.update(edge - lag for gap in gaps for edge in (gap.first, gap.last) for lag in party.lag)
    grid = problem.grid
    aligned = {tick - tick % grid for tick in points} | {tick + -tick % grid for tick in points}
    booking = problem.booking_by_visit.get(visit.id)
    if booking is not None:
        aligned.add(booking.starts[0])
    return sorted(tick for tick in aligned if first <= tick <= last)


def _best_at(
    standing: Standing, visit: Visit, day: int, rooms: list[list[Room]], start: int
) -> tuple[int, Placement] | None:
    """The cheapest teams when the first party begins at `start`, and the packed cost of the whole visit."""
    best: tuple[int, Placement] | None = None
    for starts in product(*(_party_starts(visit, rooms, index, start) for index in range(len(rooms)))):
        seats = _seats(standing, visit, day, rooms, starts)
        if seats is None:
            continue
        chosen = _cheapest_teams(standing, visit, seats)
        if chosen is not None:
            placement = Placement(visit=visit.id, starts=starts, teams=chosen[1])
            cost = chosen[0] + _visit_cost(standing, visit, placement)
            if best is None or cost < best[0]:
                best = cost, placement
    return best


def _party_starts(visit: Visit, rooms: list[list[Room]], index: int, start: int) -> Iterable[int]:
    lowest, highest = (start + lag for lag in visit.parties[index].lag)
    if lowest == highest:
        return (lowest,)
    edges = {edge for _, gaps in rooms[index] for gap in gaps for edge in (gap.first, gap.last)}
    return sorted({lowest, highest} | {edge for edge in edges if lowest < edge < highest})


def _seats(
    standing: Standing, visit: Visit, day: int, rooms: list[list[Room]], starts: Sequence[int]
) -> list[list[Seat]] | None:
    """For each party its candidates at that start, cheapest first; None if one party has too few."""
    noon = day * standing.problem.day_ticks + standing.problem.noon
    booking = standing.problem.booking_by_visit.get(visit.id)
    unmoved = booking is not None and booking.starts[0] == starts[0]
    seats: list[list[Seat]] = []
    for index, (room, start) in enumerate(zip(rooms, starts, strict=True)):
        here = []
        for candidate in room:
            price = candidate.price(start)
            if price is None:
                continue
            officer = candidate.officer
            if booking is not None and unmoved and officer.id not in booking.teams[index]:
                price += booking.cost * standing.unit[Term.MOVED]
            pool = (officer.pool, day, start < noon) if officer.pool is not None else None
            if pool is not None and standing.is_out(officer.id, pool):
                pool = None
            here.append(Seat(index, officer.id, price, pool))
        if len(here) < visit.parties[index].officers:
            return None
        seats.append(sorted(here, key=lambda seat: (seat.price, seat.officer)))
    return seats


def _cheapest_teams(
    standing: Standing, visit: Visit, seats: list[list[Seat]]
) -> tuple[int, tuple[tuple[str, ...], ...]] | None:
    """The cheapest of each party are the cheapest together, unless two parties or a vehicle contend for them."""
    chosen = [
        seat for here, party in zip(seats, visit.parties, strict=True) for seat in here[: party.officers]
    ]
    demand: dict[PoolHalf, int] = {}
    for seat in chosen:
        if seat.pool is not None:
            demand[seat.pool] = demand.get(seat.pool, 0) + 1
    contended = len({seat.officer for seat in chosen}) < len(chosen)
    if contended or any(count > standing.free_seats(pool) for pool, count in demand.items()):
        found = _contended_teams(standing, visit, seats)
        if found is None:
            return None
        chosen = found
    teams = tuple(
        tuple(seat.officer for seat in chosen if seat.party == index) for index in range(len(visit.parties))
    )
    return sum(seat.price for seat in chosen), teams


def _contended_teams(standing: Standing, visit: Visit, seats: list[list[Seat]]) -> list[Seat] | None:
    """Dynamic programme over the officers: what each party still needs and which seats are taken → cheapest so far."""
    offers: dict[str, list[Seat]] = {}
    for here in seats:
        for seat in here:
            offers.setdefault(seat.officer, []).append(seat)
    pools = sorted({seat.pool for here in seats for seat in here if seat.pool is not None})
    free = [standing.free_seats(pool) for pool in pools]
    needs = tuple(party.officers for party in visit.parties)
    last_offer = {seat.party: officer for officer in offers for seat in offers[officer]}
    states: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[int, list[Seat]]]
    states = {(needs, (0,) * len(pools)): (0, [])}
    for officer, options in offers.items():
        reached = dict(states)
        for (need, taken), (cost, team) in states.items():
            for seat in options:
                at = pools.index(seat.pool) if seat.pool is not None else None
                if need[seat.party] == 0 or (at is not None and taken[at] >= free[at]):
                    continue
                key = _less(need, seat.party), taken if at is None else _more(taken, at)
                if key not in reached or cost + seat.price < reached[key][0]:
                    reached[key] = cost + seat.price, [*team, seat]
        closed = [party for party, last in last_offer.items() if last == officer]
        states = {key: value for key, value in reached.items() if not any(key[0][party] for party in closed)}
    return min(states.values(), key=lambda value: value[0], default=(0, None))[1]


def _less(row: tuple[int, ...], at: int) -> tuple[int, ...]:
    return (*row[:at], row[at] - 1, *row[at + 1 :])


def _more(row: tuple[int, ...], at: int) -> tuple[int, ...]:
    return (*row[:at], row[at] + 1, *row[at + 1 :])


def _visit_cost(standing: Standing, visit: Visit, placement: Placement) -> int:
    """What depends on the visit's time alone."""
    problem, unit = standing.problem, standing.unit
    half_day = problem.half_day_of(placement.starts[0])
    cost = unit[Term.DISLIKED] * (bool(visit.preferred) and half_day not in visit.preferred)
    deadline = problem.deadline_of(visit)
    if deadline is not None and half_day.day > deadline:
        late = problem.calendar.working_days_between(deadline, half_day.day)
        cost += unit[Term.LATENESS] * visit.priority * late
    if visit.wanted is not None:
        delays = [max(0, start - visit.wanted.end) for start in placement.starts]
        cost += unit[Term.TARDINESS] * sum(delays)
        cost += unit[Term.MAX_TARDINESS] * max(0, max(delays) - _longest_delay(standing))
    if visit.group is not None:
        taken = half_days_of_group(standing, visit)
        cost += unit[Term.SPLITS] * (bool(taken) and half_day not in taken)
    booking = problem.booking_by_visit.get(visit.id)
    if booking is not None and booking.starts[0] != placement.starts[0]:
        cost += unit[Term.MOVED] * booking.cost * MOVE_WEIGHT
    return cost


def _longest_delay(standing: Standing) -> int:
    visits = standing.problem.visit_by_id
    return max(
        (
            start - wanted.end
            for placement in standing.placements.values()
            if (wanted := visits[placement.visit].wanted) is not None
            for start in placement.starts
        ),
        default=0,
    )


def half_days_of_group(standing: Standing, visit: Visit) -> set[HalfDay]:
    """Where the other visits of the same group stand."""
    return {
        standing.problem.half_day_of(placement.starts[0])
        for placement in standing.placements.values()
        if visit.group is not None and standing.problem.visit_by_id[placement.visit].group == visit.group
    }


def fits(standing: Standing, placement: Placement, allowance: Allowance) -> bool:
    """Whether the placement could be put into the plan as it is."""
    problem = standing.problem
    visit = problem.visit_by_id[placement.visit]
    day = placement.start // problem.day_ticks
    windows = start_windows(standing, visit, day, allowance)
    if not any(first <= placement.starts[0] <= last for _, first, last in windows):
        return False
    noon = day * problem.day_ticks + problem.noon
    riders: dict[PoolHalf, int] = {}
    for party, start, team in zip(visit.parties, placement.starts, placement.teams, strict=True):
        for each in team:
            officer = problem.officer_by_id[each]
            gaps = standing.gaps(officer, visit, party, day)
            if not standing.may_take(officer, visit, party, problem.date_of(day)) or not any(
                gap.first <= start <= gap.last for gap in gaps
            ):
                return False
            if officer.pool is not None:
                key = officer.pool, day, start < noon
                riders[key] = riders.get(key, 0) + (not standing.is_out(each, key))
    return all(count <= standing.free_seats(key) for key, count in riders.items() if count)
