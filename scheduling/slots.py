"""Ranked joint slots for one visit, the present plan standing as it is."""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from scheduling.explain import NoSlot, explain
from scheduling.narrow import compare
from scheduling.objectives import level_values
from scheduling.openings import Allowance, Opening, half_days_of_group, openings
from scheduling.patience import until
from scheduling.plan import Placement, Plan, booked_plan
from scheduling.problem import HalfDay, Post, Problem, Record, Term, Visit
from scheduling.standing import Standing
from scheduling.wording import Reason, reason

#: A dispatcher is offered at least this many half-days, with B posts if A posts alone leave fewer.
ENOUGH = 3
#: Minutes of travel up to which another project counts as next door.
NEARBY_MINUTES = 15
#: Minutes between two offers of the same half-day.
APART_MINUTES = 60


class Slot(Record, frozen=True, kw_only=True):
    """A place for the visit. `terms` and `levels` say what the plan's measures gain (+) or lose (−) by it."""

    placement: Placement
    half_day: HalfDay
    terms: dict[Term, int]
    levels: tuple[int, ...]
    reasons: tuple[Reason, ...]


class Slots(Record, frozen=True, kw_only=True, tag="slots"):
    visit: str
    slots: tuple[Slot, ...]


def propose_slots(
    problem: Problem,
    visit_id: str,
    *,
    plan: Plan | None = None,
    count: int = 5,
    desk: Collection[str] | None = None,
    seconds: float = 5.0,
) -> Slots | NoSlot:
    """What a dispatcher is offered: slots with A posts within the promise, or why there is none and what would help.

    Where A posts leave fewer than three half-days, slots with B posts follow. Parameters as in `find_slots` and
    `explain`. Raises `KeyError` for an unknown visit.
    """
    standing = Standing(problem, _without(plan or booked_plan(problem), visit_id))
    found = _offers(standing, visit_id, count, Allowance(), seconds / 2)
    if not found:
        return explain(problem, visit_id, plan=plan, desk=desk, seconds=seconds)
    first = {slot.half_day: slot for slot in reversed(found)}
    if len(first) < ENOUGH:
        wider = Allowance(substitutes=True)
        more = _offers(standing, visit_id, 2 * count, wider, seconds / 2)
        new = [slot for slot in more if slot.half_day not in first]
        again = [slot for slot in found if first[slot.half_day] is not slot]
        found = (*(slot for slot in found if slot not in again), *new, *again)[:count]
    return Slots(visit=visit_id, slots=found)


def find_slots(
    problem: Problem,
    visit_id: str,
    *,
    plan: Plan | None = None,
    count: int = 5,
    allowance: Allowance = Allowance(),  # noqa: B008 - immutable
    seconds: float = 2.0,
) -> tuple[Slot, ...]:
    """The `count` best half-days for the visit, best first; none where there is no place for it.

    `plan` is what stands, by default the problem's bookings; the visit's own place in it is free again. Of each
    half-day the best start is offered; the earliest half-day is always among the offers. Where fewer than `count`
    half-days are open, further starts an hour apart fill up. Every slot has passed the checker: it breaks no
    constraint that the plan does not break already. After `seconds` the search ends with the half-days seen so far.
    Raises `KeyError` for a visit that the problem does not name.
    """
    standing = Standing(problem, _without(plan or booked_plan(problem), visit_id))
    return _offers(standing, visit_id, count, allowance, seconds)


def find_series(
    problem: Problem,
    visit_ids: Sequence[str],
    *,
    count: int = 5,
    allowance: Allowance = Allowance(),  # noqa: B008 - immutable
    seconds: float = 2.0,
) -> tuple[tuple[Slot, ...], ...]:
    """Places for visits that are held one after the other, beside the problem's bookings.

    The `count` best for the first of them; for each further one the best on the first day that has a place for it.
    """
    standing = Standing(problem, booked_plan(problem))
    return series(standing, visit_ids, count=count, allowance=allowance, seconds=seconds)


def series(
    standing: Standing, visit_ids: Sequence[str], *, count: int, allowance: Allowance, seconds: float
) -> tuple[tuple[Slot, ...], ...]:
    """As `find_series`, beside what stands, and is left as it was: for several searches of one problem."""
    problem, found = standing.problem, []
    for first in _offers(standing, visit_ids[0], count, allowance, seconds):
        held = [first]
        standing.put(first.placement)
        for visit_id in visit_ids[1:]:
            since = held[-1].placement.start // problem.day_ticks
            following = _on_first_day(standing, problem.visit_by_id[visit_id], allowance, since=since)
            if following is None:
                break
            held.append(following)
            standing.put(following.placement)
        for slot in held:
            standing.take(slot.placement.visit)
        if len(held) == len(visit_ids):
            found.append(tuple(held))
    return tuple(found)


def _on_first_day(standing: Standing, visit: Visit, allowance: Allowance, *, since: int) -> Slot | None:
    for day in range(since, standing.problem.days):
        found = list(openings(standing, visit, allowance, days=(day,)))
        if found:
            return _slot(standing, min(found, key=_rank))
    return None


def _rank(opening: Opening) -> tuple[int, int]:
    return opening.cost, opening.placement.start


def _offers(
    standing: Standing, visit_id: str, count: int, allowance: Allowance, seconds: float
) -> tuple[Slot, ...]:
    problem = standing.problem
    visit = problem.visit_by_id[visit_id]
    found = list(until(openings(standing, visit, allowance), time.monotonic() + seconds))
    chosen = _diverse(problem, found, count)
    if not chosen:
        return ()
    earliest = min(found, key=lambda opening: opening.placement.start).half_day
    return tuple(_slot(standing, opening, earliest) for opening in chosen)


def _without(plan: Plan, visit_id: str) -> Plan:
    return Plan(placements=tuple(each for each in plan.placements if each.visit != visit_id))


def _diverse(problem: Problem, found: list[Opening], count: int) -> list[Opening]:
    ranked = sorted(found, key=_rank)
    best_of: dict[HalfDay, Opening] = {}
    for opening in ranked:
        best_of.setdefault(opening.half_day, opening)
    chosen = list(best_of.values())[:count]
    if len(best_of) > count:
        earliest = min(best_of.values(), key=lambda opening: opening.placement.start)
        if earliest not in chosen:
            chosen[-1] = earliest
    for opening in ranked:
        if len(chosen) >= count:
            break
        if all(_apart(problem, opening, other) for other in chosen):
            chosen.append(opening)
    return chosen


def _apart(problem: Problem, one: Opening, other: Opening) -> bool:
    return abs(one.placement.start - other.placement.start) >= APART_MINUTES * problem.resolution


def _slot(standing: Standing, opening: Opening, earliest: HalfDay | None = None) -> Slot:
    problem = standing.problem
    terms = proven_terms(standing, opening)
    reasons = [*_who(standing, opening.placement), *_where(standing, opening), *_when(standing, opening)]
    if opening.half_day == earliest:
        reasons.append(reason("earliest"))
    minutes = -(-terms[Term.TRAVEL] // problem.resolution)
    reasons.append(reason("travel", minutes=minutes) if minutes > 0 else reason("no_travel"))
    return Slot(
        placement=opening.placement,
        half_day=opening.half_day,
        terms=terms,
        levels=level_values(problem, terms),
        reasons=tuple(reasons),
    )


def proven_terms(standing: Standing, opening: Opening) -> dict[Term, int]:
    """What each of the checker's measures gains by the opening; it has broken no constraint.

    The checker reads the team's part of the plan only, which is all that can change. How an officer's fair share is
    reckoned depends on the whole department, so overload is the one measure that the standing books give.
    """
    problem, placement = standing.problem, opening.placement
    before = tuple(standing.placements.values())
    old, new = compare(
        (problem, Plan(placements=before)),
        (problem, Plan(placements=(*before, placement))),
        {placement.visit},
    )
    broken = Counter(new.violations) - Counter(old.violations)
    if broken:
        raise AssertionError(f"opening breaks {sorted({each.constraint for each in broken})}")
    terms = {term: new.terms[term] - old.terms[term] for term in Term}
    return terms | {Term.OVERLOAD: standing.overload_of(placement)}


def _who(standing: Standing, placement: Placement) -> Iterator[Reason]:
    officers = [standing.problem.officer_by_id[each] for team in placement.teams for each in team]
    stand_ins = [officer.department for officer in officers if officer.post is Post.SUBSTITUTE]
    if stand_ins:
        yield reason("substitutes", departments=tuple(dict.fromkeys(stand_ins)), number=len(stand_ins))
    else:
        yield reason("all_primary", number=len({officer.department for officer in officers}))


def _where(standing: Standing, opening: Opening) -> Iterator[Reason]:
    """Which visits it joins on its site, and who is in the neighbourhood anyway."""
    problem = standing.problem
    visit = problem.visit_by_id[opening.placement.visit]
    merged = [
        other.visit
        for other in standing.placements.values()
        if problem.visit_by_id[other.visit].site == visit.site
        and problem.half_day_of(other.starts[0]) == opening.half_day
    ]
    if merged:
        yield reason("merged", visits=tuple(merged))
    near = NEARBY_MINUTES * problem.resolution
    nearby: dict[str, None] = {}
    for party, team in zip(visit.parties, opening.placement.teams, strict=True):
        for officer in team:
            for stop in standing.stops(officer, opening.placement.start // problem.day_ticks):
                same_half = problem.half_day_of(stop.start) == opening.half_day
                if same_half and stop.visit not in merged and standing.travel(stop.site, visit.site) <= near:
                    nearby[party.department] = None
    if nearby:
        yield reason(f"nearby_{opening.half_day.half}", departments=tuple(nearby))


def _when(standing: Standing, opening: Opening) -> Iterator[Reason]:
    problem = standing.problem
    visit = problem.visit_by_id[opening.placement.visit]
    if opening.half_day in half_days_of_group(standing, visit):
        together = (
            other
            for other in standing.placements.values()
            if problem.visit_by_id[other.visit].group == visit.group
            and problem.half_day_of(other.starts[0]) == opening.half_day
        )
        yield reason("same_half_day", visits=tuple(other.visit for other in together))
    if visit.preferred:
        yield reason("preferred" if opening.half_day in visit.preferred else "not_preferred")
    deadline = problem.deadline_of(visit)
    if deadline is not None:
        days = problem.calendar.working_days_between(opening.half_day.day, deadline)
        if days > 0:
            yield reason("early", days=days)
        else:
            yield reason("late", days=-days) if days else reason("on_deadline")
