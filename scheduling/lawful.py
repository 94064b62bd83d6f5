"""How many ways there are to fill groups of seats under rules, counted exactly without listing them.

Groups are filled in order. Of an officer only his *kind* matters: which of the coming groups he may still take, which
limits still bind him there, and which shared limits his first service would count on. Officers of one kind are
interchangeable, so a state is how many there are of each kind; and two histories that leave the same state have the
same continuations. A kind forgets whatever can no longer matter, which is what keeps states few.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import comb, prod
from typing import NamedTuple

from scheduling.ballot import Group, Rule

#: Weights of the coming groups that an officer may take, and how much he may carry of them.
Limit = tuple[tuple[tuple[int, int], ...], int]


class TooManyError(ValueError):
    """The states are too many to count with."""


class Kind(NamedTuple):
    """`free`: coming groups he may take. `limits`: those that could be exceeded. `fares`: shared limits, by number."""

    free: tuple[int, ...]
    limits: tuple[Limit, ...]
    fares: tuple[tuple[int, tuple[int, ...]], ...]

    def after(self, group: int, *, taken: bool) -> "Kind":
        """What he is when the group has been filled, with or without him."""
        limits = [
            (weights, room - dict(weights).get(group, 0) if taken else room) for weights, room in self.limits
        ]
        fares = [fare for fare in self.fares if not (taken and group in fare[1])]
        return kind_of([each for each in self.free if each > group], limits, fares)


def kind_of(
    free: Sequence[int], limits: Sequence[Limit], fares: Sequence[tuple[int, tuple[int, ...]]]
) -> Kind:
    """In the shortest form: officers with the same prospects are of the same kind."""
    barred = {group for weights, room in limits for group, weight in weights if weight > room}
    left = tuple(group for group in free if group not in barred)
    bound = {(tuple(each for each in weights if each[0] in left), room) for weights, room in limits}
    return Kind(
        free=left,
        limits=tuple(sorted(each for each in bound if sum(weight for _, weight in each[0]) > each[1])),
        fares=tuple(
            (number, tuple(group for group in groups if group in left))
            for number, groups in fares
            if any(group in left for group in groups)
        ),
    )


class Kinds:
    """Kinds by number, in the order in which they come up."""

    def __init__(self) -> None:
        self.kinds: list[Kind] = []
        self._numbers: dict[Kind, int] = {}
        self._later: dict[tuple[int, int, bool], int] = {}

    def number(self, kind: Kind) -> int:
        if kind not in self._numbers:
            self._numbers[kind] = len(self.kinds)
            self.kinds.append(kind)
        return self._numbers[kind]

    def after(self, kind: int, group: int, *, taken: bool) -> int:
        key = kind, group, taken
        if key not in self._later:
            self._later[key] = self.number(self.kinds[kind].after(group, taken=taken))
        return self._later[key]


#: How many of each kind, by number.
People = tuple[tuple[int, int], ...]
#: Officers of each kind, and the room in each shared limit.
State = tuple[People, tuple[int, ...]]


class Arrival(NamedTuple):
    """A state is reached from `before` by `taking` so many of each kind, in `ways` ways from the beginning."""

    before: State
    taking: People
    ways: int


class Count(NamedTuple):
    """`arrivals[g]`: by state, how it is reached by filling group g. `first`: which kind each officer is at first."""

    total: int
    end: State
    arrivals: tuple[Mapping[State, Sequence[Arrival]], ...]
    kinds: Kinds
    first: Mapping[str, int]


def count_lots(groups: Sequence[Group], rules: Sequence[Rule], *, most: int) -> Count:
    """Raises `TooManyError` after `most` arrivals, from all states together, of which groups and rules alone decide."""
    kinds = Kinds()
    first = {officer: kinds.number(kind) for officer, kind in _first_kinds(groups, rules)}
    rooms = tuple(rule.most for rule in rules if rule.together)
    end: State = (tuple(sorted(Counter(first.values()).items())), rooms)
    ways: dict[State, int] = {end: 1}
    layers = []
    looked = 0
    for index, group in enumerate(groups):
        arrivals: dict[State, list[Arrival]] = defaultdict(list)
        for before, so_far in ways.items():
            for taking in _takings(kinds, before[0], index, group.seats):
                looked += 1
                if looked > most:
                    raise TooManyError
                now = _next_state(kinds, before, taking, index)
                if now is not None:
                    number = dict(before[0])
                    times = prod(comb(number[kind], seats) for kind, seats in taking)
                    arrivals[now].append(Arrival(before, taking, so_far * times))
        layers.append(arrivals)
        ways = {now: sum(each.ways for each in reached) for now, reached in arrivals.items()}
        end = next(iter(ways), end)
    return Count(ways.get(end, 0), end, tuple(layers), kinds, first)


def _first_kinds(groups: Sequence[Group], rules: Sequence[Rule]) -> Iterator[tuple[str, Kind]]:
    free: dict[str, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        for officer in group.eligible:
            free[officer].append(index)
    limits: dict[str, list[Limit]] = defaultdict(list)
    fares: dict[str, list[tuple[int, tuple[int, ...]]]] = defaultdict(list)
    shared = 0
    for rule in rules:
        for officer in rule.officers:
            if rule.together:
                fares[officer].append((shared, rule.groups))
            else:
                limits[officer].append((tuple(zip(rule.groups, rule.weights, strict=True)), rule.most))
        shared += rule.together
    for officer in sorted(free):
        yield officer, kind_of(free[officer], limits[officer], fares[officer])


def _takings(kinds: Kinds, people: People, group: int, seats: int) -> Iterator[People]:
    """How many of each kind could fill the seats."""
    able = [(kind, number) for kind, number in people if group in kinds.kinds[kind].free]

    def choose(at: int, left: int) -> Iterator[People]:
        if not left:
            yield ()
        elif at < len(able):
            kind, number = able[at]
            for some in range(min(number, left), 0, -1):
                for rest in choose(at + 1, left - some):
                    yield ((kind, some), *rest)
            yield from choose(at + 1, left)

    return choose(0, seats)


def _next_state(kinds: Kinds, before: State, taking: People, group: int) -> State | None:
    """The state then, None where a shared limit is exceeded. Room that nobody could need is not told apart."""
    people, rooms = before
    left = list(rooms)
    for kind, number in taking:
        for fare, groups in kinds.kinds[kind].fares:
            if group in groups:
                left[fare] -= number
    if min(left, default=0) < 0:
        return None
    taken = dict(taking)
    now: Counter[int] = Counter()
    for kind, number in people:
        serving = taken.get(kind, 0)
        if serving:
            now[kinds.after(kind, group, taken=True)] += serving
        if number > serving:
            now[kinds.after(kind, group, taken=False)] += number - serving
    needing: Counter[int] = Counter()
    for kind, number in now.items():
        for fare, _ in kinds.kinds[kind].fares:
            needing[fare] += number
    return tuple(sorted(now.items())), tuple(min(room, needing[fare]) for fare, room in enumerate(left))
