"""双随机: objects and officers drawn by lot so that anybody can draw again. Pure.

The seed's hash over the frozen roster is published before; the seed, with the draw. Whoever has a place in the order
of SHA-256(seed | purpose | name) first is drawn first: no library's random numbers, so any language can repeat it.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import msgspec


class DrawObject(msgspec.Struct, frozen=True):
    """`owner` is the credit code that officers may be recused from."""

    id: str
    owner: str


class DrawOfficer(msgspec.Struct, frozen=True):
    number: str
    department: str
    recused_from: tuple[str, ...] = ()


class Roster(msgspec.Struct, frozen=True):
    """Who can be drawn: `count` of the objects, and for each `officers_each` of every department."""

    objects: tuple[DrawObject, ...]
    officers: tuple[DrawOfficer, ...]
    count: int
    officers_each: int = 2


class Drawn(msgspec.Struct, frozen=True):
    object: str
    officers: tuple[str, ...]


class TooFewOfficersError(ValueError):
    """A department has fewer officers without recusal than each object needs."""


def canonical(roster: Roster) -> str:
    """The text that is committed to: JSON, keys sorted, no spaces."""
    content = msgspec.to_builtins(roster)
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def commitment(seed: str, roster: Roster) -> str:
    return hashlib.sha256(f"{seed}|{canonical(roster)}".encode()).hexdigest()


def draw(seed: str, roster: Roster) -> tuple[Drawn, ...]:
    """Raises `TooFewOfficersError`."""
    chosen = sorted(roster.objects, key=lambda each: _place(seed, "object", each.id))[: roster.count]
    return tuple(Drawn(each.id, tuple(_officers(seed, roster, each))) for each in chosen)


def _officers(seed: str, roster: Roster, target: DrawObject) -> Iterable[str]:
    for department in sorted({officer.department for officer in roster.officers}):
        numbers = [
            officer.number
            for officer in roster.officers
            if officer.department == department and target.owner not in officer.recused_from
        ]
        if len(numbers) < roster.officers_each:
            raise TooFewOfficersError(department, target.id)
        yield from sorted(numbers, key=lambda number: _place(seed, target.id, number))[: roster.officers_each]


def _place(seed: str, purpose: str, name: str) -> str:
    return hashlib.sha256(f"{seed}|{purpose}|{name}".encode()).hexdigest()


def public_file(
    *, title: str, seed: str, roster: Roster, committed: str, committed_at: str, drawn_at: str
) -> dict[str, Any]:
    """All that a stranger needs to draw again."""
    return {
        "title": title,
        "committed_at": committed_at,
        "commitment": committed,
        "drawn_at": drawn_at,
        "seed": seed,
        "roster": msgspec.to_builtins(roster),
        "result": msgspec.to_builtins(draw(seed, roster)),
    }


def faults(content: dict[str, Any]) -> list[str]:
    """What is wrong with a public draw file: `commitment`, `result`; nothing when it verifies."""
    roster = msgspec.convert(content["roster"], Roster)
    found = []
    if commitment(content["seed"], roster) != content["commitment"]:
        found.append("commitment")
    if msgspec.to_builtins(draw(content["seed"], roster)) != content["result"]:
        found.append("result")
    return found
