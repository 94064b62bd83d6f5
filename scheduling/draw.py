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
each has the chance 1 / count. A bundle whose lots are too many kinds to count loses its widest rules, its parts are
drawn by the same procedure, and all of them again until the widest rules hold as well: what is left of a uniform draw
when the unlawful is thrown away is uniform over the lawful. Whether a bundle can be counted depends on the ballot only.

**Numbers** are SHA-256(seed ":" public ":" counter), counter 0, 1, 2 …; as many blocks, joined, as the limit needs
and one more, read as a whole number; those in the last, incomplete span are skipped, so that a remainder favours
nobody.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate

import msgspec

from scheduling.ballot import Ballot, Group, Rule, Teams
from scheduling.lawful import Count, TooManyError, count_lots
from scheduling.problem import Record

VERSION = "sha256-counted-2"
BLOCK_BITS = 256
#: Parts that break a rule which could not be counted are drawn again at most this often.
MOST_ATTEMPTS = 20_000
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

    bad_seed; too_few_eligible; no_lawful_lot: counted, there is none; no_lot_found: too wide to count, and
    `MOST_ATTEMPTS` lots broke the widest rules.
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


def draw(seed: str, ballot: Ballot, *, public: str = "") -> Drawn:
    """Raises `DrawError`."""
    published = commitment(seed, ballot)
    for group in ballot.groups:
        if len(set(group.eligible)) < group.seats:
            raise DrawError("too_few_eligible", _subject(group))
    return Drawn(
        version=VERSION,
        commitment=published,
        seed=seed,
        public=public,
        ballot=ballot,
        teams=_sampler(ballot)(Lots(seed, public)),
    )


def repeats(drawn: Drawn) -> bool:
    """Whether the record's seed fits its commitment and gives its teams."""
    return drawn == draw(drawn.seed, drawn.ballot, public=drawn.public)


class Lots:
    """Whole numbers from the seed, uniform below a limit."""

    def __init__(self, seed: str, public: str = "") -> None:
        self._text = f"{seed}:{public}"
        self._counter = 0

    def below(self, limit: int) -> int:
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


def _sampler(ballot: Ballot) -> Sampler:
    """Uniform over the ballot's lawful lots; what can be prepared once is."""
    parts = []
    for bundle in bundles(len(ballot.groups), ballot.rules):
        inside = [rule for rule in ballot.rules if rule.groups[0] in bundle]
        parts.append((bundle, _bundle_sampler(ballot.of(bundle, inside))))

    def draw_all(lots: Lots) -> Teams:
        teams = {
            group: team for bundle, part in parts for group, team in zip(bundle, part(lots), strict=True)
        }
        return tuple(teams[index] for index in range(len(ballot.groups)))

    return draw_all


def _bundle_sampler(ballot: Ballot) -> Sampler:
    try:
        count = count_lots(ballot.groups, ballot.rules)
    except TooManyError:
        return _thinned_sampler(ballot)
    if not count.total:
        raise DrawError("no_lawful_lot", _subject(ballot.groups[0]))
    return partial(_counted_lot, count)


def _thinned_sampler(ballot: Ballot) -> Sampler:
    """Draws without the widest rules, and again until they are kept."""
    width = max(len(rule.groups) for rule in ballot.rules)
    widest = [rule for rule in ballot.rules if 2 * len(rule.groups) > width]
    rest = [rule for rule in ballot.rules if 2 * len(rule.groups) <= width]
    thinned = _sampler(Ballot(groups=ballot.groups, rules=tuple(rest)))

    def draw_again(lots: Lots) -> Teams:
        for _ in range(MOST_ATTEMPTS):
            teams = thinned(lots)
            if all(rule.keeps(teams) for rule in widest):
                return teams
        raise DrawError("no_lot_found", _subject(ballot.groups[0]))

    return draw_again


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
