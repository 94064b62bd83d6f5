from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.bounds import level_bounds, lower_bounds
from scheduling.checker import check
from scheduling.engine import Budget, solve
from scheduling.exact import prove
from scheduling.problem import Half, HalfDay, Level, Post, Problem, Term
from tests.scheduling.towns import MONDAY, officer, problem, stand, town, visit

TUESDAY = date(2026, 3, 10)
WEIGHED = (
    Level(weights={Term.UNSERVED: 1}),
    Level(weights={Term.SUBSTITUTES: 60, Term.TRAVEL: 1, Term.SPLITS: 20, Term.DISLIKED: 20}),
)
HALF_DAYS = tuple(HalfDay(day=day, half=half) for day in (MONDAY, TUESDAY) for half in Half)


def only_on(*half_days: HalfDay) -> tuple[HalfDay, ...]:
    return tuple(each for each in HALF_DAYS if each not in half_days)


def torn() -> Problem:
    """Fire would hold 甲 on Monday, water on Tuesday: each has another visit at the site then."""
    monday_pm, tuesday_pm = HALF_DAYS[1], HALF_DAYS[3]
    visits = (
        visit("甲", "消防", "水务", forbidden=(monday_pm, tuesday_pm)),
        visit("乙", "消防", forbidden=only_on(monday_pm)),
        visit("丙", "水务", forbidden=only_on(tuesday_pm)),
    )
    crew = tuple(officer(f"{name}{number}", name) for name in ("消防", "水务") for number in range(2))
    return problem(visits, crew, days=2, levels=WEIGHED)


def test_bound_of_a_level_counts_that_departments_must_meet() -> None:
    one = torn()
    proof = prove(one, seconds=60)
    assert proof.proven == 2
    assert level_bounds(one, seconds=60) == proof.bounds
    assert lower_bounds(one)[Term.TRAVEL] < proof.bounds[1]


def test_bound_of_a_level_counts_substitutes_that_a_half_day_needs() -> None:
    afternoon = only_on(HALF_DAYS[1])
    visits = tuple(visit(name, "消防", forbidden=afternoon, duration=120) for name in ("甲", "乙"))
    posts = {"张": Post.PRIMARY, "李": Post.PRIMARY, "王": Post.SUBSTITUTE, "赵": Post.SUBSTITUTE}
    crew = tuple(officer(name, "消防", post=post) for name, post in posts.items())
    one = problem(visits, crew, days=2, levels=(Level(weights={Term.SUBSTITUTES: 1}),))
    assert level_bounds(one, seconds=60) == (2,)
    assert lower_bounds(one)[Term.SUBSTITUTES] == 0


@given(seed=st.integers(0, 10_000))
@settings(max_examples=6, deadline=None)
def test_no_sound_plan_is_below_the_bound_of_a_level(seed: int) -> None:
    one = town(seed, visits=6, days=3, levels=WEIGHED)
    bounds = level_bounds(one, seconds=0.2)
    for plan in (stand(one), solve(one, budget=Budget(seconds=None, moves=2_000)).plan):
        report = check(one, plan)
        if report.levels[0] == bounds[0]:
            assert report.levels[1] >= bounds[1]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=4, deadline=None)
def test_bound_of_a_level_is_not_above_the_optimum(seed: int) -> None:
    one = town(seed, visits=3, days=2, departments=2, levels=WEIGHED)
    proof = prove(one, seconds=60)
    assert proof.proven == 2
    if proof.bounds[0] == 0:
        assert level_bounds(one, seconds=1)[1] <= proof.bounds[1]
