"""The part of a problem and plan that one visit's place depends on: the same answers from a fraction of the size."""

from collections.abc import Set as AbstractSet
from typing import TypeVar

import msgspec

from scheduling.plan import Placement, Plan
from scheduling.problem import Booking, Problem, Visit

Placed = TypeVar("Placed", Placement, Booking)


def narrow(
    problem: Problem, plan: Plan, visit: Visit, crew: AbstractSet[str], *, day: int | None = None
) -> tuple[Problem, Plan]:
    """Only the officers of `crew` and what they do, and the visits that this one is ordered or grouped with.

    Who shares their vehicles is kept too, with what they do on `day`, or on every day. The visit itself is no longer
    placed. Parties that nobody of these serves are dropped.
    """
    pools = {each.pool for each in problem.officers if each.id in crew} - {None}
    everyone = {each.id for each in problem.officers if each.id in crew or each.pool in pools}
    seen = set(crew)
    visits, placements = [msgspec.structs.replace(problem.visit_by_id[visit.id], after=None)], []
    for placement in plan.placements:
        other = problem.visit_by_id[placement.visit]
        whole = _related(visit, other)
        known = everyone if day in (None, placement.start // problem.day_ticks) else crew
        kept = [at for at, team in enumerate(placement.teams) if whole or not known.isdisjoint(team)]
        if kept and other.id != visit.id:
            parties = tuple(msgspec.structs.replace(other.parties[at], lag=(0, 0)) for at in kept)
            after = visit.id if other.after == visit.id else None
            visits.append(msgspec.structs.replace(other, parties=parties, after=after))
            part = Placement(
                visit=other.id,
                starts=tuple(placement.starts[at] for at in kept),
                teams=tuple(placement.teams[at] for at in kept),
            )
            placements.append(only(part, known))
            seen.update(officer for team in placements[-1].teams for officer in team)
    present = everyone if day is None else seen
    if any(each.id == visit.after for each in visits):
        visits[0] = msgspec.structs.replace(visits[0], after=visit.after)
    narrowed = msgspec.structs.replace(
        problem,
        officers=tuple(each for each in problem.officers if each.id in present),
        visits=tuple(visits),
        bookings=tuple(only(each, present) for each in problem.bookings if each.visit == visit.id),
        recusals=tuple(
            each for each in problem.recusals if each.officer in present and each.visit in (None, visit.id)
        ),
    )
    return narrowed, Plan(placements=tuple(placements))


def _related(visit: Visit, other: Visit) -> bool:
    return (
        other.id == visit.after
        or other.after == visit.id
        or (visit.group is not None and other.group == visit.group)
        or (visit.wanted is not None and other.wanted is not None)
    )


def only(placed: Placed, officers: AbstractSet[str]) -> Placed:
    """The placement with the teams' members among these officers."""
    teams = tuple(tuple(each for each in team if each in officers) for team in placed.teams)
    return msgspec.structs.replace(placed, teams=teams)
