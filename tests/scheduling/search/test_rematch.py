from itertools import permutations
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.checker import check
from scheduling.engine import first_state, in_order
from scheduling.plan import Placement, Plan
from scheduling.problem import Half, HalfDay, Term
from scheduling.search.anneal import cost_change, save_terms
from scheduling.search.compile import compile_problem
from scheduling.search.rematch import match, rematch
from scheduling.search.timing import settle
from scheduling.search.trail import commit, rollback
from scheduling.search.weights import trade_weights
from tests.scheduling.test_engine import rich
from tests.scheduling.towns import MONDAY, officer, problem, visit


@given(st.integers(0, 10_000), st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_match_is_the_cheapest_of_all_permutations(seed: int, size: int) -> None:
    costs = np.random.default_rng(seed).integers(0, 50, (size, size)).astype(float)
    rows = np.arange(size)
    chosen = match(costs)
    assert sorted(chosen) == list(rows)
    assert costs[rows, chosen].sum() == min(costs[rows, list(each)].sum() for each in permutations(rows))


@given(st.integers(0, 10_000), st.sampled_from([1.0, 1e12]))
@settings(max_examples=16, deadline=None)
def test_rematched_plan_is_sound_and_costs_no_more(seed: int, scale: float) -> None:
    """Also where a seat costs as much as it does by level in a large city."""
    compiled = compile_problem(rich(seed))
    m, tt = compiled.m, compiled.tt
    state = first_state(compiled, seed=seed, start=None)
    random, weights = Random(seed), scale * trade_weights(compiled.problem)
    parties = sum(len(each.parties) for each in compiled.problem.visits)
    for _ in range(40):
        save_terms(state)
        party, day = random.randrange(parties), random.randrange(compiled.problem.days)
        if rematch(m, state, tt, weights, party, day, random.randrange(480, 960)):
            assert cost_change(state, weights) < 0
        if settle(m, state, tt):
            commit(state)
        else:  # cars are not looked at before
            rollback(state, 0)
    assert check(compiled.problem, compiled.plan(state)).feasible


def test_crew_swaps_afternoons_where_that_saves_a_way() -> None:
    """Each officer has a morning at one site and an afternoon at the other: together they cross the town once less."""
    morning, afternoon = (HalfDay(day=MONDAY, half=half) for half in Half)
    visits = tuple(
        visit(f"{site}{half.half}", "消防", site=site, forbidden=(half,))
        for site in ("一号地", "二号地")
        for half in (morning, afternoon)
    )
    crew = tuple(officer(name, "消防") for name in "甲乙丙丁")
    one = in_order(problem(visits, crew, days=1))
    crossed = Plan(
        placements=tuple(
            Placement(visit=each.id, starts=(870 if morning in each.forbidden else 570,), teams=(team,))
            for each, team in zip(
                visits, (("丙", "丁"), ("甲", "乙"), ("甲", "乙"), ("丙", "丁")), strict=True
            )
        )
    )
    compiled = compile_problem(one)
    state = first_state(compiled, seed=0, start=crossed)
    before = check(one, compiled.plan(state)).terms[Term.TRAVEL]
    assert rematch(compiled.m, state, compiled.tt, compiled.weights, 0, 0, 720)
    assert settle(compiled.m, state, compiled.tt)
    report = check(one, compiled.plan(state))
    assert report.feasible
    assert report.terms[Term.TRAVEL] < before
