from collections import Counter
from itertools import combinations, product

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.checker import check
from scheduling.openings import Allowance, openings
from scheduling.plan import Placement, Plan
from scheduling.problem import Half, HalfDay, Post, Problem, Site, Term, Vehicle, Visit
from scheduling.slots import find_series, find_slots
from scheduling.standing import Standing
from tests.scheduling.towns import MONDAY, officer, problem, stand, town, visit

OFFICERS = (
    officer("消防甲", "消防"),
    officer("消防乙", "消防"),
    officer("消防丙", "消防", post=Post.SUBSTITUTE),
    officer("规划甲", "规划"),
    officer("规划乙", "规划"),
)


def all_placements(town: Problem, visit: Visit) -> list[Placement]:
    """Every start on the grid with every team, by brute force."""
    teams = [
        list(
            combinations(
                sorted(each.id for each in town.officers if each.department == party.department),
                party.officers,
            )
        )
        for party in visit.parties
    ]
    return [
        Placement(visit=visit.id, starts=(start,) * len(teams), teams=chosen)
        for start in range(0, town.days * town.day_ticks, town.grid)
        if start % town.day_ticks in range(540, 1020)
        for chosen in product(*teams)
    ]


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10_000))
def test_openings_hold_the_cheapest_placement_of_each_half_day(seed: int) -> None:
    drawn = town(seed, visits=5, days=1, departments=2, grid=30)
    target = drawn.visits[-1]
    plan = stand(drawn, *(each.id for each in drawn.visits[:-1]))
    before = Counter(check(drawn, plan).violations)
    expected: dict[HalfDay, tuple[int, ...]] = {}
    for placement in all_placements(drawn, target):
        report = check(drawn, Plan(placements=(*plan.placements, placement)))
        if Counter(report.violations) == before:
            half_day = drawn.half_day_of(placement.start)
            expected[half_day] = min(report.levels, expected.get(half_day, report.levels))
    found: dict[HalfDay, tuple[int, ...]] = {}
    every = openings(Standing(drawn, plan), target, Allowance(substitutes=True))
    for opening in sorted(every, key=lambda each: each.cost, reverse=True):
        found[opening.half_day] = check(drawn, Plan(placements=(*plan.placements, opening.placement))).levels
    assert found == {
        half_day: levels
        for half_day, levels in expected.items()
        if half_day.day <= (drawn.deadline_of(target) or half_day.day)
    }


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_slots_are_ranked_feasible_and_on_different_half_days(seed: int) -> None:
    drawn = town(seed)
    target = drawn.visits[-1].id
    plan = stand(drawn, *(each.id for each in drawn.visits[:-1]))
    slots = find_slots(drawn, target, plan=plan, count=3)
    before = check(drawn, plan)
    for slot in slots:
        after = check(drawn, Plan(placements=(*plan.placements, slot.placement)))
        assert not after.violations
        assert slot.terms == {term: after.terms[term] - before.terms[term] for term in Term}
    open_half_days = {slot.half_day for slot in find_slots(drawn, target, plan=plan, count=99)}
    assert len({slot.half_day for slot in slots}) == min(3, len(open_half_days))
    ranked = [slot.levels for slot in slots[:-1]]
    assert ranked == sorted(ranked)


def test_slots_of_an_empty_week_are_best_first_with_the_earliest_among_them() -> None:
    empty = problem((visit("甲", "消防", "规划", received=MONDAY, promised=3),), OFFICERS)
    slots = find_slots(empty, "甲", count=4)
    assert [slot.half_day.day.day for slot in slots] == [9, 9, 10, 10]
    assert slots[0].terms[Term.UNSERVED] == -1
    assert [reason.code for reason in slots[0].reasons] == ["all_primary", "early", "earliest", "travel"]
    assert slots[0].reasons[0].params == {"number": 2}
    assert slots[0].reasons[1].params == {"days": 3}


def test_slots_join_a_visit_of_the_same_site_and_say_so() -> None:
    week = problem((visit("甲", "消防", duration=60), visit("乙", "消防", duration=60)), OFFICERS)
    standing = Placement(visit="甲", starts=(3 * 1440 + 570,), teams=(("消防甲", "消防乙"),))
    best, *_ = find_slots(week, "乙", plan=Plan(placements=(standing,)))
    assert best.half_day == HalfDay(day=week.date_of(3), half=Half.MORNING)
    assert best.terms[Term.TRAVEL] == 0
    assert [reason.code for reason in best.reasons] == ["all_primary", "merged", "no_travel"]


def test_series_go_on_as_soon_as_there_is_a_place() -> None:
    parts = (
        visit("甲一", "消防", duration=120, group="甲"),
        visit("甲二", "消防", duration=120, group="甲", after="甲一"),
        visit("甲三", "消防", duration=120, group="甲", after="甲二"),
    )
    week = problem(parts, OFFICERS)
    found = find_series(week, ("甲一", "甲二", "甲三"), count=3)
    assert len(found) == 3
    for series in found:
        starts = [slot.placement.start for slot in series]
        assert starts == sorted(starts)
        assert starts[2] - starts[0] <= 24 * 60
    assert find_series(week, ("甲一", "甲二", "甲三"), count=1)[0] == found[0]


def test_slots_name_those_who_are_next_door_anyway() -> None:
    near = (Site(id="一号地", lon=120.02, lat=30.0), Site(id="邻地", lon=120.03, lat=30.0))
    week = problem(
        (visit("甲", "消防", duration=60), visit("乙", "消防", "规划", site="邻地", duration=60)),
        OFFICERS,
        sites=near,
    )
    standing = Placement(visit="甲", starts=(1440 + 840,), teams=(("消防甲", "消防乙"),))
    same_day = find_slots(week, "乙", plan=Plan(placements=(standing,)))[:2]
    assert [slot.half_day.half for slot in same_day] == [Half.MORNING, Half.AFTERNOON]
    assert same_day[1].half_day.day == week.date_of(1)
    assert same_day[1].reasons[1].code == "nearby_afternoon"
    assert same_day[1].reasons[1].params == {"departments": ("消防",)}


def test_slots_use_substitutes_only_where_allowed() -> None:
    week = problem((visit("甲", "消防"),), OFFICERS[1:])
    assert find_slots(week, "甲") == ()
    best, *_ = find_slots(week, "甲", allowance=Allowance(substitutes=True))
    assert best.terms[Term.SUBSTITUTES] == 1
    assert best.reasons[0].params == {"departments": ("消防",), "number": 1}


def test_slots_after_the_promise_only_where_allowed() -> None:
    late = problem(
        (visit("甲", "消防", earliest=MONDAY.replace(day=12), received=MONDAY, promised=2),), OFFICERS
    )
    assert find_slots(late, "甲") == ()
    slots = find_slots(late, "甲", allowance=Allowance(extra_days=1))
    assert {slot.half_day.day.day for slot in slots} == {12}
    assert {slot.terms[Term.LATENESS] for slot in slots} == {1}


def test_slots_share_out_contended_vehicle_seats() -> None:
    riders = tuple(msgspec.structs.replace(each, pool="车队") for each in OFFICERS)
    few, enough = (
        problem(
            (visit("甲", "消防", "规划"),), riders, vehicles=(Vehicle(id="车", pool="车队", seats=seats),)
        )
        for seats in (3, 4)
    )
    assert find_slots(few, "甲") == ()
    assert len(find_slots(enough, "甲")) == 5


def test_slots_keep_two_parties_of_one_department_apart() -> None:
    four = tuple(officer(f"消防{number}", "消防") for number in range(4))
    parties = (
        msgspec.structs.replace(visit("甲", "消防").parties[0], id="验收"),
        msgspec.structs.replace(visit("甲", "消防").parties[0], id="检测"),
    )
    assert find_slots(problem((visit("甲", parties=parties),), four[:3]), "甲") == ()
    best, *_ = find_slots(problem((visit("甲", parties=parties),), four), "甲")
    assert sorted(officer for team in best.placement.teams for officer in team) == [each.id for each in four]


def test_slots_of_an_unknown_visit_are_refused() -> None:
    with pytest.raises(KeyError):
        find_slots(problem((), OFFICERS), "无")
