import hashlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduling.checker import check
from scheduling.draw import DrawError, Lots, commitment, draw_officers, draw_teams
from scheduling.eligible import Group, Rule, keeps, rules_of, seat_groups
from scheduling.plan import Placement, Plan
from scheduling.problem import Hold
from tests.scheduling.towns import booking, officer, problem, stand, town, visit

SCRIPT = Path(__file__).parents[2] / "docs" / "verify_draw.py"


def seed(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def test_commitment_is_the_hash_of_the_seed() -> None:
    assert commitment("0" * 64) == "60e05bd1b195af2f94112fa7197a5c88289058840ce7c6df9693756bc6250f55"
    with pytest.raises(DrawError, match="bad_seed"):
        commitment("short")


def test_lots_are_the_hash_stream_and_uniform() -> None:
    first = int.from_bytes(hashlib.sha256(f"{seed(1)}:0".encode()).digest(), "big")
    assert Lots(seed(1)).below(10) == first % 10
    lots = Lots(seed(2))
    counts = Counter(lots.below(6) for _ in range(6000))
    chi_square = sum((counts[face] - 1000) ** 2 / 1000 for face in range(6))
    assert chi_square < 20.5  # 0.1 % of fair dice with 5 degrees of freedom exceed it


def test_draw_gives_every_lawful_lot_the_same_chance() -> None:
    groups = tuple(Group(visit=name, party="p", seats=1, eligible=("a", "b", "c")) for name in "xyz")
    rules = (Rule(officers=("a", "b", "c"), groups=(0, 1), weights=(1, 1), most=1),)
    counts = Counter(draw_teams(seed(number), groups, rules) for number in range(10_000, 13_600))
    assert len(counts) == 18
    chi_square = sum((count - 200) ** 2 / 200 for count in counts.values())
    assert chi_square < 40.8  # 0.1 % with 17 degrees of freedom


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_drawn_plans_pass_the_checker_and_repeat(number: int) -> None:
    drawn = town(number, visits=8)
    plan = stand(drawn)
    assume(plan.placements)
    first, record = draw_officers(drawn, plan, seed=seed(number))
    assert not check(drawn, first).violations
    assert [each.starts for each in first.placements] == [each.starts for each in plan.placements]
    assert draw_officers(drawn, plan, seed=seed(number)) == (first, record)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_rules_allow_the_teams_of_any_lawful_plan(number: int) -> None:
    drawn = town(number, visits=6, days=2)
    plan = stand(drawn)
    groups = seat_groups(drawn, plan)
    rules = rules_of(drawn, plan, groups)
    order = sorted(plan.placements, key=lambda each: (each.starts, each.visit))
    teams = dict(enumerate(team for placement in order for team in placement.teams))
    assert all(keeps(rule, teams) for rule in rules)
    assert all(set(teams[index]) <= set(group.eligible) for index, group in enumerate(groups))


def test_verifier_repeats_the_draw_and_finds_a_forged_one(tmp_path: Path) -> None:
    drawn = town(7, visits=10)
    _, record = draw_officers(drawn, stand(drawn), seed=seed(7))
    file = tmp_path / "draw.json"
    file.write_bytes(msgspec.json.encode(record))
    assert subprocess.run([sys.executable, SCRIPT, file], check=False).returncode == 0
    forged = json.loads(file.read_bytes())
    forged["teams"][0], forged["teams"][1] = forged["teams"][1], forged["teams"][0]
    file.write_text(json.dumps(forged))
    assert subprocess.run([sys.executable, SCRIPT, file], check=False).returncode == 1


def test_draw_keeps_pinned_teams_and_refuses_too_few() -> None:
    crew = tuple(officer(f"消防{number}", "消防") for number in range(6))
    placement = Placement(visit="甲", starts=(570,), teams=(("消防0", "消防1"),))
    pinned = problem((visit("甲", "消防"),), crew, bookings=(booking(placement, hold=Hold.PINNED),))
    for number in range(5):
        plan, _ = draw_officers(pinned, Plan(placements=(placement,)), seed=seed(number))
        assert plan.placements[0].teams == (("消防0", "消防1"),)
    alone = problem((visit("甲", "消防"),), crew[:1])
    with pytest.raises(DrawError, match="too_few_eligible"):
        draw_officers(alone, Plan(placements=(placement,)), seed=seed(1))
