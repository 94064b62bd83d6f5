import hashlib
import json
import math
import subprocess
import sys
from collections import Counter
from itertools import combinations, pairwise, product
from pathlib import Path

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduling.ballot import Ballot, Group, Rule
from scheduling.checker import check
from scheduling.draw import DrawError, Lots, commitment, draw, repeats
from scheduling.eligible import ballot_of, draw_officers
from scheduling.lawful import count_lots
from scheduling.plan import Placement, Plan
from scheduling.problem import Hold
from tests.scheduling.towns import booking, officer, problem, stand, town, visit

SCRIPT = Path(__file__).parents[2] / "docs" / "verify_draw.py"


def seed(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def group(name: str, *eligible: str, seats: int = 1) -> Group:
    return Group(visit=name, party="p", seats=seats, eligible=eligible)


def lawful_lots(ballot: Ballot) -> set[tuple[tuple[str, ...], ...]]:
    """All of them, listed."""
    choices = [combinations(sorted(each.eligible), each.seats) for each in ballot.groups]
    return {lot for lot in product(*choices) if all(rule.keeps(lot) for rule in ballot.rules)}


@st.composite
def ballots(draw: st.DrawFn) -> Ballot:
    """Up to five groups of up to five officers, with rules of every kind."""
    people = st.lists(st.sampled_from("abcde"), min_size=2, unique=True).map(sorted)
    groups = [
        group(name, *eligible, seats=draw(st.integers(1, 2)))
        for name, eligible in zip("vwxyz", draw(st.lists(people, min_size=1, max_size=5)), strict=False)
    ]
    rules = []
    for _ in range(draw(st.integers(0, 4))):
        within = draw(st.lists(st.sampled_from(range(len(groups))), min_size=1, unique=True).map(sorted))
        weights = draw(st.lists(st.integers(1, 3), min_size=len(within), max_size=len(within)))
        rules.append(
            Rule(
                officers=tuple(draw(people)),
                groups=tuple(within),
                weights=tuple(weights),
                most=draw(st.integers(1, 5)),
                together=draw(st.booleans()),
            )
        )
    return Ballot(groups=tuple(groups), rules=tuple(rules))


def test_commitment_is_the_hash_of_seed_and_ballot() -> None:
    ballot = Ballot(groups=(group("甲", "a", "b"),))
    text = '{"groups":[{"eligible":["a","b"],"party":"p","seats":1,"visit":"甲"}]}'
    assert commitment("0" * 64, ballot) == hashlib.sha256(f"{'0' * 64}:{text}".encode()).hexdigest()
    with pytest.raises(DrawError, match="bad_seed"):
        commitment("short", ballot)


def test_lots_are_the_hash_stream_and_uniform() -> None:
    first = int.from_bytes(hashlib.sha256(f"{seed(1)}::0".encode()).digest(), "big")
    assert Lots(seed(1)).below(10) == first % 10
    lots = Lots(seed(2))
    counts = Counter(lots.below(6) for _ in range(6000))
    chi_square = sum((counts[face] - 1000) ** 2 / 1000 for face in range(6))
    assert chi_square < 20.5  # 0.1 % of fair dice with 5 degrees of freedom exceed it


def test_lots_below_a_limit_of_many_blocks() -> None:
    assert 0 <= Lots(seed(3)).below(1 << 600) < 1 << 600
    assert Lots(seed(3), "public").below(1 << 200) != Lots(seed(3)).below(1 << 200)


@settings(max_examples=50, deadline=None)
@given(ballots())
def test_count_is_the_number_of_lawful_lots(ballot: Ballot) -> None:
    assert count_lots(ballot.groups, ballot.rules).total == len(lawful_lots(ballot))


@pytest.mark.parametrize("most_arrivals", [10_000, 3])
def test_draw_gives_every_lawful_lot_the_same_chance(
    monkeypatch: pytest.MonkeyPatch, most_arrivals: int
) -> None:
    """Counted, and where it is too much to count."""
    monkeypatch.setattr("scheduling.lawful.MOST_ARRIVALS", most_arrivals)
    rules = (
        Rule(officers=("a", "b", "c"), groups=(0, 1), weights=(1, 1), most=1),
        Rule(officers=("a", "b", "c", "d"), groups=(0, 1, 2), weights=(1, 1, 1), most=2, together=True),
    )
    ballot = Ballot(
        groups=(group("x", "a", "b", "c"), group("y", "a", "b", "c"), group("z", "a", "b", "c", "d")),
        rules=rules,
    )
    lawful = lawful_lots(ballot)
    counts = Counter(draw(seed(number), ballot).teams for number in range(10_000, 11_200))
    assert set(counts) == lawful
    assert len(lawful) == 12
    chi_square = sum((count - 100) ** 2 / 100 for count in counts.values())
    assert chi_square < 31.3  # 0.1 % with 11 degrees of freedom


def test_draw_of_a_crowded_hour_needs_no_luck() -> None:
    """Twelve officers, six visits at once: one lot in eleven thousand is lawful, and a seventh visit is refused."""
    crew = tuple(f"o{number:02}" for number in range(12))
    groups = tuple(group(f"v{number}", *crew, seats=2) for number in range(7))
    apart = tuple(
        Rule(officers=crew, groups=pair, weights=(1, 1), most=1) for pair in combinations(range(7), 2)
    )
    six = Ballot(groups=groups[:6], rules=tuple(rule for rule in apart if 6 not in rule.groups))
    assert count_lots(six.groups, six.rules).total == math.factorial(12) // 2**6
    assert sorted(officer for team in draw(seed(1), six).teams for officer in team) == list(crew)
    with pytest.raises(DrawError, match="no_lawful_lot"):
        draw(seed(1), Ballot(groups=groups, rules=apart))


def test_draw_of_objects_is_a_plain_lot() -> None:
    names = tuple(f"件{number:04}" for number in range(2_000))
    drawn = draw(seed(1), Ballot(groups=(group("抽查", *names, seats=100),)), public="3-11-19")
    assert len(set(drawn.teams[0])) == 100
    assert repeats(drawn)
    assert not repeats(msgspec.structs.replace(drawn, public="3-11-20"))


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
    ballot = ballot_of(drawn, plan)
    order = sorted(plan.placements, key=lambda each: (each.starts, each.visit))
    teams = [team for placement in order for team in placement.teams]
    assert all(rule.keeps(teams) for rule in ballot.rules)
    assert all(set(team) <= set(each.eligible) for team, each in zip(teams, ballot.groups, strict=True))


def test_verifier_repeats_the_draw_and_finds_a_forged_one(tmp_path: Path) -> None:
    """Limits that bind each officer alone over all groups, which is too much to count, and cars that they share."""
    crew = tuple(f"o{number}" for number in range(8))
    groups = tuple(group(f"v{number:02}", *crew[number % 3 :], seats=2) for number in range(12))
    rules = [Rule(officers=crew, groups=pair, weights=(1, 1), most=1) for pair in pairwise(range(12))]
    rules += [
        Rule(officers=(each,), groups=tuple(range(12)), weights=(5, 4, 3, 2) * 3, most=18) for each in crew
    ]
    rules.append(Rule(officers=crew[:5], groups=(4, 5, 6), weights=(1, 1, 1), most=3, together=True))
    record = draw(seed(7), Ballot(groups=groups, rules=tuple(rules)), public="3-11-19")
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
