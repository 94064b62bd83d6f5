"""What is drawn by lot: groups of seats, who is eligible for them, and the rules that bind several groups."""

from collections import Counter
from collections.abc import Sequence
from typing import Self

import msgspec

from scheduling.problem import Record

Teams = tuple[tuple[str, ...], ...]


class Group(Record, frozen=True, kw_only=True):
    """`seats` of the `eligible`, for one party of one visit (or one department at one drawn object)."""

    visit: str
    party: str
    seats: int
    eligible: tuple[str, ...]


class Rule(Record, frozen=True, kw_only=True):
    """Over these groups (by index), each of the officers carries at most `most` of the `weights` of his groups.

    With `together` it is the number of different officers out of these that is at most `most`.
    """

    officers: tuple[str, ...]
    groups: tuple[int, ...]
    weights: tuple[int, ...]
    most: int
    together: bool = False

    @property
    def excludes(self) -> bool:
        """Whether it lets nobody serve in two of the groups, and says no more."""
        return self.most == 1 and not self.together and set(self.weights) <= {1}

    def keeps(self, teams: Sequence[Sequence[str]]) -> bool:
        """Whether the teams, one for each group of the ballot, keep the rule."""
        bound = frozenset(self.officers)
        carried: Counter[str] = Counter()
        for group, weight in zip(self.groups, self.weights, strict=True):
            for officer in bound.intersection(teams[group]):
                carried[officer] += weight
        return (len(carried) if self.together else max(carried.values(), default=0)) <= self.most


class Ballot(Record, frozen=True, kw_only=True):
    groups: tuple[Group, ...]
    rules: tuple[Rule, ...] = ()

    def of(self, groups: Sequence[int], rules: Sequence[Rule]) -> Self:
        """A part: these groups, renumbered, with rules that lie within them."""
        number = {group: index for index, group in enumerate(groups)}
        return type(self)(
            groups=tuple(self.groups[index] for index in groups),
            rules=tuple(
                msgspec.structs.replace(rule, groups=tuple(number[index] for index in rule.groups))
                for rule in rules
            ),
        )
