"""What makes one plan better than another: one named term, one function, each a whole number to be kept small."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from scheduling.plan import Placement
from scheduling.problem import Booking, Post, Problem, Term
from scheduling.tours import Leg, Tours

#: A booking moved to another time weighs as much as this many officers replaced in it.
MOVE_WEIGHT = 10

Measure = Callable[[Tours], int]


def unserved(tours: Tours) -> int:
    """Priorities of the visits that have no place."""
    return sum(visit.priority for visit in tours.problem.visits if visit.id not in tours.plan.by_visit)


def lateness(tours: Tours) -> int:
    """Working days after the promised deadline × priority."""
    total = 0
    for placement in tours.plan.placements:
        visit = tours.visit(placement)
        deadline = tours.problem.deadline_of(visit)
        if deadline is not None:
            today = tours.problem.date_of(placement.start // tours.problem.day_ticks)
            days = tours.problem.calendar.working_days_between(deadline, today)
            total += visit.priority * max(0, days)
    return total


def moved(tours: Tours) -> int:
    """Cost of the bookings that changed: `MOVE_WEIGHT` for another time, else one for each officer replaced."""
    return sum(
        booking.cost * _change(booking, tours.plan.by_visit.get(booking.visit))
        for booking in tours.problem.bookings
    )


def _change(booking: Booking, placement: Placement | None) -> int:
    if placement is None or placement.starts[0] != booking.starts[0]:
        return MOVE_WEIGHT
    pairs = zip(placement.teams, booking.teams, strict=True)
    return min(MOVE_WEIGHT, sum(len(set(new) - set(old)) for new, old in pairs))


def substitutes(tours: Tours) -> int:
    """Seats taken by B posts."""
    officers = tours.problem.officer_by_id
    return sum(
        officers[each].post is Post.SUBSTITUTE
        for placement in tours.plan.placements
        for team in placement.teams
        for each in team
    )


def overload(tours: Tours) -> int:
    """On-site ticks of A posts above their fair share of the department's work (see `Problem.fair_share`)."""
    load: Counter[str] = Counter()
    for (officer, _), stops in tours.stops.items():
        load[officer] += sum(stop.end - stop.start for stop in stops)
    limits = fair_limits(tours)
    return sum(max(0, load[officer] - limit) for officer, limit in limits.items())


def fair_limits(tours: Tours) -> dict[str, int]:
    """For each A post: its part of the department's whole demand, by working time, with the tolerance added."""
    problem = tours.problem
    demand: Counter[str] = Counter()
    for visit in problem.visits:
        for party in visit.parties:
            demand[party.department] += party.officers * party.duration
    working = {
        officer.id: sum(
            end - start for day in range(problem.days) for start, end in tours.spans(officer, day)
        )
        for officer in problem.officers
        if officer.post is Post.PRIMARY
    }
    department: Counter[str] = Counter()
    for each, ticks in working.items():
        department[problem.officer_by_id[each].department] += ticks
    return {
        each: demand[name] * ticks * problem.fair_share // (100 * max(1, department[name]))
        for each, ticks in working.items()
        for name in [problem.officer_by_id[each].department]
    }


def _legs(tours: Tours) -> Iterator[Leg]:
    for officer, day in tours.stops:
        yield from tours.legs(officer, day)


def travel(tours: Tours) -> int:
    """Ticks on the road, from the office and back to it included."""
    return sum(leg.travel for leg in _legs(tours))


def _delays(tours: Tours) -> Iterator[int]:
    for placement in tours.plan.placements:
        wanted = tours.visit(placement).wanted
        if wanted is not None:
            yield from (max(0, start - wanted.end) for start in placement.starts)


def tardiness(tours: Tours) -> int:
    """Ticks by which parts begin after the wanted window, summed."""
    return sum(_delays(tours))


def max_tardiness(tours: Tours) -> int:
    return max(_delays(tours), default=0)


def waiting(tours: Tours) -> int:
    """Idle ticks between two visits of the same half-day."""
    return sum(
        leg.after.start - leg.before.end - leg.travel
        for leg in _legs(tours)
        if leg.before
        and leg.after
        and tours.in_morning(leg.before.start) == tours.in_morning(leg.after.start)
    )


def splits(tours: Tours) -> int:
    """Half-days that groups take beyond their first."""
    taken = defaultdict(set)
    for placement in tours.plan.placements:
        group = tours.visit(placement).group
        if group is not None:
            taken[group].add(tours.problem.half_day_of(placement.starts[0]))
    return sum(len(half_days) - 1 for half_days in taken.values())


def disliked(tours: Tours) -> int:
    """Visits outside all their preferred half-days."""
    return sum(
        bool(preferred) and tours.problem.half_day_of(placement.starts[0]) not in preferred
        for placement in tours.plan.placements
        for preferred in [tours.visit(placement).preferred]
    )


MEASURES: dict[Term, Measure] = {
    Term.UNSERVED: unserved,
    Term.LATENESS: lateness,
    Term.MOVED: moved,
    Term.SUBSTITUTES: substitutes,
    Term.OVERLOAD: overload,
    Term.TRAVEL: travel,
    Term.TARDINESS: tardiness,
    Term.MAX_TARDINESS: max_tardiness,
    Term.WAITING: waiting,
    Term.SPLITS: splits,
    Term.DISLIKED: disliked,
}


def level_values(problem: Problem, terms: dict[Term, int]) -> tuple[int, ...]:
    """The plan's worth: compare these tuples, the smaller is the better."""
    return tuple(
        sum(weight * terms[term] for term, weight in level.weights.items()) for level in problem.levels
    )
