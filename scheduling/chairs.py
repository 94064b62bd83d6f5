"""Groups that exclude each other, filled one by one, however many there are: every lawful lot is equally likely.

Each seat is drawn from a fixed number of *chairs*: as many as there could at most be officers free for it, whatever was
drawn before. The officers who are free sit on the first of them; an empty chair means that everything is begun again.
So each lawful lot has the same chance: for every seat one chair in a number that never changes.

The fewer chairs stay empty, the sooner a lot is found. Groups are therefore taken in the order of a maximum cardinality
search (Tarjan and Yannakakis 1984): where those that exclude each other form a chordal graph, as intervals of time do,
what was filled before and excludes a group is a clique, all of its officers are different, and no chair stays empty.
"""

from collections.abc import Callable, Sequence

from scheduling.ballot import Ballot, Teams


class Filling:
    """The `order` of the groups, and `chairs` for the first seat of each; a further seat has one less."""

    def __init__(self, ballot: Ballot) -> None:
        """Of a ballot whose rules are exclusions."""
        self.groups = ballot.groups
        self.eligible = [frozenset(group.eligible) for group in ballot.groups]
        self.barred: list[dict[int, frozenset[str]]] = [{} for _ in ballot.groups]
        for rule in ballot.rules:
            for one in rule.groups:
                for other in rule.groups:
                    if one != other:
                        both = self.eligible[one] & self.eligible[other] & frozenset(rule.officers)
                        self.barred[one][other] = self.barred[one].get(other, frozenset()) | both
        self.order = self._order()
        self.chairs = {group: self._chairs(group, self.order[:at]) for at, group in enumerate(self.order)}

    def _order(self) -> list[int]:
        """Next the group that excludes most seats of those before; then the one that fewest are eligible for."""
        left = dict.fromkeys(range(len(self.groups)), 0)
        order = []
        while left:
            group = min(left, key=lambda each: (-left[each], len(self.eligible[each]), each))
            order.append(group)
            del left[group]
            for other, officers in self.barred[group].items():
                if officers and other in left:
                    left[other] += self.groups[group].seats
        return order

    def _chairs(self, group: int, before: Sequence[int]) -> int:
        """Those eligible, less the seats of groups before that share nobody and leave nobody free for this one."""
        clique: list[int] = []
        least, spared = 0, frozenset[str]()
        for other in before:
            free = self.eligible[other] - self.barred[group].get(other, frozenset())
            taken = least + self.groups[other].seats + len(spared) - len(spared | free)
            if taken > least and all(self._disjoint(other, each) for each in clique):
                clique.append(other)
                least, spared = taken, spared | free
        return len(self.eligible[group]) - least

    def _disjoint(self, one: int, other: int) -> bool:
        return self.barred[one].get(other, frozenset()) == self.eligible[one] & self.eligible[other]

    @property
    def hopeless(self) -> bool:
        """A group has fewer chairs than seats: there is no lawful lot."""
        return any(self.chairs[index] < group.seats for index, group in enumerate(self.groups))

    def lot(self, below: Callable[[int], int]) -> Teams | None:
        """Drawn with `below(n)`, a whole number below n, each as likely; None where a chair was empty."""
        teams: dict[int, tuple[str, ...]] = {}
        for group in self.order:
            taken = {
                officer
                for other, officers in self.barred[group].items()
                for officer in teams.get(other, ())
                if officer in officers
            }
            free = sorted(self.eligible[group] - taken)
            team = []
            for seat in range(self.groups[group].seats):
                chair = below(self.chairs[group] - seat)
                if chair >= len(free):
                    return None
                team.append(free.pop(chair))
            teams[group] = tuple(sorted(team))
        return tuple(teams[index] for index in range(len(self.groups)))
