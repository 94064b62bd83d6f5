"""Solving: a constructive first plan, then annealing from it, a chain on each worker. Anytime, repeatable, cancellable.

The kernels of `search/` run without the interpreter's lock, so chains are threads over states of their own.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Thread

import msgspec
import numpy as np

from scheduling.bounds import rising_level_bounds
from scheduling.checker import Report, check
from scheduling.objectives import level_values
from scheduling.plan import Plan, booked_plan
from scheduling.problem import Hold, Officer, Problem, Record, Site, Term, Visit
from scheduling.search import model as at
from scheduling.search.anneal import anneal, construct
from scheduling.search.compile import Compiled, compile_problem, scarcities
from scheduling.search.jit import Floats, Ints
from scheduling.search.load import load_plan
from scheduling.search.weights import trade_weights

#: Ticks between the moments that insertion tries, in minutes.
STEP_MINUTES = 15


@dataclass(frozen=True)
class Cooling:
    """How chains anneal. Temperatures are shares of the mean travel time, from and to.

    While `open`, levels may be traded for each other (`weights.TRADE`); then every chain goes on from the best plan of
    all, and an earlier level is never given up again. `rates` are the cumulated shares of relocate, exchange and swap,
    the rest being ruin-and-recreate, of `largest` visits at most.
    """

    open: tuple[float, float]
    strict: tuple[float, float]
    rates: tuple[float, float, float]
    largest: int = 6


#: Measured on the home-care benchmark and on city instances (docs/scheduling.md): where late starts are merely tardy,
#: and where they are forbidden. There, whole teams must move at once, which swaps and ruin-and-recreate do.
ELASTIC = Cooling(open=(2.2, 0.012), strict=(0.012, 0.002), rates=(0.3, 0.97, 0.97))
RIGID = Cooling(open=(6.0, 0.2), strict=(0.1, 0.002), rates=(0.3, 0.4, 0.7), largest=4)
#: As long as visits have no place, nothing but ruin-and-recreate, up to this share of the budget.
FILLING = np.zeros(3)
FILLING_SHARE = 0.1
#: A call into the kernels takes about this long: the delay of a cancellation, and of the clock.
CALL_SECONDS = 0.1
#: The share of the budget in which levels may be traded.
OPEN_SHARE = 0.7
FIRST_CALL_MOVES = 200
#: Up to this many visits, travel is bounded while the search goes on: beyond, it would take the search's time.
MOST_BOUNDED = 120
#: As long may the bound of a level be raised.
MOST_SECONDS_BOUNDED = 60.0


class Budget(Record, frozen=True, kw_only=True):
    """What a solve may spend. `moves` of each worker instead of `seconds` make it repeatable to the byte.

    `megabytes` are for the arrays of the search: workers that they do not hold are not started, one always is.
    """

    seconds: float | None = 10.0
    moves: int | None = None
    workers: int = 1
    megabytes: int | None = None


TEN_SECONDS = Budget()


class Progress(Record, frozen=True, kw_only=True):
    """`levels` are those of the best plan so far, in the order of importance; no plan that serves as much is below
    `bounds`, level by level, as far as they are known yet.
    """

    seconds: float
    moves: int
    levels: tuple[int, ...]
    served: int
    bounds: tuple[int, ...] = ()

    @property
    def gap(self) -> float | None:
        """How far the first level that is not proven lies above its bound, as a share of its value; 0: all proven."""
        if not self.bounds:
            return None
        above = (
            (level - bound) / level
            for level, bound in zip(self.levels, self.bounds, strict=True)
            if level > bound
        )
        return next(above, 0.0)


class Solution(Record, frozen=True, kw_only=True):
    """A plan with the independent checker's report, and how it was found."""

    plan: Plan
    report: Report
    first_plan_seconds: float
    seconds: float
    moves: int
    cancelled: bool
    trace: tuple[Progress, ...]


@dataclass
class Chain:
    """One annealing chain: its present state, its best, and how many moves fit into a call."""

    state: Ints
    best: Ints
    call: int = FIRST_CALL_MOVES
    moves: int = 0


@dataclass
class Search:
    """A solve under way."""

    compiled: Compiled
    budget: Budget
    chains: list[Chain]
    trade: Floats
    started: float = field(default_factory=time.monotonic)
    bounds: tuple[int, ...] = ()
    ended: bool = False

    def seconds(self) -> float:
        return time.monotonic() - self.started

    def spent(self) -> float:
        """Share of the budget that is used up."""
        if self.budget.moves is not None:
            return self.chains[0].moves / self.budget.moves if self.budget.moves else 1.0
        return self.seconds() / max(1e-9, self.budget.seconds or 0.0)

    def best(self) -> Ints:
        return min((chain.best for chain in self.chains), key=self.cost)

    def cost(self, state: Ints) -> float:
        return float(self.compiled.weights[: at.N_TERMS] @ terms_of(state))

    def progress(self) -> Progress:
        best = self.best()
        return Progress(
            seconds=self.seconds(),
            moves=sum(chain.moves for chain in self.chains),
            levels=self.levels(best),
            served=int(len(self.compiled.problem.visits) - best[best[at.OPEN_COUNT]]),
            bounds=self.bounds,
        )

    def levels(self, state: Ints) -> tuple[int, ...]:
        terms = dict(zip(Term, (int(term) for term in terms_of(state)), strict=True))
        return level_values(self.compiled.problem, terms)

    def find_bounds(self) -> None:
        """Raises `bounds` until all are known or the solve has ended."""
        rising = rising_level_bounds(self.compiled, seconds=MOST_SECONDS_BOUNDED, stopped=lambda: self.ended)
        for bounds in rising:
            self.bounds = bounds
            if self.ended or len(self.compiled.problem.visits) > MOST_BOUNDED:
                return


def terms_of(state: Ints) -> Ints:
    return state[state[at.TERMS] : state[at.TERMS] + at.N_TERMS]


def solve(
    problem: Problem,
    *,
    budget: Budget = TEN_SECONDS,
    seed: int = 0,
    start: Plan | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Solution:
    """The best plan that the budget finds, from `start` and the bookings that stand.

    `cancelled` is asked about ten times a second; when it says so, the best plan so far is returned. The same problem,
    seed and budget of moves give the same plan.
    """
    began = time.monotonic()
    problem = in_order(problem)
    compiled = compile_problem(problem)
    first = first_state(compiled, seed=seed, start=start)
    first_plan_seconds = time.monotonic() - began
    chains = []
    for worker in range(_workers(budget, first)):
        state = first.copy()
        state[state[at.RANDOM]] = compiled.empty_state(seed * 1000 + worker)[state[at.RANDOM]]
        chains.append(Chain(state=state, best=state.copy()))
    search = Search(compiled, budget, chains, trade_weights(problem), began)
    trace = [search.progress()]
    if on_progress and compiled.strict and budget.moves is None:
        Thread(target=search.find_bounds, daemon=True).start()
    stopped = _improve(search, trace, on_progress, cancelled) if problem.visits else False
    search.ended = True
    plan = compiled.plan(search.best())
    return Solution(
        plan=plan,
        report=check(problem, plan),
        first_plan_seconds=first_plan_seconds,
        seconds=search.seconds(),
        moves=sum(chain.moves for chain in chains),
        cancelled=stopped,
        trace=tuple(trace),
    )


def _workers(budget: Budget, state: Ints) -> int:
    """As many as were asked for, if the memory holds their present and best states."""
    if budget.megabytes is None:
        return max(1, budget.workers)
    return max(1, min(budget.workers, budget.megabytes * 1_000_000 // (2 * state.nbytes)))


def in_order(problem: Problem) -> Problem:
    """The same problem, sorted by ids: the order in which it was written does not change its plan."""

    def by_id(each: Site | Officer | Visit) -> str:
        return each.id

    return msgspec.structs.replace(
        problem,
        sites=tuple(sorted(problem.sites, key=by_id)),
        officers=tuple(sorted(problem.officers, key=by_id)),
        visits=tuple(sorted(problem.visits, key=by_id)),
        bookings=tuple(sorted(problem.bookings, key=lambda each: each.visit)),
    )


def _improve(
    search: Search,
    trace: list[Progress],
    on_progress: Callable[[Progress], None] | None,
    cancelled: Callable[[], bool],
) -> bool:
    """Anneals until the budget is spent; True if it was cancelled before."""
    gathered = False
    with ThreadPoolExecutor(len(search.chains)) as pool:
        while search.spent() < 1.0:
            if cancelled():
                return True
            share = search.spent()
            if share >= OPEN_SHARE and not gathered:
                gathered = True
                _gather(search)
            list(pool.map(partial(_call, search, share), search.chains))
            now = search.progress()
            if now.levels < trace[-1].levels:
                trace.append(now)
            if on_progress:
                on_progress(now)
    return False


def _gather(search: Search) -> None:
    """Every chain goes on from the best plan of all, with its own random numbers."""
    best = search.best().copy()
    for chain in search.chains:
        chain.best[: best[at.QUEUE]] = best[: best[at.QUEUE]]
        chain.state[: best[at.QUEUE]] = best[: best[at.QUEUE]]


def _call(search: Search, share: float, chain: Chain) -> None:
    """One call into the kernels, of a length that keeps cancellation prompt."""
    compiled, budget = search.compiled, search.budget
    cooling = RIGID if compiled.strict else ELASTIC
    if share < OPEN_SHARE:
        weights, (hot, cold), spent = search.trade, cooling.open, share / OPEN_SHARE
    else:
        weights, (hot, cold), spent = (
            compiled.weights,
            cooling.strict,
            (share - OPEN_SHARE) / (1 - OPEN_SHARE),
        )
    unit = max(1.0, float(compiled.tt.mean())) * weights[at.T_TRAVEL]
    temperature = max(unit * hot * (cold / hot) ** min(1.0, spent), 1e-9)
    filling = share < FILLING_SHARE and chain.best[chain.best[at.OPEN_COUNT]] > 0
    moves = chain.call if budget.moves is None else min(FIRST_CALL_MOVES * 4, budget.moves - chain.moves)
    began = time.thread_time()
    anneal(
        compiled.m,
        chain.state,
        compiled.tt,
        weights.copy(),  # its tail is scratch, and chains run side by side
        compiled.weights,
        chain.best,
        moves,
        temperature,
        STEP_MINUTES * compiled.problem.resolution,
        FILLING if filling else np.array(cooling.rates),
        cooling.largest,
        compiled.strict,
    )
    chain.moves += moves
    took = time.thread_time() - began
    if took < CALL_SECONDS / 2:
        chain.call *= 2
    elif took > CALL_SECONDS:
        chain.call = max(1, chain.call // 2)


def first_state(compiled: Compiled, *, seed: int, start: Plan | None) -> Ints:
    """Bookings first, then the plan to start from, then every other visit where it costs least."""
    problem = compiled.problem
    state = compiled.empty_state(seed)
    firm = {booking.visit for booking in problem.bookings if booking.hold is not Hold.MOVABLE}
    booked = booked_plan(problem)
    load_plan(
        compiled, state, Plan(placements=tuple(each for each in booked.placements if each.visit in firm))
    )
    if start is not None:
        load_plan(compiled, state, start)
    load_plan(compiled, state, booked)
    order = insertion_order(problem)
    step = STEP_MINUTES * problem.resolution
    weights = compiled.weights.copy()
    construct(compiled.m, state, compiled.tt, weights, order, step, compiled.strict)
    if compiled.strict and state[state[at.OPEN_COUNT]] > 0:
        construct(compiled.m, state, compiled.tt, weights, order, step, False)
    return state


def insertion_order(problem: Problem) -> Ints:
    """Visits by index: the more important, urgent and hard to staff go first, segments in their order."""
    scarcity = scarcities(problem)

    def key(number: int) -> tuple[float, float, float, float]:
        visit = problem.visits[number]
        deadline = problem.deadline_of(visit)
        return (
            -visit.priority,
            (deadline - problem.first_day).days if deadline else problem.days,
            visit.wanted.start if visit.wanted else 0,
            -sum(scarcity[party.department] * party.officers for party in visit.parties),
        )

    number = {visit.id: index for index, visit in enumerate(problem.visits)}
    done: set[int] = set()
    order: list[int] = []
    for each in sorted(range(len(problem.visits)), key=key):
        chain = []
        at_hand: int | None = each
        while at_hand is not None and at_hand not in done:
            chain.append(at_hand)
            done.add(at_hand)
            after = problem.visits[at_hand].after
            at_hand = number[after] if after else None
        order += reversed(chain)
    return np.array(order, np.int64)
