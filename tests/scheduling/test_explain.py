from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduling.checker import check
from scheduling.conflict import STEADY, Cause, Kind, Situation, candidates, conflicts, without
from scheduling.explain import HasSlotError, NoSlot, explain
from scheduling.openings import Allowance
from scheduling.plan import Placement, Plan
from scheduling.problem import (
    Certificate,
    DayWindow,
    Half,
    HalfDay,
    Leave,
    Officer,
    Post,
    Problem,
    Recusal,
    Site,
    Term,
    Vehicle,
)
from scheduling.relax import Sort, applied
from scheduling.slots import Slots, propose_slots
from scheduling.wording import word
from tests.scheduling.towns import MONDAY, booking, officer, problem, stand, town, visit

THURSDAY = date(2026, 3, 12)
AWAY = (Leave(first=MONDAY, last=THURSDAY),)


def crew(department: str, count: int = 2, **values: object) -> tuple[Officer, ...]:
    return tuple(officer(f"{department}{number}", department, **values) for number in range(1, count + 1))


def kinds(refusal: NoSlot) -> list[list[tuple[str, str | None]]]:
    return [
        [(blocker.cause.kind.value, blocker.cause.department) for blocker in conflict]
        for conflict in refusal.conflicts
    ]


def words(refusal: NoSlot) -> list[str]:
    return [word(blocker.reason) for conflict in refusal.conflicts for blocker in conflict]


def explained(town: Problem, plan: Plan | None = None) -> NoSlot:
    answer = propose_slots(town, "甲", plan=plan)
    assert isinstance(answer, NoSlot)
    for relaxation in answer.relaxations:
        changed, better = applied(town, plan or Plan(), "甲", relaxation)
        assert not check(changed, better).violations
        assert not better.unserved(changed)
    return answer


def test_explanation_names_leave_the_promise_and_idle_substitutes() -> None:
    stand_in = officer("消防3", "消防", post=Post.SUBSTITUTE)
    week = problem(
        (visit("甲", "规划", "消防", received=MONDAY, promised=3),),
        (*crew("规划"), *crew("消防", leave=AWAY), stand_in, officer("消防4", "消防", post=Post.SUBSTITUTE)),
    )
    refusal = explained(week)
    assert kinds(refusal) == [
        [("attendance", "消防"), ("leave", "消防"), ("substitutes", "消防"), ("promise", None)]
    ]
    assert words(refusal) == [
        "消防须派 2 名人员到场，共有 2 名可派",
        "消防：2 名持证人员3月9日至12日均休假",
        "消防的B岗未启用",
        "承诺期限到3月12日为止",
    ]
    assert [(each.sort.value, word(each.reason)) for each in refusal.relaxations] == [
        ("use_substitutes", "启用B岗：消防"),
        ("by_desk", "消防改为书面核验，不到现场"),
        ("extend", "顺延 1 个工作日"),
    ]
    assert refusal.relaxations[2].terms[Term.LATENESS] == 1


def test_explanation_of_departments_that_never_meet_offers_a_split() -> None:
    early, late = (
        Leave(first=MONDAY, last=date(2026, 3, 10)),
        Leave(first=date(2026, 3, 11), last=date(2026, 3, 13)),
    )
    week = problem(
        (visit("甲", "质监", "规划", "消防"),),
        (*crew("质监"), *crew("规划", leave=(early,)), *crew("消防", leave=(late,))),
    )
    refusal = explained(week)
    assert kinds(refusal) == [
        [("attendance", "规划"), ("attendance", "消防"), ("leave", "规划"), ("leave", "消防")]
    ]
    assert [(each.sort.value, each.reason.params) for each in refusal.relaxations] == [
        ("by_desk", {"departments": ("规划",)}),
        ("by_desk", {"departments": ("消防",)}),
        ("split", {"departments": ("规划",)}),
        ("split", {"departments": ("消防",)}),
    ]


def test_explanation_lists_conflicts_that_stand_side_by_side() -> None:
    week = problem(
        (visit("甲", "质监", "规划", "消防"),),
        (
            *crew("质监"),
            *crew("规划", count=1),
            *crew("消防", leave=(Leave(first=MONDAY, last=date(2026, 3, 20)),)),
        ),
    )
    refusal = explained(week)
    assert kinds(refusal) == [[("attendance", "消防"), ("leave", "消防")], [("attendance", "规划")]]
    assert words(refusal)[-1] == "规划须派 2 名人员到场，共有 1 名可派"
    assert [each.reason.params for each in refusal.relaxations] == [{"departments": ("消防", "规划")}]


def test_explanation_of_a_full_diary_offers_to_move_a_booking() -> None:
    visits = (
        visit("甲", "消防", duration=150, received=MONDAY, promised=0),
        visit("乙", "消防", duration=150),
    )
    day = problem(visits, crew("消防", daily=200), days=2)
    standing = Placement(visit="乙", starts=(570,), teams=(("消防1", "消防2"),))
    booked = problem(visits, day.officers, days=2, bookings=(booking(standing),))
    refusal = propose_slots(booked, "甲")
    assert isinstance(refusal, NoSlot)
    assert kinds(refusal) == [
        [("attendance", "消防"), ("limits", "消防"), ("busy", "消防"), ("promise", None)]
    ]
    move = next(each for each in refusal.relaxations if each.sort is Sort.MOVE)
    assert word(move.reason).startswith("将乙改到3月10日")
    changed, plan = applied(booked, Plan(placements=(standing,)), "甲", move)
    assert not check(changed, plan).violations
    assert not plan.unserved(changed)


@pytest.mark.parametrize(
    ("changes", "officers", "expected"),
    [
        ({}, crew("消防", certificates=()), ("certificates", "消防：消防1和消防2没有当日有效的证书（消防）")),
        (
            {},
            crew("消防", certificates=(Certificate(name="消防", last=date(2026, 3, 1)),)),
            ("certificates", "消防：消防1和消防2没有当日有效的证书（消防）"),
        ),
        (
            {"recusals": (Recusal(officer="消防1", visit="甲"),)},
            crew("消防"),
            ("recusal", "消防：消防1须回避"),
        ),
        ({}, crew("消防", district="东区"), ("district", "消防：消防1和消防2不负责该片区")),
        ({}, crew("消防", daily=60), ("limits", "消防的人员已达每日或每周现场时长上限")),
        ({}, crew("消防", hours=(DayWindow(start=540, end=600),)), ("hours", "消防的工作时间不够")),
        (
            {"vehicles": (Vehicle(id="车", pool="车队", seats=1),)},
            crew("消防", pool="车队"),
            ("vehicles", "车辆座位不足"),
        ),
        (
            {"sites": (Site(id="一号地", closed=tuple(date(2026, 3, day) for day in range(9, 14))),)},
            crew("消防"),
            ("access", None),
        ),
        (
            {"first_day": date(2026, 3, 14), "days": 2},
            crew("消防"),
            ("calendar", "3月14日至15日内有非工作日"),
        ),
    ],
)
def test_explanation_finds_the_one_cause(
    changes: dict[str, object], officers: tuple[Officer, ...], expected: tuple[str, str | None]
) -> None:
    refusal = explain(problem((visit("甲", "消防"),), officers, **changes), "甲")
    found = {blocker.cause.kind.value: word(blocker.reason) for blocker in refusal.conflicts[0]}
    assert set(found) - {"attendance", "duration"} == {expected[0]}
    if expected[1] is not None:
        assert found[expected[0]] == expected[1]


def test_explanation_of_a_visit_too_long_halves_it() -> None:
    week = problem((visit("甲", "消防", duration=240),), crew("消防"))
    refusal = explained(week)
    assert ("duration", None) in kinds(refusal)[0]
    split = next(each for each in refusal.relaxations if each.sort is Sort.SPLIT)
    assert word(split.reason) == "分两个半天进行，各约 120 分钟"


def test_explanation_of_forbidden_half_days_and_unplaced_predecessor() -> None:
    half_days = tuple(HalfDay(day=MONDAY, half=half) for half in Half)
    forbidden = problem((visit("甲", "消防", forbidden=half_days),), crew("消防"), days=1)
    assert words(explain(forbidden, "甲"))[-1] == "已排除3月9日上午和3月9日下午"
    chained = problem((visit("乙", "消防"), visit("甲", "消防", after="乙")), crew("消防"))
    assert words(explain(chained, "甲"))[-1] == "须在乙之后，而后者尚未排定"


def test_explanation_of_a_visit_with_a_slot_is_refused() -> None:
    week = problem((visit("甲", "消防"),), crew("消防"))
    assert isinstance(propose_slots(week, "甲"), Slots)
    with pytest.raises(HasSlotError):
        explain(week, "甲")


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_every_conflict_is_minimal(seed: int) -> None:
    drawn = town(seed, visits=24, days=2)
    plan = stand(drawn)
    left_out = plan.unserved(drawn)
    assume(left_out)
    situation = Situation(
        problem=drawn, plan=plan, visit=drawn.visit_by_id[left_out[0]], allowance=Allowance(substitutes=True)
    )
    (causes,) = conflicts(situation, limit=1)
    absent = {
        Cause(kind=Kind.ATTENDANCE, department=party.department) for party in situation.visit.parties
    }.difference(causes)
    present = {cause.department for cause in causes if cause.department}
    steady = {kind for kind in STEADY if kind not in {cause.kind for cause in causes}}
    others = absent.union(candidates(present, set(Kind) - steady)).difference(causes)
    assert not without(situation, others).is_open()
    for cause in causes:
        assert without(situation, {*others, cause}).is_open()
