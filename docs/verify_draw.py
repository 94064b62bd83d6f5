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

MOST_ARRIVALS = 10_000


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

    def __init__(self, groups: list, rules: list) -> None:
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
                if self.looked > MOST_ARRIVALS:
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


class Thinned:
    """Drawn without the widest rules, until they are kept."""

    def __init__(self, groups: list, rules: list) -> None:
        width = max(len(rule["groups"]) for rule in rules)
        self.widest = [rule for rule in rules if 2 * len(rule["groups"]) > width]
        self.part = Bundles(groups, [rule for rule in rules if rule not in self.widest])

    def lot(self, lots: Lots) -> list:
        teams = self.part.lot(lots)
        while not all(keeps(rule, teams) for rule in self.widest):
            teams = self.part.lot(lots)
        return teams


class Bundles:
    """Groups that rules join are drawn together, others by themselves."""

    def __init__(self, groups: list, rules: list) -> None:
        first = list(range(len(groups)))
        for rule in rules:
            joined = {first[index] for index in rule["groups"]}
            first = [min(joined) if each in joined else each for each in first]
        self.parts: list = []
        for each in sorted(set(first)):
            bundle = [index for index in range(len(groups)) if first[index] == each]
            inside = [rule for rule in rules if first[rule["groups"][0]] == each]
            own = [rule | {"groups": [bundle.index(index) for index in rule["groups"]]} for rule in inside]
            chosen = [groups[index] for index in bundle]
            try:
                self.parts.append((bundle, Counted(chosen, own)))
            except OverflowError:
                self.parts.append((bundle, Thinned(chosen, own)))

    def lot(self, lots: Lots) -> list:
        teams = {}
        for bundle, part in self.parts:
            teams |= zip(bundle, part.lot(lots), strict=True)
        return [teams[index] for index in sorted(teams)]


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
    same = Bundles(ballot["groups"], ballot.get("rules", [])).lot(lots) == draw["teams"]
    print(f"commitment {'holds' if committed else 'BROKEN'}, teams {'as drawn' if same else 'DIFFER'}")
    sys.exit(not (committed and same))
