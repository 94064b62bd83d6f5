"""双随机: officers drawn by lot from those who may serve, so that anyone can check the lot afterwards.

1. Before the draw the SHA-256 of a secret seed is published (`commitment`). 2. The draw is made and published with the
seed as a file (`Drawn`) that lists who was eligible for which seats and which rules bind them. 3. Anyone hashes the
seed and repeats the draw; `docs/verify_draw.py` does it in plain Python.

Every way of filling the seats that keeps the rules is equally likely. Groups of seats that no rule joins are drawn
independently; within a bundle of joined groups all teams are drawn uniformly, and all again if they break a rule
(rejection sampling). Random numbers are SHA-256(seed ‖ ":" ‖ counter) read as whole numbers; those in the last,
incomplete span are skipped, so that a remainder favours nobody.
"""

import hashlib
import re
from collections.abc import Sequence

from scheduling.checker import PlanRejectedError, check
from scheduling.eligible import Group, Rule, keeps, rules_of, seat_groups
from scheduling.plan import Placement, Plan
from scheduling.problem import Problem, Record

VERSION = "sha256-rejection-1"
HASH_SPAN = 1 << 256
#: A bundle that breaks a rule is drawn again at most this often.
MOST_ATTEMPTS = 20_000
SEED = re.compile(r"[0-9a-f]{64}")


class DrawError(ValueError):
    """`code` is stable: bad_seed, too_few_eligible, or no_lot_found where the rules refuse every lot that is tried."""

    def __init__(self, code: str, subject: str = "") -> None:
        self.code = code
        self.subject = subject
        super().__init__(f"{code}: {subject}")


class Drawn(Record, frozen=True, kw_only=True):
    """The public record of a draw. `teams` stand in the order of `groups`, officers in the order of their ids."""

    version: str
    commitment: str
    seed: str
    groups: tuple[Group, ...]
    rules: tuple[Rule, ...]
    teams: tuple[tuple[str, ...], ...]


def commitment(seed: str) -> str:
    """What is published before the draw: the SHA-256 of the seed, which is 64 hexadecimal digits as text."""
    if not SEED.fullmatch(seed):
        raise DrawError("bad_seed")
    return hashlib.sha256(seed.encode()).hexdigest()


class Lots:
    """Whole numbers from the seed, uniform below a limit."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._counter = 0

    def below(self, limit: int) -> int:
        while True:
            block = hashlib.sha256(f"{self._seed}:{self._counter}".encode()).digest()
            self._counter += 1
            number = int.from_bytes(block, "big")
            if number < HASH_SPAN - HASH_SPAN % limit:
                return number % limit

    def team(self, group: Group) -> tuple[str, ...]:
        """A uniform choice without order: one after the other out of those who are left."""
        left = list(group.eligible)
        return tuple(sorted(left.pop(self.below(len(left))) for _ in range(group.seats)))


def draw_officers(problem: Problem, plan: Plan, *, seed: str) -> tuple[Plan, Drawn]:
    """The plan with its teams drawn anew, times as they are, and the public record.

    Pinned bookings keep their teams. Raises `DrawError`; `PlanRejectedError` where the plan breaks a constraint that no
    choice of officers can mend.
    """
    published = commitment(seed)
    groups = seat_groups(problem, plan)
    for group in groups:
        if len(group.eligible) < group.seats:
            raise DrawError("too_few_eligible", f"{group.visit}/{group.party}")
    rules = rules_of(problem, plan, groups)
    teams = draw_teams(seed, groups, rules)
    drawn = _with_teams(plan, groups, teams)
    report = check(problem, drawn)
    if not report.feasible:
        raise PlanRejectedError(report)
    record = Drawn(version=VERSION, commitment=published, seed=seed, groups=groups, rules=rules, teams=teams)
    return drawn, record


def draw_teams(seed: str, groups: Sequence[Group], rules: Sequence[Rule]) -> tuple[tuple[str, ...], ...]:
    """A uniformly drawn team for each group, all rules kept. Raises `DrawError`."""
    lots = Lots(seed)
    teams: dict[int, tuple[str, ...]] = {}
    for bundle in bundles(len(groups), rules):
        inside = [rule for rule in rules if rule.groups[0] in bundle]
        for _ in range(MOST_ATTEMPTS):
            lot = {index: lots.team(groups[index]) for index in bundle}
            if all(keeps(rule, lot) for rule in inside):
                teams |= lot
                break
        else:
            first = groups[bundle[0]]
            raise DrawError("no_lot_found", f"{first.visit}/{first.party}")
    return tuple(teams[index] for index in range(len(groups)))


def bundles(count: int, rules: Sequence[Rule]) -> list[list[int]]:
    """Groups joined by rules, directly or through others, each bundle in order; bundles by their first group."""
    bundle_of = {index: [index] for index in range(count)}
    for rule in rules:
        for index in rule.groups[1:]:
            one, other = bundle_of[rule.groups[0]], bundle_of[index]
            if one is not other:
                one.extend(other)
                bundle_of |= dict.fromkeys(other, one)
    distinct = {id(bundle): sorted(bundle) for bundle in bundle_of.values()}
    return sorted(distinct.values())


def _with_teams(plan: Plan, groups: Sequence[Group], teams: Sequence[tuple[str, ...]]) -> Plan:
    drawn: dict[str, list[tuple[str, ...]]] = {}
    for group, team in zip(groups, teams, strict=True):
        drawn.setdefault(group.visit, []).append(team)
    return Plan(
        placements=tuple(
            Placement(visit=each.visit, starts=each.starts, teams=tuple(drawn[each.visit]))
            for each in plan.placements
        )
    )
