"""Lower bounds of each term, for plans that serve every visit that can be served at all.

Every bound relaxes the problem: visits do not meet each other (lateness, substitutes), or departments do not wait for
each other (travel, see `tour_bound.py`).
"""

from scheduling.objectives import MEASURES
from scheduling.problem import Post, Problem, Term
from scheduling.search import model as at
from scheduling.search.compile import Compiled, compile_problem
from scheduling.search.load import may_serve
from scheduling.tour_bound import least_travel


def lower_bounds(problem: Problem) -> dict[Term, int]:
    """No plan that serves as many visits has less of a term; terms without a bound of their own are 0."""
    compiled = compile_problem(problem)
    bounds = dict.fromkeys(MEASURES, 0)
    for number in range(len(problem.visits)):
        days = [day for day in range(problem.days) if _window_count(compiled, number, day)]
        costs = [_late(compiled, number, day) for day in days if _missing(compiled, number, day) is not None]
        if not costs:
            bounds[Term.UNSERVED] += problem.visits[number].priority
            continue
        bounds[Term.LATENESS] += min(costs)
        bounds[Term.SUBSTITUTES] += min(
            missing for day in days for missing in [_missing(compiled, number, day)] if missing is not None
        )
    if not bounds[Term.UNSERVED]:
        bounds[Term.TRAVEL] = least_travel(compiled)
    return bounds


def _window_count(compiled: Compiled, visit: int, day: int) -> int:
    m = compiled.m
    return int(m[m[at.WINDOW_COUNT] + visit * m[at.DAYS] + day])


def _late(compiled: Compiled, visit: int, day: int) -> int:
    m = compiled.m
    return int(m[m[at.LATE] + visit * m[at.DAYS] + day])


def _missing(compiled: Compiled, visit: int, day: int) -> int | None:
    """How many B posts the visit needs on that day even if it had everyone to itself; None if it cannot be held."""
    m, problem = compiled.m, compiled.problem
    needed = 0
    first, last = (int(m[m[at.VISIT_NODES] + visit + end]) for end in (0, 1))
    for party in range(int(m[m[at.NODE_PARTIES] + first]), int(m[m[at.NODE_PARTIES] + last])):
        task, after = (int(m[m[at.PARTY_TASKS] + party + end]) for end in (0, 1))
        able = [each for each in range(len(problem.officers)) if may_serve(compiled, task, day, each)]
        primaries = sum(problem.officers[each].post is Post.PRIMARY for each in able)
        if len(able) < after - task:
            return None
        needed += max(0, after - task - primaries)
    return needed
