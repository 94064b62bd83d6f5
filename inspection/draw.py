"""双随机: objects and officers drawn by lot. Pure; the lot itself is `scheduling.draw`'s.

One ballot holds both: first the seats of the objects, then for every object that could be drawn the seats of each
department, so that all of it can be committed to before anybody knows which objects it will be.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec

from scheduling.ballot import Ballot, Group
from scheduling.draw import Drawn

#: The group in which objects are drawn; no project has such a code.
OBJECTS = "objects"


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


class DrawnObject(msgspec.Struct, frozen=True):
    object: str
    officers: tuple[str, ...]


def ballot(roster: Roster) -> Ballot:
    """Recused officers are not eligible for what their owner has built."""
    numbers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in roster.objects:
        for officer in roster.officers:
            if each.owner not in officer.recused_from:
                numbers[each.id, officer.department].append(officer.number)
    departments = sorted({officer.department for officer in roster.officers})
    objects = tuple(sorted(each.id for each in roster.objects))
    return Ballot(
        groups=(
            Group(visit=OBJECTS, party=OBJECTS, seats=roster.count, eligible=objects),
            *(
                Group(
                    visit=name,
                    party=department,
                    seats=roster.officers_each,
                    eligible=tuple(sorted(numbers[name, department])),
                )
                for name in objects
                for department in departments
            ),
        )
    )


def result(drawn: Drawn) -> tuple[DrawnObject, ...]:
    """The objects with their officers; the teams of objects that were not drawn go unused."""
    teams: dict[str, list[str]] = defaultdict(list)
    for group, team in zip(drawn.ballot.groups, drawn.teams, strict=True):
        if group.visit != OBJECTS:
            teams[group.visit] += team
    return tuple(DrawnObject(name, tuple(teams[name])) for name in drawn.teams[0])


def record_of(content: Mapping[str, Any]) -> Drawn:
    """The draw's record in a public file, which says more. Raises `msgspec.ValidationError`."""
    return msgspec.convert(
        {name: value for name, value in content.items() if name in Drawn.__struct_fields__}, Drawn
    )
