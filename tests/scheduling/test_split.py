import msgspec
import pytest

from scheduling.checker import check
from scheduling.plan import Plan, booked_plan
from scheduling.problem import Hold, Problem
from scheduling.split import join, split
from scheduling.split_districts import split_by_district
from tests.scheduling.towns import DEPARTMENTS, booking, stand, town


@pytest.mark.parametrize("seed", range(6))
def test_parts_planned_apart_are_one_plan_without_a_double_booking(seed: int) -> None:
    whole = town(seed, visits=40, days=12)
    parts = split(whole, 3)
    assert sorted(visit.id for part in parts for visit in part.visits) == [visit.id for visit in whole.visits]
    plans = [stand(part) for part in parts]
    together = join(whole, plans)
    assert check(whole, together).violations == ()
    assert len(together.placements) >= 0.9 * sum(len(plan.placements) for plan in plans)


def test_part_leaves_bookings_where_they_stand() -> None:
    whole = town(3, visits=20, days=12)
    plan = stand(whole)
    held = town(
        3, visits=20, days=12, bookings=tuple(booking(each, hold=Hold.LOCKED) for each in plan.placements)
    )
    together = join(held, [booked_plan(part) for part in split(held, 4)])
    assert together.by_visit == plan.by_visit


def test_split_of_a_short_horizon_gives_no_more_parts_than_days() -> None:
    assert split(town(1, visits=4, days=1), 3) == (town(1, visits=4, days=1),)
    assert len(split(town(1, visits=4, days=2), 3)) == 2


def officer_days(plan: Plan) -> set[tuple[str, int]]:
    return {
        (officer, placement.start // (24 * 60))
        for placement in plan.placements
        for team in placement.teams
        for officer in team
    }


def districts(seed: int) -> Problem:
    """A town whose sites lie in three districts, one department of which is too small to be dealt out."""
    plain = town(seed, visits=40, days=12)
    sites = tuple(
        msgspec.structs.replace(site, district=f"{number % 3}区") for number, site in enumerate(plain.sites)
    )
    more = tuple(
        msgspec.structs.replace(each, id=f"{each.id}+")
        for each in plain.officers
        if each.department != DEPARTMENTS[0]
    )
    return msgspec.structs.replace(plain, sites=sites, officers=(*plain.officers, *more))


@pytest.mark.parametrize("seed", range(4))
def test_districts_planned_apart_are_one_plan_without_a_double_booking(seed: int) -> None:
    whole = districts(seed)
    parts = split_by_district(whole, 2)
    assert len(parts) == 2
    assert sorted(visit.id for part in parts for visit in part.visits) == [visit.id for visit in whole.visits]
    plans = [stand(part) for part in parts]
    first, second = (officer_days(plan) for plan in plans)
    assert first.isdisjoint(second)
    together = join(whole, plans)
    assert check(whole, together).violations == ()
    assert len(together.placements) >= 0.9 * sum(len(plan.placements) for plan in plans)
    assert len(together.placements) >= 0.7 * len(whole.visits)


def test_district_leaves_bookings_where_they_stand() -> None:
    plan = stand(districts(3))
    locked = tuple(booking(each, hold=Hold.LOCKED) for each in plan.placements)
    held = msgspec.structs.replace(districts(3), bookings=locked)
    together = join(held, [booked_plan(part) for part in split_by_district(held, 3)])
    assert together.by_visit == plan.by_visit


def test_town_of_one_district_is_not_split() -> None:
    whole = town(1, visits=4)
    assert split_by_district(whole, 3) == (whole,)
