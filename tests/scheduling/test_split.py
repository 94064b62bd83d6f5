import pytest

from scheduling.checker import check
from scheduling.plan import booked_plan
from scheduling.problem import Hold
from scheduling.split import join, split
from tests.scheduling.towns import booking, stand, town


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
