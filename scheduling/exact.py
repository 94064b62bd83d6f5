"""Proofs of optimality and lower bounds by CP-SAT, for problems small enough.

Levels are solved in turn, each with the earlier ones held at their optimum.
"""

import time

from ortools.sat.python import cp_model

from scheduling.checker import check
from scheduling.exact_model import Model
from scheduling.exact_terms import terms_of
from scheduling.plan import Plan
from scheduling.problem import Problem, Record


class Proof(Record, frozen=True, kw_only=True):
    """Lower bounds of the levels in order, how many of them are proven optimal, and the best plan met on the way.

    The bound of a level holds for every plan that is optimal in all levels before it.
    """

    bounds: tuple[int, ...]
    proven: int
    plan: Plan | None


def prove(problem: Problem, *, seconds: float, hint: Plan | None = None, workers: int = 2) -> Proof:
    """Bounds and, time allowing, the optimum. `hint` is a good plan to start from."""
    deadline = time.monotonic() + seconds
    model = Model(problem)
    terms = terms_of(model)
    if hint is not None:
        model.hint(hint)
    bounds: list[int] = []
    plan, proven = hint, 0
    for level in problem.levels:
        goal = sum(weight * terms[term] for term, weight in level.weights.items())
        model.cp.minimize(goal)
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = max(0.1, deadline - time.monotonic())
        solver.parameters.num_workers = workers
        status = solver.solve(model.cp)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            break
        plan = _better(problem, plan, model.plan(solver))
        bounds.append(round(solver.best_objective_bound))
        if status != cp_model.OPTIMAL:
            break
        proven += 1
        model.cp.add(goal <= round(solver.objective_value))
        model.hint(model.plan(solver))
    bounds += [0] * (len(problem.levels) - len(bounds))
    return Proof(bounds=tuple(bounds), proven=proven, plan=plan)


def _better(problem: Problem, old: Plan | None, new: Plan) -> Plan:
    if old is None:
        return new
    return min(old, new, key=lambda plan: check(problem, plan).levels)
