import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.search import model as at
from scheduling.search.compile import compile_problem
from scheduling.search.insertion import place_best
from scheduling.search.load import load_plan
from scheduling.search.pricing import GREEDY
from tests.scheduling.towns import stand, town


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_moments_priced_together_cost_what_each_costs_by_itself(seed: int) -> None:
    """Visits that share officers among their parties are tried moment by moment: the same place must come out."""
    one = town(seed, grid=1)
    plan = stand(one, *(each.id for each in one.visits[1:]))
    compiled = compile_problem(one)
    slowly = compiled.m.copy()
    slowly[slowly[at.SHARED] : slowly[at.SHARED] + slowly[at.VISITS]] = 1
    plans = []
    for m in (compiled.m, slowly):
        state = compiled.empty_state(0)
        load_plan(compiled, state, plan)
        for visit in np.flatnonzero(state[state[at.DAY] : state[at.DAY] + len(one.visits)] == at.NONE):
            place_best(m, state, compiled.tt, compiled.weights.copy(), int(visit), 15, True, GREEDY, 0.0)
        plans.append(compiled.plan(state))
    assert plans[0] == plans[1]
    assert len(plans[0].placements) > len(plan.placements)
