"""Repeats a published draw: python verify_draw.py DRAW.json. Needs nothing but Python; scheduling/draw.py says why."""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from math import comb, prod
from pathlib import Path

#: By version, the arrivals that a count may take.
MOST = {"sha256-counted-2": 10_000, "sha256-counted-3": 2_000}


class Lots:
    """Whole numbers from the seed, uniform below a limit."""

    def __init__(self, text: str) -> None:
        self.text, self.counter = text, 0

    def below(self, limit: int) -> int:
        blocks = limit.bit_length() // 256 + 1
        span = 2 ** (256 * blocks)
        while True:
            texts = [f"{self.text}:{self.counter + at}" for at in range(blocks)]
            self.counter += blocks
            number = int("".join(hashlib.sha256(text.encode()).hexdigest() for text in texts), 16)
            if number < span - span % limit:
                return number % limit


def kind_of(free: list, limits: list, fares: list) -> tuple:
    """What an officer may still take, the limits that could still bind him, the shared limits he would count on."""
    barred = {group for weights, room in limits for group, weight in weights if weight > room}
    left = tuple(group for group in free if group not in barred)
    bound = {(tuple(each for each in weights if each[0] in left), room) for weights, room in limits}
    binding = sorted(each for each in bound if sum(weight for _, weight in each[0]) > each[1])
    seen = [(rule, tuple(group for group in groups if group in left)) for rule, groups in fares]
    return left, tuple(binding), tuple(fare for fare in seen if fare[1])


@cache
def later(kind: tuple, group: int, *, taken: bool) -> tuple:
    limits = [(weights, room - dict(weights).get(group, 0) * taken) for weights, room in kind[1]]
    fares = [fare for fare in kind[2] if not (taken and group in fare[1])]
    return kind_of([each for each in kind[0] if each > group], limits, fares)


def takings(able: list, seats: int) -> Iterator[tuple]:
    """How many of each kind fill the seats: many of the first kind before few."""
    if not seats:
        yield ()
    elif able:
        (kind, number), *rest = able
        for some in range(min(number, seats), -1, -1):
            for more in takings(rest, seats - some):
                yield ((kind, some), *more) if some else more


class Counted:
    """Lots drawn with the number of ways to each state as weights. A state: how many of each kind, shared room."""

    def __init__(self, groups: list, rules: list, most: int) -> None:
        self.most = most
        self.kinds: list = []  # in the order in which they come up
        self.numbers: dict = {}
        shared = [rule for rule in rules if rule.get("together")]
        self.first = {}
        for officer in sorted({officer for group in groups for officer in group["eligible"]}):
            free = [index for index, group in enumerate(groups) if officer in group["eligible"]]
            own = [rule for rule in rules if officer in rule["officers"]]
            weighed = [
                (tuple(zip(r["groups"], r["weights"], strict=True)), r["most"])
                for r in own
                if r not in shared
            ]
            fares = [(shared.index(rule), rule["groups"]) for rule in own if rule in shared]
            self.first[officer] = self.number(kind_of(free, weighed, fares))
        people = sorted(Counter(self.first.values()).items())
        self.end = (tuple(people), tuple(rule["most"] for rule in shared))
        self.layers: list = []
        ways, self.looked = {self.end: 1}, 0
        for index, group in enumerate(groups):
            reached = self.fill(index, group["seats"], ways)
            self.layers.append(reached)
            ways = {state: sum(times for _, _, times in arrivals) for state, arrivals in reached.items()}
            self.end = next(iter(ways))

    def number(self, kind: tuple) -> int:
        if kind not in self.numbers:
            self.kinds.append(kind)
        return self.numbers.setdefault(kind, len(self.numbers))

    def fill(self, index: int, seats: int, ways: dict) -> dict:
        """By state after the group: from which state, by taking whom, in how many ways from the beginning."""
        reached: dict = {}
        for before, so_far in ways.items():
            people = before[0]
            for taking in takings([each for each in people if index in self.kinds[each[0]][0]], seats):
                self.looked += 1
                if self.looked > self.most:
                    raise OverflowError
                state = self.state_after(before, taking, index)
                times = so_far * prod(comb(dict(people)[kind], some) for kind, some in taking)
                if min(state[1], default=0) >= 0:
                    reached.setdefault(state, []).append((before, taking, times))
        return reached

    def state_after(self, before: tuple, taking: tuple, index: int) -> tuple:
        now: Counter = Counter()
        for kind, there in before[0]:
            serving = dict(taking).get(kind, 0)
            for taken, some in ((True, serving), (False, there - serving)):
                if some:
                    now[self.number(later(self.kinds[kind], index, taken=taken))] += some
        rooms = []
        for rule, room in enumerate(before[1]):
            used = sum(some for kind, some in taking if index in dict(self.kinds[kind][2]).get(rule, ()))
            needing = sum(some for kind, some in now.items() if rule in dict(self.kinds[kind][2]))
            rooms.append(min(room - used, needing))
        return tuple(sorted(now.items())), tuple(rooms)

    def lot(self, lots: Lots) -> list:
        """From the last group back, how many of each kind; from the first on, which of them."""
        state, chosen = self.end, []
        for reached in reversed(self.layers):
            sums = list(accumulate(times for _, _, times in reached[state]))
            drawn = lots.below(sums[-1])
            state, taking, _ = reached[state][next(at for at, upto in enumerate(sums) if drawn < upto)]
            chosen.append(taking)
        now, teams = dict(self.first), []
        for index, taking in enumerate(reversed(chosen)):
            team = []
            for kind, seats in taking:
                alike = sorted(officer for officer in now if now[officer] == kind)
                team += [alike.pop(lots.below(len(alike))) for _ in range(seats)]
            for officer, kind in now.items():
                now[officer] = self.number(later(self.kinds[kind], index, taken=officer in team))
            teams.append(sorted(team))
        return teams


class Chairs:
    """Groups that exclude each other: each seat out of as many chairs as could at most be taken; all again if empty."""

    def __init__(self, groups: list, rules: list) -> None:
        self.groups, self.able = groups, [set(group["eligible"]) for group in groups]
        self.barred: list = [[set() for _ in groups] for _ in groups]
        for rule, one, other in (
            (r, a, b) for r in rules for a in r["groups"] for b in r["groups"] if a != b
        ):
            self.barred[one][other] |= self.able[one] & self.able[other] & set(rule["officers"])
        self.order: list = []
        while len(self.order) < len(groups):
            left = (index for index in range(len(groups)) if index not in self.order)
            self.order.append(min(left, key=lambda index: (-self.seats(index), len(self.able[index]), index)))
        self.chairs = [self.most_free(index) for index in range(len(groups))]

    def seats(self, index: int) -> int:
        return sum(self.groups[each]["seats"] for each in self.order if self.barred[index][each])

    def most_free(self, index: int) -> int:
        clique: list = []
        taken, spared = 0, set()
        for each in self.order[: self.order.index(index)]:
            free = spared | (self.able[each] - self.barred[index][each])
            more = taken + self.groups[each]["seats"] - len(free) + len(spared)
            shared = [self.able[each] & self.able[other] == self.barred[each][other] for other in clique]
            if more > taken and all(shared):
                clique, taken, spared = [*clique, each], more, free
        return len(self.able[index]) - taken

    def lot(self, lots: Lots) -> list:
        teams: list = []
        while len(teams) < len(self.groups):
            teams = self.begin(lots)
        return [team for _, team in sorted(zip(self.order, teams, strict=True))]

    def begin(self, lots: Lots) -> list:
        teams: list = []
        for index in self.order:
            taken = (
                self.barred[index][each] & set(team) for each, team in zip(self.order, teams, strict=False)
            )
            free, team = sorted(self.able[index].difference(*taken)), []
            for seat in range(self.groups[index]["seats"]):
                chair = lots.below(self.chairs[index] - seat)
                if chair >= len(free):
                    return []
                team.append(free.pop(chair))
            teams.append(sorted(team))
        return teams


class Thinned:
    """Drawn without the widest rules, until they are kept."""

    def __init__(self, groups: list, rules: list, version: str) -> None:
        if version == "sha256-counted-2":
            width = max(len(rule["groups"]) for rule in rules)
            self.widest = [rule for rule in rules if 2 * len(rule["groups"]) > width]
            kept = [rule for rule in rules if 2 * len(rule["groups"]) <= width]
            self.part: Bundles | Chairs = Bundles(groups, kept, version)
            return
        kept = [rule for rule in rules if excludes(rule)]
        self.widest = sorted((r for r in rules if not excludes(r)), key=lambda rule: len(rule["groups"]))
        if len(bundles(groups, kept)) == 1:
            self.part = Chairs(groups, kept)
            return
        while len(bundles(groups, [*kept, self.widest[0]])) > 1:
            kept.append(self.widest.pop(0))
        self.part = Bundles(groups, kept, version)

    def lot(self, lots: Lots) -> list:
        teams = self.part.lot(lots)
        while not all(keeps(rule, teams) for rule in self.widest):
            teams = self.part.lot(lots)
        return teams


def bundles(groups: list, rules: list) -> list:
    """Groups that rules join, directly or through others."""
    first = list(range(len(groups)))
    for rule in rules:
        joined = {first[index] for index in rule["groups"]}
        first = [min(joined) if each in joined else each for each in first]
    return [[index for index in range(len(groups)) if first[index] == each] for each in sorted(set(first))]


class Bundles:
    """Groups that rules join are drawn together, others by themselves."""

    def __init__(self, groups: list, rules: list, version: str) -> None:
        self.parts: list = []
        for bundle in bundles(groups, rules):
            inside = [rule for rule in rules if rule["groups"][0] in bundle]
            own = [rule | {"groups": [bundle.index(index) for index in rule["groups"]]} for rule in inside]
            chosen = [groups[index] for index in bundle]
            try:
                self.parts.append((bundle, Counted(chosen, own, MOST[version])))
            except OverflowError:
                self.parts.append((bundle, Thinned(chosen, own, version)))

    def lot(self, lots: Lots) -> list:
        teams = {}
        for bundle, part in self.parts:
            teams |= zip(bundle, part.lot(lots), strict=True)
        return [teams[index] for index in sorted(teams)]


def excludes(rule: dict) -> bool:
    return rule["most"] == 1 and not rule.get("together") and set(rule["weights"]) <= {1}


def keeps(rule: dict, teams: list) -> bool:
    serving = [set(teams[index]) & set(rule["officers"]) for index in rule["groups"]]
    if rule.get("together"):
        return len(set().union(*serving)) <= rule["most"]
    pairs = list(zip(rule["weights"], serving, strict=True))
    return all(
        sum(weight for weight, who in pairs if each in who) <= rule["most"] for each in rule["officers"]
    )


if __name__ == "__main__":
    draw = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    ballot = draw["ballot"]
    text = json.dumps(ballot, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    committed = hashlib.sha256(f"{draw['seed']}:{text}".encode()).hexdigest() == draw["commitment"]
    lots = Lots(f"{draw['seed']}:{draw['public']}")
    same = Bundles(ballot["groups"], ballot.get("rules", []), draw["version"]).lot(lots) == draw["teams"]
    print(f"commitment {'holds' if committed else 'BROKEN'}, teams {'as drawn' if same else 'DIFFER'}")
    sys.exit(not (committed and same))
