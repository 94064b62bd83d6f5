"""双随机: a lot drawn so that every lawful outcome is equally likely and anyone can repeat it. Pure.

The one algorithm for every draw: objects out of a list, officers for objects, the teams of a plan
(`eligible.draw_officers`).

1. `Ballot` lists *groups* of seats with those eligible for each, and the *rules* that join groups.
2. `commitment(seed, ballot)` is published before the draw; `seed` is 64 secret hexadecimal digits.
3. `draw(seed, ballot, public=…)` gives a team for each group, and with the seed everything is published as `Drawn`.
   `public` is a value that nobody could know at the time of the commitment (the day's lottery numbers, a closing
   index): with it, not even who holds the seed could have chosen the outcome. It may be left empty.
4. `repeats(drawn)` tells anyone whether the record is true; `docs/verify_draw.py` does the same in plain Python.

**Uniform.** Groups that no rule joins are independent, so each bundle of joined groups is drawn by itself. The lawful
lots of a bundle are counted exactly (`lawful.py`), the lot is then chosen group by group with those counts as weights:
each has the chance 1 / count. A bundle whose lots are too many kinds to count loses its widest limits, as many as it
takes for it to fall apart; its parts are drawn by the same procedure, and all of them again until those limits hold as
well: what is left of a uniform draw when the unlawful is thrown away is uniform over the lawful. What only exclusions
hold together is filled seat by seat (`chairs.py`). Which of these is done depends on the ballot only. Where limits are
so tight that hardly any lot keeps them, the draw gives up after `MOST_NUMBERS`: what is drawn is always uniform.

**Numbers** are SHA-256(seed ":" public ":" counter), counter 0, 1, 2 …; as many blocks, joined, as the limit needs
and one more, read as a whole number; those in the last, incomplete span are skipped, so that a remainder favours
nobody.
"""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from typing import NamedTuple

import msgspec

from scheduling.ballot import Ballot, Group, Rule, Teams
from scheduling.chairs import Filling
from scheduling.lawful import Count, TooManyError, count_lots
from scheduling.problem import Record

#: A ballot without rules is drawn alike by every version, and its record says so.
PLAIN = "sha256-counted-2"
VERSION = "sha256-counted-3"
BLOCK_BITS = 256
#: Parts that break a rule which could not be counted, or come to an empty chair, are drawn again at most this often.
MOST_ATTEMPTS = 200_000
#: A draw takes no more numbers than this, about half a minute of them.
MOST_NUMBERS = 1_000_000
SEED = re.compile(r"[0-9a-f]{64}")


class Drawn(Record, frozen=True, kw_only=True):
    """The public record of a draw: `teams` stand in the order of the groups, each in the order of its ids."""

    version: str
    commitment: str
    seed: str
    public: str
    ballot: Ballot
    teams: Teams


class DrawError(ValueError):
    """`code` is stable; `subject` names the visit/party.

    bad_seed; too_few_eligible; no_lawful_lot: there is none; no_lot_found: too wide to count, and nothing lawful in
    `MOST_ATTEMPTS` or `MOST_NUMBERS`; unknown_version, of a record.
    """

    def __init__(self, code: str, subject: str = "") -> None:
        self.code = code
        self.subject = subject
        super().__init__(f"{code}: {subject}")


def commitment(seed: str, ballot: Ballot) -> str:
    """What is published before the draw: SHA-256 of the seed, ":" and the ballot as JSON, keys sorted, no spaces."""
    if not SEED.fullmatch(seed):
        raise DrawError("bad_seed")
    content = msgspec.json.encode(msgspec.to_builtins(ballot), order="sorted")
    return hashlib.sha256(seed.encode() + b":" + content).hexdigest()


def draw(seed: str, ballot: Ballot, *, public: str = "", version: str | None = None) -> Drawn:
    """By the present version unless another is given. Raises `DrawError`."""
    published = commitment(seed, ballot)
    version = version or (VERSION if ballot.rules else PLAIN)
    if version not in METHODS:
        raise DrawError("unknown_version", version)
    method = METHODS[version]
    for group in ballot.groups:
        if len(set(group.eligible)) < group.seats:
            raise DrawError("too_few_eligible", _subject(group))
    return Drawn(
        version=version,
        commitment=published,
        seed=seed,
        public=public,
        ballot=ballot,
        teams=sampler(ballot, method)(Lots(seed, public, most=method.numbers)),
    )


def repeats(drawn: Drawn) -> bool:
    """Whether the record's seed fits its commitment and gives its teams."""
    return drawn == draw(drawn.seed, drawn.ballot, public=drawn.public, version=drawn.version)


class Lots:
    """Whole numbers from the seed, uniform below a limit; at most so many. Raises `DrawError`."""

    def __init__(self, seed: str, public: str = "", *, most: int | None = None) -> None:
        self._text = f"{seed}:{public}"
        self._counter = 0
        self._most = most

    def below(self, limit: int) -> int:
        if self._most is not None and self._counter > self._most:
            raise DrawError("no_lot_found")
        blocks = limit.bit_length() // BLOCK_BITS + 1
        span = 1 << blocks * BLOCK_BITS
        while True:
            number = int.from_bytes(b"".join(self._block() for _ in range(blocks)), "big")
            if number < span - span % limit:
                return number % limit

    def _block(self) -> bytes:
        block = hashlib.sha256(f"{self._text}:{self._counter}".encode()).digest()
        self._counter += 1
        return block


#: Draws a team for each group of a ballot.
Sampler = Callable[[Lots], Teams]


class Method(NamedTuple):
    """How a version draws: the `arrivals` that a count may take; `part`: how a bundle too wide to count is drawn, and
    the rules that are still to hold then; the `numbers` that a draw may take.
    """

    arrivals: int
    part: "Callable[[Ballot, Method], tuple[Sampler, Sequence[Rule]]]"
    numbers: int | None


def sampler(ballot: Ballot, method: Method) -> Sampler:
    """Uniform over the ballot's lawful lots; what can be prepared once is. Raises `DrawError`, when it draws too."""
    parts = []
    for bundle in bundles(len(ballot.groups), ballot.rules):
        inside = [rule for rule in ballot.rules if rule.groups[0] in bundle]
        parts.append((bundle, _bundle_sampler(ballot.of(bundle, inside), method)))

    def draw_all(lots: Lots) -> Teams:
        teams = {
            group: team for bundle, part in parts for group, team in zip(bundle, part(lots), strict=True)
        }
        return tuple(teams[index] for index in range(len(ballot.groups)))

    return draw_all


def _bundle_sampler(ballot: Ballot, method: Method) -> Sampler:
    try:
        count = count_lots(ballot.groups, ballot.rules, most=method.arrivals)
    except TooManyError:
        part, rules = method.part(ballot, method)
        return partial(_kept_lot, ballot, part, rules) if rules else part
    if not count.total:
        raise DrawError("no_lawful_lot", _subject(ballot.groups[0]))
    return partial(_counted_lot, count)


def _kept_lot(ballot: Ballot, part: Sampler, rules: Sequence[Rule], lots: Lots) -> Teams:
    """Drawn until the rules are kept."""
    for _ in range(MOST_ATTEMPTS):
        teams = part(lots)
        if all(rule.keeps(teams) for rule in rules):
            return teams
    raise DrawError("no_lot_found", _subject(ballot.groups[0]))


def _halved(ballot: Ballot, method: Method) -> tuple[Sampler, Sequence[Rule]]:
    """Without the rules that are more than half as wide as the widest."""
    width = max(len(rule.groups) for rule in ballot.rules)
    widest = [rule for rule in ballot.rules if 2 * len(rule.groups) > width]
    rest = tuple(rule for rule in ballot.rules if 2 * len(rule.groups) <= width)
    return sampler(Ballot(groups=ballot.groups, rules=rest), method), widest


def _fallen_apart(ballot: Ballot, method: Method) -> tuple[Sampler, Sequence[Rule]]:
    """Without the widest limits, as many as it takes; by chairs where exclusions alone hold it together."""
    exclusions = [rule for rule in ballot.rules if rule.excludes]
    limits = sorted((rule for rule in ballot.rules if not rule.excludes), key=lambda rule: len(rule.groups))

    def whole(number: int) -> bool:
        return len(bundles(len(ballot.groups), exclusions + limits[:number])) == 1

    joining = bisect_left(range(len(limits)), True, key=whole)
    if joining:
        kept = Ballot(groups=ballot.groups, rules=(*exclusions, *limits[: joining - 1]))
        return sampler(kept, method), limits[joining - 1 :]
    filling = Filling(Ballot(groups=ballot.groups, rules=tuple(exclusions)))
    if filling.hopeless:
        raise DrawError("no_lawful_lot", _subject(ballot.groups[0]))
    return partial(_filled_lot, filling), limits


def _filled_lot(filling: Filling, lots: Lots) -> Teams:
    """Begun until no chair is empty."""
    for _ in range(MOST_ATTEMPTS):
        teams = filling.lot(lots.below)
        if teams is not None:
            return teams
    raise DrawError("no_lot_found", _subject(filling.groups[0]))


METHODS: dict[str, Method] = {
    PLAIN: Method(arrivals=10_000, part=_halved, numbers=None),
    VERSION: Method(arrivals=2_000, part=_fallen_apart, numbers=MOST_NUMBERS),
}


def _counted_lot(count: Count, lots: Lots) -> Teams:
    """From the last group back, how many of each kind of officer; from the first on, which of them."""
    state = count.end
    takings = []
    for arrivals in reversed(count.arrivals):
        number = lots.below(sum(each.ways for each in arrivals[state]))
        upto = accumulate(each.ways for each in arrivals[state])
        arrival = next(each for each, limit in zip(arrivals[state], upto, strict=True) if number < limit)
        takings.append(arrival.taking)
        state = arrival.before
    kinds = dict(count.first)
    teams = []
    for index, taking in enumerate(reversed(takings)):
        team = set()
        for kind, seats in taking:
            alike = sorted(officer for officer in kinds if kinds[officer] == kind)
            team |= {alike.pop(lots.below(len(alike))) for _ in range(seats)}
        kinds = {
            officer: count.kinds.after(kind, index, taken=officer in team) for officer, kind in kinds.items()
        }
        teams.append(tuple(sorted(team)))
    return tuple(teams)


def bundles(count: int, rules: Sequence[Rule]) -> list[list[int]]:
    """Groups joined by rules, directly or through others, each bundle in order; bundles by their first group."""
    first = list(range(count))
    for rule in rules:
        joined = {first[index] for index in rule.groups}
        first = [min(joined) if each in joined else each for each in first]
    return [[index for index in range(count) if first[index] == each] for each in sorted(set(first))]


def _subject(group: Group) -> str:
    return f"{group.visit}/{group.party}"
