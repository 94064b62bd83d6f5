from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.checker import check
from scheduling.engine import Budget, Progress, solve
from scheduling.exact import prove
from scheduling.objectives import level_values
from scheduling.plan import Plan
from scheduling.problem import Booking, Half, HalfDay, Hold, Leave, Level, Problem, Term
from tests.scheduling.towns import MONDAY, officer, problem, town, visit

BRIEF = Budget(moves=400)
#: Terms of which a further officer can only take away (a fair share grows with the staff that it is measured by).
MONOTONE = tuple(
    Level(weights={term: 1}) for term in (Term.UNSERVED, Term.LATENESS, Term.SUBSTITUTES, Term.TRAVEL)
)


def hamlet(seed: int, **values: Any) -> Problem:
    """Small enough to be solved to the proven end."""
    return town(seed, visits=3, days=1, departments=2, **{"levels": MONOTONE} | values)


def optimum(small: Problem) -> tuple[int, ...]:
    proof = prove(small, seconds=30)
    assert proof.proven == len(small.levels)
    return proof.bounds


@given(seed=st.integers(0, 10_000), visits=st.integers(0, 25), days=st.integers(1, 7))
@settings(max_examples=25, deadline=None)
def test_plan_of_any_problem_passes_the_checker(seed: int, visits: int, days: int) -> None:
    any_town = town(seed, visits=visits, days=days)
    solution = solve(any_town, budget=BRIEF)
    assert solution.report.violations == ()
    assert solution.trace[-1].levels == solution.report.levels == check(any_town, solution.plan).levels


@given(seed=st.integers(0, 10_000), order=st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None)
def test_plan_does_not_depend_on_the_order_of_the_input(seed: int, order: Any) -> None:
    one = town(seed)
    shuffled = {
        name: tuple(order.sample(getattr(one, name), len(getattr(one, name))))
        for name in ("sites", "officers", "visits", "vehicles")
    }
    assert solve(msgspec.structs.replace(one, **shuffled), budget=BRIEF).plan == solve(one, budget=BRIEF).plan


@given(seed=st.integers(0, 10_000), order=st.randoms(use_true_random=False))
@settings(max_examples=2, deadline=None)
def test_optimum_does_not_depend_on_names(seed: int, order: Any) -> None:
    one = hamlet(seed)
    names = [f"新名{number}" for number in range(len(one.officers))]
    order.shuffle(names)
    renamed = [msgspec.structs.replace(each, id=name) for each, name in zip(one.officers, names, strict=True)]
    assert optimum(msgspec.structs.replace(one, officers=tuple(renamed), recusals=())) == optimum(
        msgspec.structs.replace(one, recusals=())
    )


@given(seed=st.integers(0, 10_000))
@settings(max_examples=3, deadline=None)
def test_optimum_never_worse_with_one_officer_more(seed: int) -> None:
    one = hamlet(seed)
    more = (*one.officers, msgspec.structs.replace(one.officers[0], id="新人", pool=None))
    assert optimum(msgspec.structs.replace(one, officers=more)) <= optimum(one)


@given(seed=st.integers(0, 10_000), data=st.data())
@settings(max_examples=3, deadline=None)
def test_unserved_never_fewer_when_tightened(seed: int, data: st.DataObject) -> None:
    one = hamlet(seed)
    away = data.draw(st.sampled_from(one.officers))
    on_leave = msgspec.structs.replace(away, leave=(Leave(first=MONDAY, last=MONDAY),))
    staff = tuple(on_leave if each is away else each for each in one.officers)
    no_morning = (HalfDay(day=MONDAY, half=Half.MORNING),)
    tight = [msgspec.structs.replace(each, forbidden=no_morning) for each in one.visits]
    tighter = msgspec.structs.replace(one, officers=staff, visits=tuple(tight))
    assert optimum(tighter)[0] >= optimum(one)[0]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=3, deadline=None)
def test_search_never_beats_the_proven_optimum_and_meets_it_on_small_problems(seed: int) -> None:
    one = hamlet(seed)
    assert solve(one, budget=Budget(moves=8_000)).report.levels == optimum(one)


def test_solve_repeats_itself_with_the_same_seed_and_moves() -> None:
    budget = Budget(moves=2_000, workers=2)
    plans = [solve(town(7), budget=budget, seed=seed).plan for seed in (3, 3, 4)]
    assert plans[0] == plans[1] != plans[2]


def test_solve_reports_progress_that_only_improves() -> None:
    seen: list[Progress] = []
    solution = solve(town(3, visits=20), budget=Budget(seconds=0.6), on_progress=seen.append)
    levels = [step.levels for step in seen]
    assert levels == sorted(levels, reverse=True)
    assert seen[-1].levels == solution.report.levels


def test_solve_stops_when_cancelled_and_keeps_the_best_plan() -> None:
    asked = iter((False, True))
    solution = solve(town(3), budget=Budget(seconds=60), cancelled=lambda: next(asked))
    assert solution.cancelled
    assert solution.seconds < 10
    assert solution.report.feasible


def test_solve_starts_from_a_plan() -> None:
    one = town(5)
    good = solve(one, budget=Budget(moves=3_000)).report
    plan = solve(one, budget=Budget(moves=3_000)).plan
    again = solve(one, budget=Budget(moves=0), start=plan)
    assert again.report.levels <= good.levels


@pytest.mark.parametrize("hold", list(Hold))
def test_bookings_stay_where_nothing_presses(hold: Hold) -> None:
    one = town(11)
    plan = solve(one, budget=BRIEF).plan
    bookings = tuple(
        Booking(visit=each.visit, starts=each.starts, teams=each.teams, hold=hold) for each in plan.placements
    )
    again = solve(msgspec.structs.replace(one, bookings=bookings), budget=BRIEF, seed=9)
    assert again.report.feasible
    assert again.report.terms[Term.MOVED] == 0


def test_pinned_booking_stays_though_moving_it_would_serve_more() -> None:
    staff = (officer("甲", "消防"), officer("乙", "消防"))
    visits = (visit("件", "消防"), visit("急", "消防", forbidden=(HalfDay(day=MONDAY, half=Half.AFTERNOON),)))
    booking = Booking(visit="件", starts=(600,), teams=(("甲", "乙"),), hold=Hold.PINNED)
    pinned = problem(visits, staff, days=1, bookings=(booking,))
    assert solve(pinned, budget=BRIEF).plan.unserved(pinned) == ("急",)
    loose = msgspec.structs.replace(pinned, bookings=(msgspec.structs.replace(booking, hold=Hold.MOVABLE),))
    assert solve(loose, budget=BRIEF).plan.unserved(loose) == ()


def test_solve_of_nothing_is_an_empty_plan() -> None:
    assert solve(problem((), ()), budget=BRIEF).plan == Plan()


def test_level_values_of_an_empty_plan_are_the_priorities() -> None:
    one = town(1)
    report = check(one, Plan())
    assert level_values(one, report.terms)[0] == sum(each.priority for each in one.visits)
