"""Ways out for a visit without a slot. Each is proven by placing the visit and checking the plan that results."""

import time
from collections import Counter
from collections.abc import Collection, Iterator
from enum import StrEnum
from itertools import combinations, islice, product
from typing import NamedTuple

import msgspec

from scheduling.conflict import Cause, Kind, Situation
from scheduling.narrow import compare
from scheduling.openings import Allowance, Opening, last_day, openings
from scheduling.patience import until
from scheduling.plan import Placement, Plan
from scheduling.problem import Booking, Hold, Post, Problem, Record, Term, Visit
from scheduling.standing import Standing
from scheduling.wording import Reason, reason

#: A promise is not stretched further than this many working days.
LONGEST_EXTENSION = 10
#: At most this many ways out of each sort are offered.
OFFERS = 3


Conflict = Collection[Cause]


class Sort(StrEnum):
    """In the order in which people are asked to give way: one department, the owner, other owners, the promise."""

    USE_SUBSTITUTES = "use_substitutes"
    BY_DESK = "by_desk"
    SPLIT = "split"
    MOVE = "move"
    EXTEND = "extend"


class Relaxation(Record, frozen=True, kw_only=True):
    """`visits` stand in for the visit where its parties change; `placements` are new or replace those that stood.

    `terms` are the measures that the plan gains (+) or loses (−).
    """

    sort: Sort
    reason: Reason
    visits: tuple[Visit, ...]
    placements: tuple[Placement, ...]
    terms: dict[Term, int]


class _Proposal(NamedTuple):
    sort: Sort
    reason: Reason
    placements: tuple[Placement, ...]
    visits: tuple[Visit, ...]


def applied(problem: Problem, plan: Plan, visit_id: str, relaxation: Relaxation) -> tuple[Problem, Plan]:
    """Problem and plan as they are once the relaxation is taken up."""
    return _applied(problem, plan, visit_id, relaxation.visits, relaxation.placements)


def _applied(
    problem: Problem, plan: Plan, visit_id: str, visits: tuple[Visit, ...], placements: tuple[Placement, ...]
) -> tuple[Problem, Plan]:
    if visits != (problem.visit_by_id[visit_id],):
        last = visits[-1].id
        others = (
            msgspec.structs.replace(each, after=last) if each.after == visit_id else each
            for each in problem.visits
            if each.id != visit_id
        )
        recusals = (
            msgspec.structs.replace(each, visit=visit.id) if each.visit == visit_id else each
            for each in problem.recusals
            for visit in (visits if each.visit == visit_id else visits[:1])
        )
        problem = msgspec.structs.replace(
            problem,
            visits=(*others, *visits),
            recusals=tuple(recusals),
            bookings=tuple(each for each in problem.bookings if each.visit != visit_id),
        )
    changed = {visit_id, *(placement.visit for placement in placements)}
    kept = (placement for placement in plan.placements if placement.visit not in changed)
    return problem, Plan(placements=(*kept, *placements))


def relaxations(
    situation: Situation, conflicts: Collection[Conflict], *, desk: Collection[str], seconds: float
) -> tuple[Relaxation, ...]:
    """The ways out found within `seconds`, the least intrusive first, at most `OFFERS` of a sort."""
    end = time.monotonic() + seconds
    found: list[Relaxation] = []
    for proposals in (
        _use_substitutes(situation),
        _by_desk(situation, conflicts, desk),
        _split(situation, conflicts),
        _extend(situation),
        _move(situation, conflicts),
    ):
        proven = (_proven(situation, proposal) for proposal in proposals)
        found.extend(islice((each for each in until(proven, end) if each is not None), OFFERS))
    ranks = list(Sort)
    return tuple(sorted(found, key=lambda each: (ranks.index(each.sort), _worth(situation.problem, each))))


def _worth(problem: Problem, relaxation: Relaxation) -> tuple[int, ...]:
    return tuple(
        sum(weight * relaxation.terms[term] for term, weight in level.weights.items())
        for level in problem.levels
    )


def _best(situation: Situation, **narrowing: range) -> Opening | None:
    found = openings(situation.standing, situation.visit, situation.allowance, days=narrowing.get("days"))
    return min(found, key=lambda opening: (opening.cost, opening.placement.start), default=None)


def _proven(situation: Situation, proposal: _Proposal) -> Relaxation | None:
    """The relaxation, if the plan with it breaks nothing that the plan without it does not break."""
    sort, why, placements, visits = proposal
    problem, plan = _applied(situation.problem, situation.plan, situation.visit.id, visits, placements)
    concerned = {situation.visit.id, *(each.visit for each in placements)}
    before, after = compare((situation.problem, situation.plan), (problem, plan), concerned)
    if Counter(after.violations) - Counter(before.violations):
        return None
    terms = {term: after.terms[term] - before.terms[term] for term in Term}
    books = Standing(problem, plan, like=situation.standing)
    terms[Term.OVERLOAD] = books.overload() - situation.standing.overload()
    return Relaxation(sort=sort, reason=why, visits=visits, placements=placements, terms=terms)


def _use_substitutes(situation: Situation) -> Iterator[_Proposal]:
    if situation.allowance.substitutes:
        return
    allowance = msgspec.structs.replace(situation.allowance, substitutes=True)
    best = _best(situation.but(allowance=allowance))
    if best is not None:
        officers = (situation.problem.officer_by_id[each] for team in best.placement.teams for each in team)
        departments = dict.fromkeys(each.department for each in officers if each.post is Post.SUBSTITUTE)
        why = reason("use_substitutes", departments=tuple(departments))
        yield _Proposal(Sort.USE_SUBSTITUTES, why, (best.placement,), (situation.visit,))


def _blocking(conflict: Conflict) -> list[str]:
    return [
        each.department for each in conflict if each.kind is Kind.ATTENDANCE and each.department is not None
    ]


def _all_blocking(conflicts: Collection[Conflict]) -> list[str]:
    return [department for conflict in conflicts for department in _blocking(conflict)]


def _by_desk(
    situation: Situation, conflicts: Collection[Conflict], desk: Collection[str]
) -> Iterator[_Proposal]:
    choices = [[name for name in _blocking(conflict) if name in desk] for conflict in conflicts]
    for gone in product(*choices):
        left = _only(situation.visit, set(_departments(situation.visit)) - set(gone))
        best = _best(situation.but(visit=left)) if left is not None else None
        if left is not None and best is not None:
            why = reason("by_desk", departments=gone)
            yield _Proposal(Sort.BY_DESK, why, (best.placement,), (left,))


def _departments(visit: Visit) -> Iterator[str]:
    return (party.department for party in visit.parties)


def _only(visit: Visit, departments: Collection[str]) -> Visit | None:
    """The visit with these departments only; None where nobody is left, or nobody who begins it."""
    parties = tuple(party for party in visit.parties if party.department in departments)
    if not parties or parties[0].lag != (0, 0):
        return None
    return msgspec.structs.replace(visit, parties=parties)


def _split(situation: Situation, conflicts: Collection[Conflict]) -> Iterator[_Proposal]:
    """Some of the blocking departments come another time, or all come twice for half as long."""
    blocking = _all_blocking(conflicts)
    for size in range(1, len(blocking)):
        for later in combinations(blocking, size):
            first = _only(situation.visit, set(_departments(situation.visit)) - set(later))
            second = _only(situation.visit, set(later))
            if first is not None and second is not None:
                yield from _in_parts(situation, (first, second), reason("split", departments=later))
    parties = tuple(
        msgspec.structs.replace(party, duration=-(-party.duration // 2)) for party in situation.visit.parties
    )
    half = msgspec.structs.replace(situation.visit, parties=parties)
    minutes = max(party.duration for party in parties) // situation.problem.resolution
    yield from _in_parts(situation, (half, half), reason("split_in_time", minutes=minutes))


def _in_parts(situation: Situation, parts: tuple[Visit, ...], why: Reason) -> Iterator[_Proposal]:
    group = situation.visit.group or situation.visit.id
    visits = tuple(
        msgspec.structs.replace(part, id=f"{part.id}/{number}", group=group)
        for number, part in enumerate(parts, start=1)
    )
    problem, plan = _applied(situation.problem, situation.plan, situation.visit.id, visits, ())
    standing = Standing(problem, plan, like=situation.standing)
    for visit in visits:
        found = openings(standing, visit, situation.allowance)
        best = min(found, key=lambda opening: (opening.cost, opening.placement.start), default=None)
        if best is None:
            return
        standing.put(best.placement)
    placements = tuple(standing.placements[visit.id] for visit in visits)
    yield _Proposal(Sort.SPLIT, why, placements, visits)


def _extend(situation: Situation) -> Iterator[_Proposal]:
    problem, visit = situation.problem, situation.visit
    if problem.deadline_of(visit) is None:
        return
    latest = last_day(problem, visit, situation.allowance)
    extra = situation.allowance.extra_days + LONGEST_EXTENSION
    further = situation.but(allowance=msgspec.structs.replace(situation.allowance, extra_days=extra))
    for day in range(max(0, latest + 1), problem.days):
        best = _best(further, days=range(day, day + 1))
        if best is not None:
            days = problem.calendar.working_days_between(problem.date_of(latest), problem.date_of(day))
            yield _Proposal(Sort.EXTEND, reason("extend", days=days), (best.placement,), (visit,))
            return


def _move(situation: Situation, conflicts: Collection[Conflict]) -> Iterator[_Proposal]:
    """Take a movable visit away, place ours on that day, and find the other one a new place."""
    problem, visit = situation.problem, situation.visit
    standing = Standing(problem, situation.plan, like=situation.standing)
    for other in _movable(situation, set(_all_blocking(conflicts))):
        before = standing.take(other.visit)
        day = before.start // problem.day_ticks
        ours = openings(standing, visit, situation.allowance, days=(day,))
        best = min(ours, key=lambda opening: (opening.cost, opening.placement.start), default=None)
        if best is not None:
            standing.put(best.placement)
            theirs = openings(standing, problem.visit_by_id[other.visit], Allowance(substitutes=True))
            new = min(theirs, key=lambda opening: (opening.cost, opening.placement.start), default=None)
            standing.take(visit.id)
            if new is not None:
                yield _Proposal(Sort.MOVE, _told(before, new), (best.placement, new.placement), (visit,))
        standing.put(before)


def _told(before: Placement, new: Opening) -> Reason:
    if before.starts == new.placement.starts:
        return reason("swap", visit=before.visit)
    return reason("move", visit=before.visit, half_day=new.half_day)


def _movable(situation: Situation, departments: set[str]) -> list[Placement]:
    """Standing visits that keep the blocking departments busy and may be moved, the cheapest to move first."""
    problem = situation.problem
    unbooked = Booking(visit="", starts=(), teams=(), cost=0)
    booking = {
        each.visit: problem.booking_by_visit.get(each.visit, unbooked) for each in situation.plan.placements
    }
    latest = last_day(problem, situation.visit, situation.allowance)
    concerned = [
        placement
        for placement in situation.plan.placements
        if booking[placement.visit].hold is Hold.MOVABLE
        and placement.start // problem.day_ticks <= latest
        and departments.intersection(
            party.department for party in problem.visit_by_id[placement.visit].parties
        )
    ]
    return sorted(
        concerned,
        key=lambda each: (booking[each.visit].cost, len(problem.visit_by_id[each.visit].parties), each.visit),
    )
