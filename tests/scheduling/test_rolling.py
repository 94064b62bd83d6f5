from datetime import timedelta

import msgspec

from scheduling.checker import check
from scheduling.engine import Budget
from scheduling.plan import Plan
from scheduling.problem import Problem
from scheduling.rolling import Window, plan_ahead, roll_over, within
from tests.scheduling.towns import MONDAY, officer, problem, town, visit

BRIEF = Budget(seconds=None, moves=400)
WEEK_OF_TWO = Window(days=14, frozen=7)


def arriving(seed: int) -> Problem:
    """Four weeks, in each of which visits come in."""
    whole = town(seed, visits=24, days=26, departments=3)
    return msgspec.structs.replace(
        whole,
        visits=tuple(
            msgspec.structs.replace(
                each, earliest=MONDAY + timedelta(days=number % 4 * 7), received=None, promised=None
            )
            for number, each in enumerate(whole.visits)
        ),
    )


def before(plan: Plan, day: int) -> dict[str, object]:
    return {each.visit: each for each in plan.placements if each.start < day * 24 * 60}


def test_two_roll_overs_keep_what_is_frozen_and_take_in_what_has_come() -> None:
    whole = arriving(3)
    first = roll_over(whole, Plan(), today=0, window=WEEK_OF_TWO, budget=BRIEF)
    second = roll_over(whole, first, today=7, window=WEEK_OF_TWO, budget=BRIEF)
    third = roll_over(whole, second, today=14, window=WEEK_OF_TWO, budget=BRIEF)
    for plan, later, day in ((first, second, 14), (second, third, 21)):
        assert before(plan, day).items() <= before(later, day).items()
        assert check(whole, later).violations == ()
        new = later.by_visit.keys() - plan.by_visit.keys()
        assert new
        assert all(later.by_visit[each].start >= (day - 7) * 24 * 60 for each in new)


def test_plan_ahead_serves_the_whole_horizon() -> None:
    whole = arriving(5)
    *_, plan = plan_ahead(whole, window=WEEK_OF_TWO, budget=BRIEF)
    assert check(whole, plan).violations == ()
    assert plan.unserved(whole) == ()


def test_visit_waits_for_one_that_stands_after_the_window() -> None:
    crew = (officer("张", "消防"), officer("李", "消防"))
    both = problem(
        (visit("甲", "消防", earliest=MONDAY + timedelta(days=21)), visit("乙", "消防", after="甲")),
        crew,
        days=26,
    )
    assert within(both, Plan(), today=0, window=WEEK_OF_TWO).visits == ()
    *_, plan = plan_ahead(both, window=WEEK_OF_TWO, budget=BRIEF)
    assert check(both, plan).violations == ()
    assert plan.unserved(both) == ()
