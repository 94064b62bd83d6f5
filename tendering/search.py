"""Finding notices by words, with full recall: a query finds every notice whose text contains it.

Chinese has no spaces, and a word segmenter loses a fifth of what a reader would find. So the text is searched as
characters: normalised (width, case, blanks), then compared as a substring. Which notices are compared is chosen so
that every query is fast on a million notices (`search.sql`):

- where the words are frequent, walking back from the newest notice fills a page at once;
- else a GIN index of every one and two neighbouring characters and of every facet names the candidates. Its keys
  begin with the month, so that a search reads it month by month and stops when its page is full. What an intersection
  costs is bounded by one month's notices, and what an absent word costs by the number of months.
"""

import unicodedata
import zlib
from bisect import bisect_right
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path

from tendering.content import Content, Party, Publication, participants
from tendering.regions import containing
from tendering.rules import KINDS

#: Entries that are looked at before the index is: well under a millisecond.
WALK = 300
#: A role's mark before a name makes a filter of a search: only as buyer, only as supplier, only as project code.
BUYER, SUPPLIER, PROJECT = "\x01", "\x02", "\x03"
END = "\n"
#: Amounts are found by steps; within a step they are compared.
AMOUNT_STEPS = tuple(Decimal(digit * 10**power) for power in range(4, 11) for digit in (1, 3))


def _ddl() -> tuple[str, ...]:
    keys, index, month, find = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split("\n;;\n")
    older = {
        "direction": "older",
        "order": "DESC",
        "first": "newest - round + 1",
        "next": "newest := newest - round",
    }
    newer = {"direction": "newer", "order": "ASC", "first": "oldest", "next": "oldest := oldest + round"}
    return keys, index, month, find.format(**older), find.format(**newer)


#: Functions and index; the index is second, since it needs its function.
DDL = _ddl()


class _Folding(dict[int, str]):
    """What each character becomes: one width, one case, blanks and marks gone. Filled as characters are met."""

    def __missing__(self, code: int) -> str:
        folded = unicodedata.normalize("NFKC", chr(code)).casefold()
        text = "".join(part for part in folded if not part.isspace() and unicodedata.category(part) != "Cc")
        self[code] = text
        return text


_FOLDING = _Folding()


def normalise(text: str) -> str:
    """One width, one case, no blanks, so that "10 KV（二期）" and "10kv(二期)" are the same.

    Character by character: what is contained before stays contained after.
    """
    return text.translate(_FOLDING)


def searchable(item: Publication, code: str) -> str:
    """The text that a notice is found by: its title, codes, buyer and suppliers, one a line."""
    return text_of(item.title, code, item.project_code, item.buyer, item.content)


def text_of(title: str, code: str, project: str | None, buyer: Party | None, content: Content) -> str:
    lines = [f"{normalise(title)}{END}", f"{normalise(code)}{END}"]
    if project:
        lines.append(named(PROJECT, project))
    if buyer:
        lines.append(named(BUYER, buyer.name))
    return "".join(lines + sorted({named(SUPPLIER, party.name) for party, *_ in participants(content)}))


def named(role: str, name: str) -> str:
    """What a text holds if it has this name in this role."""
    return f"{role}{normalise(name)}{END}"


def words(query: str) -> list[str]:
    """The query's words, each to be found somewhere in the text."""
    return list(dict.fromkeys(filter(None, map(normalise, query.split()))))[:8]


def grams(word: str) -> list[int]:
    """What the index must hold of a notice that contains the word: its pairs, or its only character."""
    return [ord(a) << 21 | ord(b) for a, b in pairwise(word)] or [ord(word) << 21]


def pattern(word: str) -> str:
    """The word as a LIKE pattern."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


@cache
def facet(name: str, value: object) -> int:
    """A facet's value as the index knows it: 31 bits."""
    return zlib.crc32(f"{name}={value}".encode()) >> 1


def facets(item: Publication, *, amount: Decimal | None, closes: datetime | None) -> list[int]:
    """Everything but words and days that a notice can be filtered by."""
    stated = [
        facet("category", item.category),
        facet("kind", item.kind),
        facet("stage", KINDS[item.kind].stage),
        *(facet("region", code) for code in containing(item.district)),
    ]
    if closes is not None:
        stated.append(facet("closes", "stated"))
    return stated if amount is None else [*stated, *stated_amount(amount)]


def stated_amount(amount: Decimal) -> tuple[int, ...]:
    return _amount_reaching(bisect_right(AMOUNT_STEPS, amount))


@cache
def _amount_reaching(steps: int) -> tuple[int, ...]:
    """The facets of an amount that reaches so many of the steps."""
    reached = [facet("amount at least", step) for step in AMOUNT_STEPS[:steps]]
    return (
        facet("amount", "stated"),
        *reached,
        *(facet("amount below", step) for step in AMOUNT_STEPS[steps:]),
    )


def amount_facets(least: Decimal | None, most: Decimal | None) -> list[int]:
    """What every amount within these bounds has in common."""
    if least is None and most is None:
        return []
    below = [step for step in AMOUNT_STEPS if least is not None and step <= least]
    above = [step for step in AMOUNT_STEPS if most is not None and step > most]
    return [
        facet("amount", "stated"),
        *(facet("amount at least", step) for step in below[-1:]),
        *(facet("amount below", step) for step in above[:1]),
    ]
