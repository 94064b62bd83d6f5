"""A lower bound of travel: for each department by itself, the cheapest day tours that give every visit its team.

Dropping what joins the departments (everyone at the same time) leaves a covering problem over tours, whose linear
relaxation is solved by column generation (Desaulniers, Desrosiers and Solomon 2005). Tours keep opening times, working
hours, lunch and the days on which a visit may be held; they may be driven by anyone from the nearest office.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from ortools.linear_solver import pywraplp

from scheduling.problem import Problem
from scheduling.search import model as at
from scheduling.search.compile import Compiled
from scheduling.search.jit import Floats, Ints, kernel

#: More visits than any officer's day holds.
DEEPEST = 12
#: Tours that one round of pricing brings in, at most.
COLUMNS = 400
EPSILON = 1e-6
#: Steps of one round of pricing, at most: where tours are so many, there is no bound.
MOST_STEPS = 30_000_000
SECONDS_EACH = 6.0


@dataclass(frozen=True)
class Department:
    """One department's work. Row and column 0 of `travel` are the office, i + 1 the i-th visit."""

    needed: list[int]
    duration: Ints
    travel: Ints
    windows: Ints  # [visit, k, 2]
    days: Ints  # bit of each day on which the visit may be held
    spans: Ints  # [k, 2]
    lunch: int
    noon: int


def least_travel(compiled: Compiled, *, stopped: Callable[[], bool] = lambda: False) -> Iterator[int]:
    """For each department, its ticks on the road in any plan that serves every visit."""
    names = sorted({party.department for visit in compiled.problem.visits for party in visit.parties})
    for name in names:
        yield _bound(_department(compiled, name), stopped)


def _department(compiled: Compiled, name: str) -> Department:
    problem, m = compiled.problem, compiled.m
    officers = [number for number, each in enumerate(problem.officers) if each.department == name]
    held = [
        (number, [party for party in visit.parties if party.department == name])
        for number, visit in enumerate(problem.visits)
    ]
    held = [(number, parties) for number, parties in held if parties]
    sites = [int(m[m[at.SITE] + number]) for number, _ in held]
    offices = sorted({int(m[m[at.OFFICE] + each]) for each in officers})
    travel = np.zeros((len(held) + 1, len(held) + 1), np.int64)
    travel[1:, 1:] = compiled.tt[np.ix_(sites, sites)]
    travel[0, 1:] = compiled.tt[np.ix_(offices, sites)].min(axis=0)
    travel[1:, 0] = compiled.tt[np.ix_(sites, offices)].min(axis=1)
    windows, days = zip(*(_windows(compiled, number) for number, _ in held), strict=True)
    widest = max(1, *(len(each) for each in windows))
    block = np.full((len(held), widest, 2), -1, np.int64)
    for row, each in enumerate(windows):
        block[row, : len(each)] = np.array(each).reshape(-1, 2)
    return Department(
        needed=[sum(party.officers for party in parties) for _, parties in held],
        duration=np.array([min(party.duration for party in parties) for _, parties in held], np.int64),
        travel=travel,
        windows=block,
        days=np.array(days, np.int64),
        spans=_spans(problem, officers),
        lunch=min(problem.officers[each].lunch for each in officers),
        noon=problem.noon,
    )


def _windows(compiled: Compiled, visit: int) -> tuple[list[tuple[int, int]], int]:
    """Every span of starts that the visit has on some day, and the days as bits."""
    m, spans, days = compiled.m, set(), 0
    for day in range(compiled.problem.days):
        row = visit * compiled.problem.days + day
        for span in range(int(m[m[at.WINDOW_COUNT] + row])):
            spot = int(m[at.WINDOW]) + (row * int(m[at.SPANS]) + span) * 2
            spans.add((int(m[spot]), int(m[spot + 1])))
            days |= 1 << day
    return sorted(spans), days


def _spans(problem: Problem, officers: list[int]) -> Ints:
    """The working spans, where all have the same; else the day from the first start to the last end."""
    hours = {problem.officers[each].hours for each in officers}
    if len(hours) == 1:
        return np.array([(span.start, span.end) for span in hours.pop()], np.int64)
    every = [span for each in hours for span in each]
    return np.array([(min(span.start for span in every), max(span.end for span in every))], np.int64)


def _bound(work: Department, stopped: Callable[[], bool]) -> int:
    """The value of the covering program, made safe by what pricing may still have missed."""
    solver = pywraplp.Solver.CreateSolver("GLOP")
    rows = [solver.Constraint(float(needed), solver.infinity()) for needed in work.needed]
    objective = solver.Objective()
    objective.SetMinimization()

    def add(tour: list[int]) -> None:
        column = solver.NumVar(0, solver.infinity(), "")
        stops = [0, *(visit + 1 for visit in tour), 0]
        objective.SetCoefficient(column, float(sum(work.travel[a, b] for a, b in pairwise(stops))))
        for visit in tour:
            rows[visit].SetCoefficient(column, 1.0)

    for visit in range(len(rows)):
        add([visit])
    tours = np.zeros((COLUMNS, DEEPEST), np.int64)
    best = 0.0
    began = time.monotonic()
    while True:
        solver.Solve()
        duals = np.array([row.dual_value() for row in rows])
        count, least = _price(
            work.duration,
            work.travel,
            work.windows,
            work.days,
            work.spans,
            work.lunch,
            work.noon,
            duals,
            tours,
        )
        # At most as many tours as seats are driven: none can gain more than `least`.
        best = max(best, float(duals @ np.array(work.needed)) + min(0.0, least) * sum(work.needed))
        if count == 0 or stopped() or time.monotonic() - began > SECONDS_EACH:
            return int(np.ceil(best - 1e-3))
        for tour in tours[:count]:
            add([int(visit) for visit in tour if visit >= 0])


@kernel
def _start(windows: Ints, spans: Ints, visit: int, duration: int, ready: int) -> int:
    """The earliest start from `ready` on that the site and the working hours allow, or FAR."""
    start = ready
    while True:
        tried = start
        found = False
        for k in range(windows.shape[1]):
            if windows[visit, k, 0] >= 0 and start <= windows[visit, k, 1]:
                start = max(start, windows[visit, k, 0])
                found = True
                break
        if not found:
            return at.FAR
        found = False
        for k in range(spans.shape[0]):
            begin = max(start, spans[k, 0])
            if begin + duration <= spans[k, 1]:
                start = begin
                found = True
                break
        if not found:
            return at.FAR
        if start == tried:
            return start


@kernel
def _price(
    duration: Ints,
    travel: Ints,
    windows: Ints,
    days: Ints,
    spans: Ints,
    lunch: int,
    noon: int,
    duals: Floats,
    tours: Ints,
) -> tuple[int, float]:
    """Writes tours that cost less than their duals; returns how many, and the least difference of all tours."""
    visits = duration.shape[0]
    opening, closing = spans[0, 0], spans[-1, 1]
    path = np.zeros(DEEPEST + 1, np.int64)
    following = np.zeros(DEEPEST + 1, np.int64)
    ends = np.zeros(DEEPEST + 1, np.int64)
    starts = np.zeros(DEEPEST + 1, np.int64)
    shared = np.full(DEEPEST + 1, -1, np.int64)
    reduced = np.zeros(DEEPEST + 1)
    ends[0] = opening
    starts[0] = noon  # nobody lunches before the first visit
    count, least, depth = 0, 0.0, 0
    worst_kept, steps = 0.0, 0
    while depth >= 0:
        steps += 1
        if steps > MOST_STEPS:
            return 0, -np.inf
        visit = following[depth]
        following[depth] += 1
        if visit >= visits:
            depth -= 1
            continue
        if duals[visit] <= 0.0 or (shared[depth] & days[visit]) == 0:
            continue
        repeated = False
        for before in range(1, depth + 1):
            repeated = repeated or path[before] == visit
        if repeated:
            continue
        here = path[depth] + 1 if depth > 0 else 0
        ready = ends[depth] + travel[here, visit + 1]
        begin = _start(windows, spans, visit, duration[visit], ready)
        if starts[depth] < noon <= begin < at.FAR:
            begin = _start(windows, spans, visit, duration[visit], ready + lunch)
        if begin >= at.FAR or begin + duration[visit] + travel[visit + 1, 0] > closing:
            continue
        deeper = depth + 1
        path[deeper] = visit
        starts[deeper] = begin
        ends[deeper] = begin + duration[visit]
        shared[deeper] = shared[depth] & days[visit]
        reduced[deeper] = reduced[depth] + travel[here, visit + 1] - duals[visit]
        gain = reduced[deeper] + travel[visit + 1, 0]
        least = min(least, gain)
        if gain < -EPSILON and (count < COLUMNS or gain < worst_kept):
            # A full list gives up places in turn: any good tour will do.
            slot = count if count < COLUMNS else (visit * 31 + path[1] * 7 + deeper) % COLUMNS
            count = min(COLUMNS, count + 1)
            for k in range(DEEPEST):
                tours[slot, k] = path[k + 1] if k < deeper else -1
            worst_kept = min(worst_kept, gain * 0.5)
        if deeper < DEEPEST:
            depth = deeper
            following[depth] = 0
    return count, least
