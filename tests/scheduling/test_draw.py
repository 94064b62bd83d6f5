import contextlib
import hashlib
import json
import math
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from itertools import combinations, pairwise, product
from pathlib import Path

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduling.ballot import Ballot, Group, Rule, Teams
from scheduling.chairs import Filling
from scheduling.checker import check
from scheduling.draw import (
    METHODS,
    PLAIN,
    VERSION,
    DrawError,
    Lots,
    Method,
    commitment,
    draw,
    repeats,
    sampler,
)
from scheduling.eligible import ballot_of, cliques, draw_officers
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
def ballots(draw: st.DrawFn, *, names: str = "vwxyz", people: str = "abcde") -> Ballot:
    """A few groups of a few officers, with rules of every kind, every other one an exclusion."""
    crews = st.lists(st.sampled_from(people), min_size=2, unique=True).map(sorted)
    groups = [
        group(name, *eligible, seats=draw(st.integers(1, 2)))
        for name, eligible in zip(names, draw(st.lists(crews, min_size=1, max_size=len(names))), strict=False)
    ]
    rules = []
    for _ in range(draw(st.integers(0, 4))):
        within = draw(st.lists(st.sampled_from(range(len(groups))), min_size=1, unique=True).map(sorted))
        excludes = draw(st.booleans())
        weights = draw(st.lists(st.integers(1, 3), min_size=len(within), max_size=len(within)))
        rules.append(
            Rule(
                officers=tuple(draw(crews)),
                groups=tuple(within),
                weights=(1,) * len(within) if excludes else tuple(weights),
                most=1 if excludes else draw(st.integers(1, 5)),
                together=not excludes and draw(st.booleans()),
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
    assert count_lots(ballot.groups, ballot.rules, most=10_000).total == len(lawful_lots(ballot))


class Scripted(Lots):
    """Numbers as written, noughts beyond them; notes the limits."""

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers
        self.limits: list[int] = []

    def below(self, limit: int) -> int:
        self.limits.append(limit)
        return self.numbers[len(self.limits) - 1] if len(self.limits) <= len(self.numbers) else 0


def chances(ballot: Ballot, method: Method) -> dict[Teams, Fraction]:
    """By lot, the exact chance that one attempt gives it: every number that could be drawn is."""
    found: dict[Teams, Fraction] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scheduling.draw.MOST_ATTEMPTS", 1)
        try:
            lot = sampler(ballot, method)
        except DrawError:
            return found
        left: list[list[int]] = [[]]
        while left:
            lots = Scripted(left.pop())
            with contextlib.suppress(DrawError):
                teams = lot(lots)
                found[teams] = found.get(teams, Fraction(0)) + Fraction(1, math.prod(lots.limits))
            for at in range(len(lots.numbers), len(lots.limits)):
                noughts = [0] * (at - len(lots.numbers))
                left += [[*lots.numbers, *noughts, number] for number in range(1, lots.limits[at])]
    return found


@pytest.mark.parametrize("version", METHODS)
@settings(max_examples=12, deadline=None)
@given(ballot=ballots(names="xyz", people="abc"))
def test_lawful_lots_have_exactly_the_same_chance_where_little_is_counted(
    ballot: Ballot, version: str
) -> None:
    found = chances(ballot, METHODS[version]._replace(arrivals=1))
    assert set(found) == lawful_lots(ballot)
    assert len(set(found.values())) <= 1


@settings(max_examples=12, deadline=None)
@given(ballot=ballots(names="xyz", people="abc"))
def test_counted_lots_have_the_chance_of_one_in_their_number(ballot: Ballot) -> None:
    lawful = lawful_lots(ballot)
    found = chances(ballot, METHODS[VERSION])
    assert found == dict.fromkeys(lawful, Fraction(1, max(1, len(lawful))))


def test_groups_that_overlap_in_a_row_leave_no_chair_empty() -> None:
    """Fifty visits through a day, each at the same time as the four before it: intervals, so that nothing is lost."""
    crew = tuple(f"o{number:02}" for number in range(14))
    ballot = Ballot(
        groups=tuple(group(f"v{number:02}", *crew, seats=2) for number in range(50)),
        rules=tuple(
            Rule(officers=crew, groups=tuple(range(first, first + 5)), weights=(1,) * 5, most=1)
            for first in range(46)
        ),
    )
    numbers = Scripted([3] * 100)
    teams = Filling(ballot).lot(numbers.below)
    assert teams is not None
    assert all(rule.keeps(teams) for rule in ballot.rules)
    assert len(numbers.limits) == 100


def test_draw_of_many_days_ends_and_is_what_anyone_finds() -> None:
    """Three days of forty officers, twelve visits each half-day: far more than can be counted."""
    crew = tuple(f"o{number:02}" for number in range(40))
    halves, days, whole = (
        [tuple(range(first, first + width)) for first in range(0, 72, width)] for width in (12, 24, 72)
    )
    groups = tuple(
        group(f"v{number:03}", *crew[: number % 40], *crew[number % 40 + 1 :], seats=2)
        for number in range(72)
    )
    rules = [Rule(officers=crew, groups=half, weights=(1,) * 12, most=1) for half in halves]
    rules += [Rule(officers=crew, groups=day, weights=(3, 2) * 12, most=5) for day in days]
    rules += [Rule(officers=crew, groups=week, weights=(3, 2) * 36, most=20) for week in whole]
    record = draw(seed(5), Ballot(groups=groups, rules=tuple(rules)))
    assert all(rule.keeps(record.teams) for rule in rules)
    assert repeats(record)


def test_limits_that_hardly_any_lot_keeps_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may serve twice in nine groups of eighteen, and there are rules enough not to count."""
    crew = tuple(f"o{number:02}" for number in range(18))
    groups = tuple(group(f"v{number}", *crew[number:], *crew[:number], seats=2) for number in range(9))
    wide = Rule(officers=crew, groups=tuple(range(9)), weights=(2,) * 9, most=2)
    method = METHODS[VERSION]._replace(arrivals=1, numbers=500)
    monkeypatch.setitem(METHODS, VERSION, method)
    with pytest.raises(DrawError, match="no_lot_found"):
        draw(seed(1), Ballot(groups=groups, rules=(wide,)))


def test_draw_of_a_crowded_hour_needs_no_luck() -> None:
    """Twelve officers, six visits at once: one lot in eleven thousand is lawful, and a seventh visit is refused."""
    crew = tuple(f"o{number:02}" for number in range(12))
    groups = tuple(group(f"v{number}", *crew, seats=2) for number in range(7))
    apart = tuple(
        Rule(officers=crew, groups=pair, weights=(1, 1), most=1) for pair in combinations(range(7), 2)
    )
    six = Ballot(groups=groups[:6], rules=tuple(rule for rule in apart if 6 not in rule.groups))
    assert count_lots(six.groups, six.rules, most=2_000).total == math.factorial(12) // 2**6
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


def wide_ballot() -> Ballot:
    """Limits that bind each officer alone over all groups, which is too much to count, and cars that they share."""
    crew = tuple(f"o{number}" for number in range(8))
    groups = tuple(group(f"v{number:02}", *crew[number % 3 :], seats=2) for number in range(12))
    rules = [Rule(officers=crew, groups=pair, weights=(1, 1), most=1) for pair in pairwise(range(12))]
    rules += [
        Rule(officers=(each,), groups=tuple(range(12)), weights=(5, 4, 3, 2) * 3, most=18) for each in crew
    ]
    rules.append(Rule(officers=crew[:5], groups=(4, 5, 6), weights=(1, 1, 1), most=3, together=True))
    return Ballot(groups=groups, rules=tuple(rules))


def test_draws_of_the_first_version_still_repeat() -> None:
    """What it drew, by its hash, before there was another."""
    record = draw(seed(7), wide_ballot(), public="3-11-19", version=PLAIN)
    assert (
        hashlib.sha256(msgspec.json.encode(record.teams)).hexdigest()
        == "d6592fb45134e7babf5d1e17233a61096e7be0e644e9f3a206a6714bab96b1cb"
    )
    assert repeats(record)
    with pytest.raises(DrawError, match="unknown_version"):
        repeats(msgspec.structs.replace(record, version="sha256-counted-9"))


@pytest.mark.parametrize("version", METHODS)
def test_verifier_repeats_the_draw_and_finds_a_forged_one(tmp_path: Path, version: str) -> None:
    record = draw(seed(7), wide_ballot(), public="3-11-19", version=version)
    file = tmp_path / "draw.json"
    file.write_bytes(msgspec.json.encode(record))
    assert subprocess.run([sys.executable, SCRIPT, file], check=False).returncode == 0
    forged = json.loads(file.read_bytes())
    forged["teams"][0], forged["teams"][1] = forged["teams"][1], forged["teams"][0]
    file.write_text(json.dumps(forged))
    assert subprocess.run([sys.executable, SCRIPT, file], check=False).returncode == 1


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] < pair[1])))
def test_cliques_hold_every_pair_and_no_other(pairs: set[tuple[int, int]]) -> None:
    assert {pair for clique in cliques(pairs) for pair in combinations(clique, 2)} == pairs


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
