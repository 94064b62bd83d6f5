"""Plain CP-SAT: the whole problem as one model (circuits of each officer, as in `scheduling.exact`), one weighted sum.

Leaves nothing out. Too many arcs to build are given up beforehand: the solver would not have started within its time.
"""

import time
from collections import Counter

from ortools.sat.python import cp_model

from bench.scheduling.city import COST, UNITS, UNSERVED
from scheduling.exact_model import Model
from scheduling.exact_terms import terms_of
from scheduling.plan import Plan
from scheduling.problem import Problem, Term

#: One unserved visit against the city's cost, in the city's units.
WEIGHTS = {Term.UNSERVED: UNITS * UNSERVED, **COST}
#: Arcs of a model that is built in less than a minute here.
MOST_ARCS = 400_000


def solve(problem: Problem, *, seconds: float, workers: int) -> Plan:
    started = time.monotonic()
    if _arcs(problem) > MOST_ARCS:
        return Plan()
    model = Model(problem)
    terms = terms_of(model)
    model.cp.minimize(sum(weight * terms[term] for term, weight in WEIGHTS.items()))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(1.0, seconds - (time.monotonic() - started))
    solver.parameters.num_workers = workers
    status = solver.solve(model.cp)
    return model.plan(solver) if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else Plan()


def _arcs(problem: Problem) -> int:
    visits = Counter(party.department for visit in problem.visits for party in visit.parties)
    return sum(2 * visits[officer.department] ** 2 for officer in problem.officers)
