"""Lower bounds of each term and of each level, for plans that serve every visit that can be served at all.

Every bound relaxes the problem: visits do not meet each other (lateness, substitutes), only those of a group do
(splits), departments do not wait for each other (travel, see `tour_bound.py`), or their officers have no names (levels
of small problems, see `joint_bound.py`).
"""

from collections.abc import Callable, Iterator

from scheduling.joint_bound import least_together
from scheduling.objectives import MEASURES
from scheduling.problem import Problem, Term
from scheduling.search import model as at
from scheduling.search.compile import Compiled, compile_problem
from scheduling.search.jit import Ints
from scheduling.tour_bound import least_travel


def lower_bounds(problem: Problem) -> dict[Term, int]:
    """No plan that serves as many visits has less of a term; terms without a bound of their own are 0."""
    *_, bounds = rising_bounds(compile_problem(problem))
    return bounds


def level_bounds(problem: Problem, *, seconds: float) -> tuple[int, ...]:
    """No plan that serves as many visits has less of a level. `seconds` bound the search for each."""
    *_, bounds = rising_level_bounds(compile_problem(problem), seconds=seconds)
    return bounds


def rising_level_bounds(
    compiled: Compiled, *, seconds: float, stopped: Callable[[], bool] = lambda: False
) -> Iterator[tuple[int, ...]]:
    """The bounds of the levels as they become known: term by term, then level by level of all departments together."""
    levels = compiled.problem.levels
    best = [0] * len(levels)
    for terms in rising_bounds(compiled, stopped=stopped):
        best = [sum(weight * terms[term] for term, weight in level.weights.items()) for level in levels]
        yield tuple(best)
    for rank, level in enumerate(levels):
        if not terms[Term.UNSERVED] and not stopped():
            for bound in least_together(compiled, level.weights, seconds=seconds, stopped=stopped):
                best[rank] = max(best[rank], bound)
                yield tuple(best)


def rising_bounds(
    compiled: Compiled, *, stopped: Callable[[], bool] = lambda: False
) -> Iterator[dict[Term, int]]:
    """The bounds as they become known: those that take no time, then travel, one department after the other."""
    bounds = _quick_bounds(compiled)
    yield bounds
    if not bounds[Term.UNSERVED]:
        for ticks in least_travel(compiled, stopped=stopped):
            bounds = bounds | {Term.TRAVEL: bounds[Term.TRAVEL] + ticks}
            yield bounds


def hopeless(problem: Problem) -> tuple[str, ...]:
    """The visits that could not be held even if they had everybody to themselves."""
    compiled = compile_problem(problem)
    return tuple(
        visit.id for number, visit in enumerate(problem.visits) if not _possible_days(compiled, number)
    )


def _possible_days(compiled: Compiled, visit: int) -> list[int]:
    return [
        day
        for day in range(compiled.problem.days)
        if _windows(compiled, visit, day) and _missing(compiled, visit, day) is not None
    ]


def _quick_bounds(compiled: Compiled) -> dict[Term, int]:
    problem = compiled.problem
    bounds = dict.fromkeys(MEASURES, 0)
    for number in range(len(problem.visits)):
        days = [day for day in range(problem.days) if _windows(compiled, number, day)]
        costs = [_late(compiled, number, day) for day in _possible_days(compiled, number)]
        if not costs:
            bounds[Term.UNSERVED] += problem.visits[number].priority
            continue
        bounds[Term.LATENESS] += min(costs)
        bounds[Term.SUBSTITUTES] += min(
            missing for day in days for missing in [_missing(compiled, number, day)] if missing is not None
        )
    if not bounds[Term.UNSERVED]:
        bounds[Term.SPLITS] = sum(
            _least_half_days(compiled, members) - 1 for members in _groups(problem).values()
        )
    return bounds


def _groups(problem: Problem) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for number, visit in enumerate(problem.visits):
        if visit.group is not None:
            groups.setdefault(visit.group, []).append(number)
    return groups


def _least_half_days(compiled: Compiled, members: list[int]) -> int:
    """Half-days that a group takes at least: visits in order share one only if they fit behind each other in it."""
    problem = compiled.problem
    after = {problem.visits[number].after: number for number in members}
    least = 1
    for number in members:
        chain: list[int] = [number] if problem.visits[number].after is None else []
        while chain and problem.visits[chain[-1]].id in after:
            chain.append(after[problem.visits[chain[-1]].id])
        least = max(least, _half_days_of(compiled, chain))
    return least


def _half_days_of(compiled: Compiled, chain: list[int]) -> int:
    """As many visits as fit into a half-day, then the next ones into another."""
    taken, ready = 1, [0, 0]
    for number in chain:
        visit = compiled.problem.visits[number]
        first, last = _half_day_starts(compiled, number)
        longest = max(party.lag[0] + party.duration for party in visit.parties)
        ends = [max(ready[half], first[half]) + longest for half in range(2)]
        fits = [max(ready[half], first[half]) <= last[half] for half in range(2)]
        if not any(fits):
            taken += 1
            ends, fits = [first[half] + longest for half in range(2)], [True, True]
        ready = [end if fit else at.FAR for end, fit in zip(ends, fits, strict=True)]
    return taken


def _half_day_starts(compiled: Compiled, visit: int) -> tuple[list[int], list[int]]:
    """The first and the last start that the visit has in each half of any day."""
    noon = compiled.problem.noon
    first, last = [at.FAR, at.FAR], [-1, -1]
    for day in range(compiled.problem.days):
        for start, end in _windows(compiled, visit, day):
            for half, (low, high) in enumerate(((0, noon - 1), (noon, at.FAR))):
                if max(start, low) <= min(end, high):
                    first[half] = min(first[half], max(start, low))
                    last[half] = max(last[half], min(end, high))
    return first, last


def _windows(compiled: Compiled, visit: int, day: int) -> list[tuple[int, int]]:
    m = compiled.m
    row = visit * compiled.problem.days + day
    spot = int(m[at.WINDOW]) + row * int(m[at.SPANS]) * 2
    ends = range(spot, spot + 2 * int(m[m[at.WINDOW_COUNT] + row]), 2)
    return [(int(m[end]), int(m[end + 1])) for end in ends]


def _late(compiled: Compiled, visit: int, day: int) -> int:
    m = compiled.m
    return int(m[m[at.LATE] + visit * m[at.DAYS] + day])


def _missing(compiled: Compiled, visit: int, day: int) -> int | None:
    """How many B posts the visit needs on that day even if it had everyone to itself; None if it cannot be held."""
    m = compiled.m
    officers, days = int(m[at.OFFICERS]), int(m[at.DAYS])

    def row(name: int, number: int) -> Ints:
        return m[m[name] + number * officers : m[name] + (number + 1) * officers]

    at_work = m[m[at.SPAN_COUNT] + day : m[at.SPAN_COUNT] + officers * days : days] > 0
    free = at_work & (row(at.BARRED, visit) == 0)
    primary = row(at.SUBSTITUTE, 0) == 0
    needed = 0
    first, last = (int(m[m[at.VISIT_NODES] + visit + end]) for end in (0, 1))
    for party in range(int(m[m[at.NODE_PARTIES] + first]), int(m[m[at.NODE_PARTIES] + last])):
        seats = int(m[m[at.PARTY_TASKS] + party + 1] - m[m[at.PARTY_TASKS] + party])
        able = free & (row(at.ABLE, int(m[m[at.PARTY_CLASS] + party]) * days + day) == 1)
        if able.sum() < seats:
            return None
        needed += max(0, seats - int((able & primary).sum()))
    return needed
