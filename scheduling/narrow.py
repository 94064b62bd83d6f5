"""The part of a problem and plan that some visits' places depend on: the same answers from a fraction of the size."""

import copy
from collections import Counter
from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import TypeVar

import msgspec

from scheduling.checker import Report, check
from scheduling.plan import Placement, Plan
from scheduling.problem import Booking, Officer, Post, Problem, Term, Visit

Placed = TypeVar("Placed", Placement, Booking)


def narrow(
    problem: Problem,
    plan: Plan,
    visits: Collection[Visit],
    crew: AbstractSet[str],
    *,
    days: Collection[int] | None = None,
) -> tuple[Problem, Plan]:
    """Only the officers of `crew` and what they do, and the visits that these are ordered or grouped with.

    With `days`, what the crew does in their weeks. Who shares scarce vehicles with the crew is kept too, with what they
    do on those days, or on every day. Parties that nobody of these serves are dropped, and what stands of `visits`
    themselves is kept whole.
    """
    own = {each.id: problem.visit_by_id[each.id] for each in visits}
    scarce = _scarce_pools(problem)
    pools = {each.pool for each in problem.officers if each.id in crew} & scarce
    everyone = {each.id for each in problem.officers if each.id in crew or each.pool in pools}
    weeks = None if days is None else {_week(problem, day) for day in days}
    seen = set(crew)
    kept, placements = dict(own), []
    for placement in plan.placements:
        visit = problem.visit_by_id[placement.visit]
        day = placement.start // problem.day_ticks
        known = everyone if days is None or day in days else crew
        whole = visit.id in own or any(_related(each, visit) for each in visits)
        if not whole and weeks is not None and _week(problem, day) not in weeks:
            continue
        at = [index for index, team in enumerate(placement.teams) if whole or not known.isdisjoint(team)]
        if at:
            if visit.id not in own:
                parties = tuple(msgspec.structs.replace(visit.parties[index], lag=(0, 0)) for index in at)
                kept[visit.id] = msgspec.structs.replace(visit, parties=parties)
            part = Placement(
                visit=visit.id,
                starts=tuple(placement.starts[index] for index in at),
                teams=tuple(placement.teams[index] for index in at),
            )
            placements.append(only(part, known))
            seen.update(officer for team in placements[-1].teams for officer in team)
    present = everyone if days is None else seen
    narrowed = altered(
        problem,
        officers=tuple(_as_seen(each, crew) for each in problem.officers if each.id in present),
        visits=tuple(_in_order(each, kept, own) for each in kept.values()),
        bookings=tuple(only(each, present) for each in problem.bookings if each.visit in own),
        recusals=tuple(
            each for each in problem.recusals if each.officer in present and each.visit in (None, *own)
        ),
    )
    return narrowed, Plan(placements=tuple(placements))


def compare(
    before: tuple[Problem, Plan], after: tuple[Problem, Plan], visits: Collection[str]
) -> tuple[Report, Report]:
    """The checker's word on two plans that differ in these visits only, or in what stands in for them.

    Both are narrowed to what these can touch. Only differences mean anything, and overload, which is a share of the
    whole department's work, is not reckoned.
    """
    changed = [each for _, plan in (before, after) for each in plan.placements if each.visit in visits]
    crew = {officer for placement in changed for team in placement.teams for officer in team}
    days = {placement.start // before[0].day_ticks for placement in changed}
    reports = []
    for problem, plan in (before, after):
        own = [each for each in problem.visits if each.id in visits]
        reports.append(check(*narrow(problem, plan, own, crew, days=days), without={Term.OVERLOAD}))
    return reports[0], reports[1]


def _scarce_pools(problem: Problem) -> set[str | None]:
    """Vehicle pools that could run out of seats."""
    seats: Counter[str | None] = Counter()
    for vehicle in problem.vehicles:
        seats[vehicle.pool] += vehicle.seats if not vehicle.unavailable else 0
    members = Counter(officer.pool for officer in problem.officers)
    return {pool for pool, number in members.items() if pool is not None and number > seats[pool]}


def _week(problem: Problem, day: int) -> tuple[int, int]:
    return problem.date_of(day).isocalendar()[:2]


def _as_seen(officer: Officer, crew: AbstractSet[str]) -> Officer:
    """A bystander takes a seat in a car and has no share of the work, which spares reckoning it."""
    return officer if officer.id in crew else msgspec.structs.replace(officer, post=Post.SUBSTITUTE)


def _in_order(visit: Visit, kept: Collection[str], own: Collection[str]) -> Visit:
    """Its order as far as it concerns one of our own and both are there."""
    matters = visit.after in kept and (visit.id in own or visit.after in own)
    return visit if visit.after is None or matters else msgspec.structs.replace(visit, after=None)


def _related(visit: Visit, other: Visit) -> bool:
    return (
        other.id == visit.after
        or other.after == visit.id
        or (visit.group is not None and other.group == visit.group)
        or (visit.wanted is not None and other.wanted is not None)
    )


def altered(problem: Problem, **changes: object) -> Problem:
    """The problem with changes that cannot contradict the rest: it is not validated again, which takes longer."""
    new = copy.copy(problem)
    for field, value in changes.items():
        msgspec.structs.force_setattr(new, field, value)
    return new


def only(placed: Placed, officers: AbstractSet[str]) -> Placed:
    """The placement with the teams' members among these officers."""
    teams = tuple(tuple(each for each in team if each in officers) for team in placed.teams)
    return msgspec.structs.replace(placed, teams=teams)
