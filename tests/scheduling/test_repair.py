from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.checker import check
from scheduling.disturbances import Disturbance, OfficerOut, Overrun, SitesShut, disturbed, placed
from scheduling.exact import prove
from scheduling.plan import Placement, Plan
from scheduling.problem import Hold, Officer, Problem, Term
from scheduling.repair import ONE_BY_ONE, Effect, repair
from scheduling.wording import word
from tests.scheduling.towns import MONDAY, booking, officer, problem, stand, town, visit

MORNING, AFTERNOON = 570, 840
CREW = tuple(officer(f"消防{number}", "消防") for number in (1, 2, 3))
FIVE = (*CREW, officer("消防4", "消防"), officer("消防5", "消防"))


def booked(
    *placements: Placement, hold: Hold = Hold.MOVABLE, crew: tuple[Officer, ...] = CREW, **values: object
) -> Problem:
    visits = tuple(visit(placement.visit, "消防") for placement in placements)
    bookings = tuple(booking(placement, hold=hold) for placement in placements)
    return problem(visits, crew, **{"bookings": bookings, **values})


def at(name: str, start: int, *team: str) -> Placement:
    return Placement(visit=name, starts=(start,), teams=(team,))


def sick(name: str, *, last: date = MONDAY) -> OfficerOut:
    return OfficerOut(officer=name, first=MONDAY, last=last)


def test_repair_of_an_absence_replaces_the_officer_at_the_same_time() -> None:
    week = booked(at("甲", MORNING, "消防1", "消防2"), at("乙", 1440 + MORNING, "消防1", "消防2"))
    done = repair(week, (sick("消防1"),))
    (change,) = done.changes
    assert (change.visit, change.effect, change.cost) == ("甲", Effect.OFFICERS, 1)
    assert set(change.after.teams[0]) == {"消防2", "消防3"} if change.after else False
    assert [word(reason) for reason in change.reasons] == ["消防1缺席"]
    assert done.proven
    assert done.plan.by_visit["乙"] == at("乙", 1440 + MORNING, "消防1", "消防2")


def test_repair_moves_a_visit_where_nobody_can_stand_in() -> None:
    week = booked(at("甲", MORNING, "消防1", "消防2"))
    few = msgspec.structs.replace(week, officers=CREW[:2])
    (change,) = repair(few, (sick("消防1"),)).changes
    assert change.effect is Effect.TIME
    assert change.cost == 10
    assert change.after is not None
    assert few.half_day_of(change.after.start).day > MONDAY


def test_repair_never_moves_what_is_locked_and_says_what_is_stuck() -> None:
    week = booked(at("甲", MORNING, "消防1", "消防2"), hold=Hold.LOCKED)
    swapped = repair(week, (sick("消防1"),))
    assert [(each.effect, each.cost) for each in swapped.changes] == [(Effect.OFFICERS, 1)]
    few = msgspec.structs.replace(week, officers=CREW[:2])
    stuck = repair(few, (sick("消防1"),))
    assert (stuck.changes, stuck.stuck) == ((), ("甲",))
    pinned = repair(booked(at("甲", MORNING, "消防1", "消防2"), hold=Hold.PINNED), (sick("消防1"),))
    assert (pinned.changes, pinned.stuck) == ((), ("甲",))


def in_segments(*placements: Placement, hold: Hold = Hold.MOVABLE) -> Problem:
    """The second visit, at another site, must come after the first; `hold` is the second one's."""
    week = booked(*placements, crew=FIVE)
    first, second, *others = week.visits
    return msgspec.structs.replace(
        week,
        visits=(first, msgspec.structs.replace(second, after=first.id, site="二号地"), *others),
        bookings=(week.bookings[0], msgspec.structs.replace(week.bookings[1], hold=hold), *week.bookings[2:]),
    )


def test_repair_leaves_alone_what_comes_after_a_visit_that_keeps_its_time() -> None:
    week = in_segments(
        at("甲", MORNING, "消防1", "消防2"),
        at("乙", AFTERNOON, "消防2", "消防3"),
        at("丙", AFTERNOON, "消防1", "消防4"),
    )
    done = repair(week, (sick("消防1"),), seconds=0.0)
    assert {each.visit: each.cost for each in done.changes} == {"甲": 1, "丙": 1}
    assert done.proven


def test_repair_moves_what_comes_after_a_visit_that_moves() -> None:
    week = in_segments(at("甲", MORNING, "消防1", "消防2"), at("乙", AFTERNOON, "消防2", "消防3"))
    storm = SitesShut(first=MONDAY, last=MONDAY, sites=("一号地",))
    first, second = repair(week, (storm,)).changes
    assert (first.effect, second.effect) == (Effect.TIME, Effect.TIME)
    assert first.after is not None
    assert second.after is not None
    assert 1440 < first.after.start < second.after.start
    assert [word(each) for each in second.reasons] == ["受本次调整影响"]


def test_repair_leaves_a_locked_visit_whose_earlier_one_finds_no_place_before_it() -> None:
    week = in_segments(
        at("甲", MORNING, "消防1", "消防2"), at("乙", AFTERNOON, "消防2", "消防3"), hold=Hold.LOCKED
    )
    done = repair(week, (SitesShut(first=MONDAY, last=MONDAY, sites=("一号地",)),))
    assert [(each.visit, each.effect) for each in done.changes] == [("甲", Effect.LEFT_OUT)]
    assert done.stuck == ("乙",)


def test_repair_after_an_overrun_relieves_the_next_visit() -> None:
    week = booked(at("甲", MORNING, "消防1", "消防2"), at("乙", AFTERNOON, "消防1", "消防2"))
    done = repair(week, (Overrun(visit="甲", ticks=60), sick("消防3")), not_before=MORNING + 30)
    assert done.stuck == ()
    assert done.changes == ()
    done = repair(
        booked(at("甲", AFTERNOON - 30, "消防1", "消防2"), at("乙", AFTERNOON + 75, "消防1", "消防2")),
        (Overrun(visit="甲", ticks=30),),
        not_before=AFTERNOON,
    )
    assert [each.visit for each in done.changes] == ["乙"]
    assert [word(each) for each in done.changes[0].reasons] == ["甲延时"]


def test_repair_after_a_storm_empties_its_days() -> None:
    week = booked(at("甲", MORNING, "消防1", "消防2"), at("乙", 1440 + MORNING, "消防1", "消防2"))
    storm = SitesShut(first=MONDAY, last=date(2026, 3, 10))
    done = repair(week, (storm,))
    assert [each.reasons[0].code for each in done.changes] == ["site_shut", "site_shut"]
    assert min(placement.start for placement in done.plan.placements) >= 2 * 1440


def test_repair_leaves_out_what_finds_no_place() -> None:
    week = booked(at("甲", MORNING, "消防1", "消防2"), days=1)
    (change,) = repair(week, (SitesShut(first=MONDAY, last=MONDAY),)).changes
    assert (change.effect, change.after) == (Effect.LEFT_OUT, None)


def test_repair_keeps_what_has_no_place_in_the_problem_and_moves_nobody_for_it() -> None:
    week = booked(at("甲", MORNING, "消防1", "消防2"), days=1)
    storm = SitesShut(first=MONDAY, last=MONDAY)
    (change,) = repair(week, (storm,)).changes
    assert change.after is None
    assert [each.id for each in disturbed(week, Plan(), (storm,)).visits] == ["甲"]
    assert repair(week, (storm,), plan=Plan()).changes == ()


def test_repair_after_a_storm_over_many_visits_keeps_locked_ones_standing() -> None:
    drawn = town(11, visits=24, days=10)
    plan = stand(drawn)
    bookings = tuple(
        booking(placement, hold=Hold.LOCKED if number % 4 == 0 else Hold.MOVABLE)
        for number, placement in enumerate(plan.placements)
    )
    held = msgspec.structs.replace(drawn, bookings=bookings)
    storm = SitesShut(first=MONDAY, last=date(2026, 3, 11))
    hit = [each for each in plan.placements if drawn.half_day_of(each.start).day <= storm.last]
    assert len(hit) > ONE_BY_ONE
    done = repair(held, (storm,), seconds=0.2)
    locked = {each.visit for each in bookings if each.hold is Hold.LOCKED}
    assert set(done.stuck) == {each.visit for each in hit} & locked
    assert all(done.plan.by_visit[visit] == plan.by_visit[visit] for visit in done.stuck)
    assert {each.visit for each in done.changes} >= {each.visit for each in hit} - locked


def drawn_disturbance(drawn: Problem, plan: Plan, pick: int) -> Disturbance:
    placement = plan.placements[pick % len(plan.placements)]
    day = drawn.half_day_of(placement.start).day
    if pick % 3 == 0:
        return SitesShut(first=day, last=day, sites=(drawn.visit_by_id[placement.visit].site,))
    if pick % 3 == 1:
        return Overrun(visit=placement.visit, ticks=30)
    return OfficerOut(officer=placement.teams[0][0], first=day, last=day)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_repair_without_disturbance_moves_nothing(seed: int) -> None:
    drawn = town(seed, visits=16)
    plan = stand(drawn)
    done = repair(drawn, (), plan=plan)
    assert (done.plan, done.changes, done.stuck, done.proven) == (plan, (), (), True)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 1_000))
def test_repaired_plans_pass_the_checker_and_keep_locks(seed: int, pick: int) -> None:
    drawn = town(seed, visits=10)
    plan = stand(drawn)
    locked = tuple(
        booking(placement, hold=Hold.LOCKED if number % 3 == 0 else Hold.MOVABLE)
        for number, placement in enumerate(plan.placements)
    )
    held = msgspec.structs.replace(drawn, bookings=locked)
    disturbance = drawn_disturbance(drawn, plan, pick)
    done = repair(held, (disturbance,), seconds=0.5)
    after = disturbed(held, plan, (disturbance,))
    assert {each.visit for each in check(after, done.plan).violations} <= set(done.stuck)
    for each in locked:
        if each.hold is Hold.LOCKED:
            assert done.plan.by_visit[each.visit].starts == each.starts
    changed = {change.visit for change in done.changes}
    assert all(
        done.plan.by_visit[placement.visit] == placement
        for placement in plan.placements
        if placement.visit not in changed
    )


@pytest.mark.parametrize("seed", [0, 2, 4, 5])
def test_repair_changes_little_more_than_the_proven_least(seed: int) -> None:
    drawn = town(seed, visits=6, days=2, departments=3, vehicles=())
    plan = stand(drawn)
    first = plan.placements[0]
    disturbance = OfficerOut(
        officer=first.teams[0][0], first=drawn.first_day, last=drawn.half_day_of(first.start).day
    )
    after = placed(disturbed(drawn, plan, (disturbance,)), plan.by_visit.keys())
    done = repair(drawn, (disturbance,), plan=plan, seconds=2.0)
    levels = drawn.levels[:3]
    proof = prove(msgspec.structs.replace(after, levels=levels), seconds=10, hint=done.plan)
    assert proof.proven == 3
    unserved, late, least = proof.bounds
    assert (done.terms[Term.UNSERVED], done.terms[Term.LATENESS]) == (unserved, late)
    assert done.terms[Term.MOVED] <= 1.1 * least
