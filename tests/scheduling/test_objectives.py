"""One test for each term that plans are judged by."""

from datetime import date
from typing import Any

import pytest

from scheduling.checker import check
from scheduling.plan import Placement, Plan
from scheduling.problem import Booking, Half, HalfDay, Level, Post, Problem, Term, Visit, Window
from tests.scheduling.towns import MONDAY, officer, problem, visit

DAY = 1440
PAIR = ("甲", "乙")


def town(*visits: Visit, **values: Any) -> Problem:
    officers = (*(officer(name, "消防") for name in PAIR), officer("丙", "消防", post=Post.SUBSTITUTE))
    return problem(visits or (visit("件", "消防"),), officers, **values)


def held(name: str, start: int, team: tuple[str, ...] = PAIR) -> Placement:
    return Placement(visit=name, starts=(start,), teams=(team,))


def measure(town: Problem, term: Term, *placements: Placement) -> int:
    report = check(town, Plan(placements=placements))
    assert report.feasible
    return report.terms[term]


def test_unserved_counts_priorities() -> None:
    two = town(visit("件", "消防", priority=3), visit("又", "消防"))
    assert measure(two, Term.UNSERVED) == 4
    assert measure(two, Term.UNSERVED, held("件", 600)) == 1


@pytest.mark.parametrize(("day", "expected"), [(0, 0), (2, 0), (4, 6)])
def test_lateness_counts_working_days_by_priority(day: int, expected: int) -> None:
    promised = town(visit("件", "消防", received=MONDAY, promised=2, priority=3))
    assert measure(promised, Term.LATENESS, held("件", day * DAY + 600)) == expected


@pytest.mark.parametrize(
    ("start", "team", "expected"),
    [(600, PAIR, 0), (600, ("甲", "丙"), 2), (615, PAIR, 20), (615, ("甲", "丙"), 20)],
)
def test_moved_weighs_time_over_officers(start: int, team: tuple[str, ...], expected: int) -> None:
    booked = town(bookings=(Booking(visit="件", starts=(600,), teams=(PAIR,), cost=2),))
    assert measure(booked, Term.MOVED, held("件", start, team)) == expected


def test_substitutes_counts_seats_of_b_posts() -> None:
    assert measure(town(), Term.SUBSTITUTES, held("件", 600, ("甲", "丙"))) == 1


def test_overload_is_what_exceeds_the_fair_share() -> None:
    visits = tuple(visit(f"件{number}", "消防", duration=90) for number in range(2))
    placements = (held("件0", 600, ("甲", "丙")), held("件1", 840, ("甲", "丙")))
    # 360 ticks are asked for; 甲's even share is 180, with 125 % tolerance 225, and he carries 180.
    assert measure(town(*visits), Term.OVERLOAD, *placements) == 0
    assert measure(town(*visits, fair_share=50), Term.OVERLOAD, *placements) == 90


def test_travel_counts_the_way_out_and_back_for_each_officer() -> None:
    # 2.50 km at 28 km/h and 8 minutes for parking, rounded up: 14 each way.
    assert measure(town(), Term.TRAVEL, held("件", 600)) == 4 * 14


def test_tardiness_counts_each_party_and_max_the_worst() -> None:
    late = town(
        visit("件", "消防", wanted=Window(start=540, end=585)),
        visit("又", "消防", wanted=Window(start=810, end=840), site="二号地"),
    )
    assert measure(late, Term.TARDINESS, held("件", 600), held("又", 870)) == 15 + 30
    assert measure(late, Term.MAX_TARDINESS, held("件", 600), held("又", 870)) == 30


def test_waiting_counts_idle_time_within_a_half_day() -> None:
    visits = (
        visit("件", "消防", duration=30),
        visit("又", "消防", duration=30),
        visit("再", "消防", duration=30),
    )
    placements = (held("件", 570), held("又", 645), held("再", 840))
    assert measure(town(*visits), Term.WAITING, *placements) == 2 * 45


def test_splits_counts_further_half_days_of_a_group() -> None:
    visits = tuple(visit(f"件{number}", "消防", duration=45, group="一案") for number in range(3))
    together = (held("件0", 570), held("件1", 615), held("件2", 660))
    apart = (held("件0", 570), held("件1", 840), held("件2", DAY + 660))
    assert measure(town(*visits), Term.SPLITS, *together) == 0
    assert measure(town(*visits), Term.SPLITS, *apart) == 2


def test_disliked_counts_visits_outside_their_preferred_half_days() -> None:
    wish = HalfDay(day=MONDAY, half=Half.AFTERNOON)
    picky = town(visit("件", "消防", preferred=(wish,)))
    assert measure(picky, Term.DISLIKED, held("件", 600)) == 1
    assert measure(picky, Term.DISLIKED, held("件", 840)) == 0


def test_levels_weigh_their_terms_together() -> None:
    levels = (Level(weights={Term.UNSERVED: 1}), Level(weights={Term.TRAVEL: 2, Term.SUBSTITUTES: 5}))
    report = check(
        town(levels=levels, first_day=date(2026, 3, 9)), Plan(placements=(held("件", 600, ("甲", "丙")),))
    )
    assert report.levels == (0, 2 * 4 * 14 + 5)
