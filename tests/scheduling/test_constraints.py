"""One test for each hard constraint: a plan that breaks this rule, and no other."""

from datetime import date
from typing import Any

import msgspec
import pytest

from scheduling.checker import PlanRejectedError, accept, check
from scheduling.constraints import RULES
from scheduling.plan import Placement, Plan
from scheduling.problem import (
    Booking,
    Certificate,
    DayWindow,
    Half,
    HalfDay,
    Hold,
    Leave,
    Party,
    Post,
    Problem,
    Recusal,
    Site,
    Vehicle,
    Visit,
    Window,
)
from tests.scheduling.towns import MONDAY, officer, party, problem, visit

TEN = 600
DAY = 1440
PAIR = ("甲", "乙")


def town(*visits: Visit, **values: Any) -> Problem:
    """Two fire officers for visits that need both."""
    changes = values.pop("officer", {})
    officers = tuple(officer(name, "消防", **changes) for name in PAIR)
    return problem(visits or (visit("件", "消防"),), officers, **values)


def held(name: str = "件", start: int = TEN, *teams: tuple[str, ...]) -> Placement:
    teams = teams or (PAIR,)
    return Placement(visit=name, starts=(start,) * len(teams), teams=teams)


def broken(town: Problem, *placements: Placement) -> set[str]:
    return {violation.constraint for violation in check(town, Plan(placements=placements)).violations}


def test_plan_that_obeys_everything() -> None:
    assert broken(town(), held()) == set()
    assert len({rule.__name__ for rule in RULES}) == len(RULES) == 15


def test_full_teams_one_officer_short() -> None:
    assert broken(town(), held("件", TEN, ("甲",))) == {"full_teams"}


def test_everyone_together_when_a_party_starts_later() -> None:
    parties = (party("消防", officers=1), Party(id="规划", department="消防", duration=90, officers=1))
    late = Placement(visit="件", starts=(TEN, TEN + 15), teams=(("甲",), ("乙",)))
    assert broken(town(visit("件", parties=parties)), late) == {"everyone_together"}


def test_everyone_together_allows_the_lag() -> None:
    follower = Party(id="规划", department="消防", duration=90, officers=1, lag=(10, 20))
    late = Placement(visit="件", starts=(TEN, TEN + 15), teams=(("甲",), ("乙",)))
    assert broken(town(visit("件", parties=(party("消防", officers=1), follower))), late) == set()


def test_on_grid_between_quarters() -> None:
    assert broken(town(), held("件", TEN + 1)) == {"on_grid"}


def test_qualified_expired_certificate() -> None:
    expired = (Certificate(name="消防", last=date(2026, 3, 8)),)
    assert broken(town(officer={"certificates": expired}), held()) == {"qualified"}


def test_qualified_other_district() -> None:
    sites = (Site(id="一号地", lon=120.02, lat=30.0, district="东区"),)
    assert broken(town(officer={"district": "西区"}, sites=sites), held()) == {"qualified"}


@pytest.mark.parametrize("target", [{"visit": "件"}, {"applicant": "某公司"}])
def test_not_recused(target: dict[str, str]) -> None:
    recused = town(visit("件", "消防", applicant="某公司"), recusals=(Recusal(officer="甲", **target),))
    assert broken(recused, held()) == {"not_recused"}


@pytest.mark.parametrize("start", [9 * 60, 11 * 60, 16 * 60, 5 * DAY + TEN])
def test_within_hours_too_early_over_noon_too_late_and_at_the_weekend(start: int) -> None:
    assert broken(town(days=7), held("件", start)) == {"within_hours"}


def test_within_hours_on_leave() -> None:
    away = Leave(first=MONDAY, last=MONDAY, part=DayWindow(start=540, end=720))
    assert broken(town(officer={"leave": (away,)}), held()) == {"within_hours"}


def test_no_overlap_without_time_to_travel() -> None:
    two = town(visit("件", "消防", duration=60), visit("又", "消防", duration=60, site="二号地"))
    assert broken(two, held("件", 570), held("又", 645)) == {"no_overlap"}


def test_lunch_kept() -> None:
    two = town(visit("件", "消防"), visit("又", "消防", site="二号地"), officer={"lunch": 100})
    assert broken(two, held("件", 615), held("又", 810)) == {"lunch_kept"}
    assert broken(two, held("件", 600), held("又", 810)) == set()


def test_site_open_only_in_its_access_windows() -> None:
    sites = (Site(id="一号地", lon=120.02, lat=30.0, access=(DayWindow(start=840, end=990),)),)
    assert broken(town(sites=sites), held()) == {"site_open"}


def test_site_open_on_a_closed_day() -> None:
    assert broken(town(sites=(Site(id="一号地", closed=(MONDAY,), lon=120.02, lat=30.0),)), held()) == {
        "site_open"
    }


@pytest.mark.parametrize("limit", [{"earliest": date(2026, 3, 10)}, {"wanted": Window(start=630, end=690)}])
def test_not_too_early(limit: dict[str, Any]) -> None:
    assert broken(town(visit("件", "消防", **limit)), held()) == {"not_too_early"}


def test_no_forbidden_half_day() -> None:
    morning = HalfDay(day=MONDAY, half=Half.MORNING)
    assert broken(town(visit("件", "消防", forbidden=(morning,))), held()) == {"no_forbidden_half_day"}


@pytest.mark.parametrize("cap", [{"daily": 170}, {"weekly": 170}])
def test_within_caps(cap: dict[str, int]) -> None:
    two = town(visit("件", "消防"), visit("又", "消防", site="二号地"), officer=cap)
    assert broken(two, held(), held("又", 840)) == {"within_caps"}


def test_seats_suffice() -> None:
    cars = (Vehicle(id="车", pool="车队", seats=1),)
    assert broken(town(officer={"pool": "车队"}, vehicles=cars), held()) == {"seats_suffice"}


def test_segments_in_order() -> None:
    two = town(visit("件", "消防", after="又"), visit("又", "消防", site="二号地"))
    assert broken(two, held("件", TEN), held("又", 840)) == {"segments_in_order"}
    assert broken(two, held("件", TEN)) == {"segments_in_order"}
    assert broken(two, held("件", 840), held("又", TEN)) == set()


@pytest.mark.parametrize(
    ("hold", "start", "team", "expected"),
    [
        (Hold.PINNED, TEN, ("甲", "丙"), {"bookings_stand"}),
        (Hold.PINNED, TEN + 15, PAIR, {"bookings_stand"}),
        (Hold.LOCKED, TEN, ("甲", "丙"), set()),
        (Hold.LOCKED, TEN + 15, PAIR, {"bookings_stand"}),
        (Hold.MOVABLE, TEN + 15, ("甲", "丙"), set()),
    ],
)
def test_bookings_stand(hold: Hold, start: int, team: tuple[str, ...], expected: set[str]) -> None:
    booking = Booking(visit="件", starts=(TEN,), teams=(PAIR,), hold=hold)
    three = town(bookings=(booking,))
    third = officer("丙", "消防", post=Post.SUBSTITUTE)
    three = msgspec.structs.replace(three, officers=(*three.officers, third))
    assert broken(three, held("件", start, team)) == expected


def test_accept_refuses_a_plan_that_breaks_a_rule() -> None:
    with pytest.raises(PlanRejectedError, match="on_grid"):
        accept(town(), Plan(placements=(held("件", TEN + 1),)))
