"""A disturbed plan made whole again with the fewest and cheapest changes, each with its reason.

Visits that the disturbance breaks are taken out and put back where that costs least, in their own time with another
officer if it can be. Where this is not provably least, the engine looks for better with every booking at stake; what it
moved without need is moved back.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Container, Iterable
from enum import StrEnum

import msgspec

from scheduling.checker import PlanRejectedError, Report, check
from scheduling.constraints import segments_in_order, violations
from scheduling.disturbances import Disturbance, OfficerOut, Overrun, SitesShut, disturbed, placed
from scheduling.engine import Budget, solve
from scheduling.exact import prove
from scheduling.narrow import altered, only
from scheduling.objectives import MOVE_WEIGHT
from scheduling.openings import Allowance, fits, openings
from scheduling.plan import Placement, Plan, booked_plan
from scheduling.problem import DayWindow, Hold, Leave, Level, Problem, Record, Term
from scheduling.standing import Standing
from scheduling.tours import Tours
from scheduling.wording import Reason, reason

#: More broken visits than this are placed by the engine's compiled insertion.
ONE_BY_ONE = 12
#: Working days after the promise that a broken visit may have to accept.
PATIENCE = 20

ALLOWANCE = Allowance(substitutes=True, extra_days=PATIENCE)
#: Up to this many visits the exact model has its turn, and the engine this share of the time.
SMALL = 20
ENGINE_SHARE = 0.25
#: The rule that what comes after a visit without a place has none either.
BEFORE = segments_in_order.__name__
#: The engine's constructive start alone.
AT_ONCE = Budget(seconds=0.001)


class Effect(StrEnum):
    OFFICERS = "officers"  # others come, at the same time
    TIME = "time"
    LEFT_OUT = "left_out"  # no place was found


class Change(Record, frozen=True, kw_only=True):
    """One booking, old and new. `cost` is what `Term.MOVED` counts for it."""

    visit: str
    effect: Effect
    before: Placement
    after: Placement | None
    cost: int
    reasons: tuple[Reason, ...]


class Repair(Record, frozen=True, kw_only=True):
    """`plan` breaks no constraint, but for the visits in `stuck`: pinned or locked bookings that cannot be kept.

    They are left as they stand, for a person to decide. `proven` says that no plan changes less.
    """

    plan: Plan
    changes: tuple[Change, ...]
    stuck: tuple[str, ...]
    terms: dict[Term, int]
    proven: bool
    seconds: float


def repair(
    problem: Problem,
    disturbances: Collection[Disturbance],
    *,
    plan: Plan | None = None,
    not_before: int = 0,
    seconds: float = 2.0,
    seed: int = 0,
) -> Repair:
    """The plan (by default the problem's bookings) repaired; see `disturbed` for what may change.

    Least, in this order: visits without a place, lateness, cost of changed bookings, then the problem's other levels.
    It takes `seconds` at most, or about twice what reading and putting back takes.
    """
    began = time.monotonic()
    plan = plan or booked_plan(problem)
    after = placed(disturbed(problem, plan, disturbances, not_before=not_before), plan.by_visit.keys())
    standing = Standing(after, plan)
    broken, stuck = _take_broken(standing)
    new, proven = plan, True
    if broken:
        new, kept = _put_back(standing, plan, broken, stuck)
        stuck += kept
    report = check(after, new)
    if broken:
        proven = _decisive_terms(report) == _least(standing, plan, broken)
        spent = time.monotonic() - began
        left = seconds - 2 * spent  # what follows the search takes about as long as what went before
        if not proven and left > 0 and not stuck:
            new, proven = _improved(after, plan, new, seconds=left, seed=seed)
            report = check(after, new)
    if any(violation.visit not in stuck for violation in report.violations):
        raise PlanRejectedError(report)
    return Repair(
        plan=new,
        changes=tuple(_changes(after, plan, new, broken, disturbances)),
        stuck=stuck,
        terms=report.terms,
        proven=proven,
        seconds=time.monotonic() - began,
    )


def broken_visits(problem: Problem, plan: Plan) -> tuple[str, ...]:
    """The visits that cannot stay as they are, with those that must come after them.

    Of two visits that clash, the one that the checker names is the one to give way, unless it is pinned.
    """
    standing = Standing(problem, plan)
    pinned = {each.visit for each in problem.bookings if each.hold is Hold.PINNED}
    broken, _ = _take_broken(standing)
    return *broken, *(each for visit in broken for each in _take_followers(standing, visit, pinned))


def _take_broken(standing: Standing) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Takes out the visits that cannot stay, and names those among them that may not be touched.

    What comes after one of them stands: most are put back in their own time.
    """
    problem = standing.problem
    firm = {each.visit for each in problem.bookings if each.hold is Hold.PINNED}
    broken: list[str] = []
    stuck: list[str] = []
    while True:
        tours = Tours(problem, Plan(placements=tuple(standing.placements.values())))
        named = [
            each
            for each in violations(tours)
            if each.visit not in stuck
            and each.visit in standing.placements
            and not (each.constraint == BEFORE and problem.visit_by_id[each.visit].after in broken)
        ]
        if not named:
            return tuple(broken), tuple(stuck)
        for violation in named:
            visit = violation.visit
            if visit not in standing.placements or visit in stuck:
                continue
            if visit in firm:
                visit = _gives_way(standing, visit, violation.officer, firm) or visit
            if visit in firm:
                stuck.append(visit)
            else:
                standing.take(visit)
                broken.append(visit)


def _gives_way(standing: Standing, visit: str, officer: str | None, firm: set[str]) -> str | None:
    """A neighbour in the officer's day that is not pinned."""
    if officer is None:
        return None
    day = standing.placements[visit].start // standing.problem.day_ticks
    return next((stop.visit for stop in standing.stops(officer, day) if stop.visit not in firm), None)


def _put_back(
    standing: Standing, plan: Plan, broken: Collection[str], stuck: Collection[str]
) -> tuple[Plan, tuple[str, ...]]:
    """What stands, with each broken visit where it costs least at its turn, and the locked ones that had to stay."""
    problem = standing.problem
    locked = {each.visit for each in problem.bookings if each.hold is not Hold.MOVABLE}
    turns = sorted(broken, key=lambda each: (each not in locked, -problem.visit_by_id[each].priority, each))
    if len(broken) > ONE_BY_ONE:
        for visit in broken:
            _take_followers(standing, visit, locked)
        turns = [each for each in turns if each in locked]
    kept = []
    while turns:
        visit = turns.pop(0)
        before = plan.by_visit[visit]
        place = _in_its_time(standing, before)
        if place is None and visit in locked:
            kept.append(visit)
            place = before
        elif place is None:
            turns = [*_take_followers(standing, visit, locked), *turns]
            place = _anywhere(standing, visit)
        if place is not None:
            standing.put(place)
    new = Plan(placements=tuple(standing.placements.values()))
    if len(broken) > ONE_BY_ONE:
        new = _all_at_once(problem, new, {*stuck, *kept})
    kept += [each for each in locked if _is_orphan(problem, new, each)]
    return _in_order(new, plan), tuple(kept)


def _take_followers(standing: Standing, visit: str, firm: Container[str]) -> list[str]:
    """Takes out what must come after the visit, in that order, but for the firm ones."""
    following = [
        each.id
        for each in standing.problem.visits
        if each.after == visit and each.id in standing.placements and each.id not in firm
    ]
    for each in following:
        standing.take(each)
    return [each for first in following for each in (first, *_take_followers(standing, first, firm))]


def _is_orphan(problem: Problem, plan: Plan, visit: str) -> bool:
    """Whether the visit stands, and the one that it must come after does not."""
    after = problem.visit_by_id[visit].after
    return visit in plan.by_visit and after is not None and after not in plan.by_visit


def _all_at_once(problem: Problem, plan: Plan, stuck: Collection[str]) -> Plan:
    """The plan with the engine's first places for all that has none; whoever is stuck keeps the officers he has."""
    taken = [each for each in plan.placements if each.visit in stuck]
    free = [each for each in plan.placements if each.visit not in stuck]
    movable = placed(problem, {visit.id for visit in problem.visits} - set(stuck))
    absences = defaultdict(list)
    for placement in taken:
        parties = problem.visit_by_id[placement.visit].parties
        for party, start, team in zip(parties, placement.starts, placement.teams, strict=True):
            day, from_midnight = divmod(start, problem.day_ticks)
            part = DayWindow(start=from_midnight, end=from_midnight + party.duration)
            today = problem.date_of(day)
            for officer in team:
                absences[officer].append(Leave(first=today, last=today, part=part))
    officers = tuple(
        msgspec.structs.replace(each, leave=(*each.leave, *absences[each.id])) for each in problem.officers
    )
    movable = msgspec.structs.replace(movable, officers=officers)
    found = solve(movable, budget=AT_ONCE, start=Plan(placements=tuple(free))).plan
    standing = Standing(problem, Plan(placements=(*found.placements, *taken)))
    for placement in found.placements:  # the way from and to what is stuck is not in an absence
        if placement.visit not in plan.by_visit:
            standing.take(placement.visit)
            place = (
                placement if fits(standing, placement, ALLOWANCE) else _anywhere(standing, placement.visit)
            )
            if place is not None:
                standing.put(place)
    return Plan(placements=tuple(standing.placements.values()))


def _in_its_time(standing: Standing, before: Placement) -> Placement | None:
    visit = standing.problem.visit_by_id[before.visit]
    day = before.start // standing.problem.day_ticks
    found = openings(standing, visit, ALLOWANCE, days=(day,))
    same = (opening for opening in found if opening.placement.starts == before.starts)
    best = min(same, key=lambda opening: opening.cost, default=None)
    return best.placement if best else None


def _anywhere(standing: Standing, visit: str) -> Placement | None:
    found = openings(standing, standing.problem.visit_by_id[visit], ALLOWANCE)
    best = min(found, key=lambda opening: (opening.cost, opening.placement.start), default=None)
    return best.placement if best else None


def _in_order(plan: Plan, like: Plan) -> Plan:
    """The placements in the order of another plan, teams that stay the same in its order as well."""
    placements = []
    for before in like.placements:
        now = plan.by_visit.get(before.visit)
        if now is not None:
            same = now.starts == before.starts and [*map(set, now.teams)] == [*map(set, before.teams)]
            placements.append(before if same else now)
    return Plan(placements=tuple(placements))


def _decisive_terms(report: Report) -> tuple[int, int, int]:
    return report.terms[Term.UNSERVED], report.terms[Term.LATENESS], report.terms[Term.MOVED]


def _least(standing: Standing, plan: Plan, broken: Iterable[str]) -> tuple[int, int, int]:
    """No plan changes less: a visit loses at least the officers who could not come even if it were the only one."""
    problem = standing.problem
    unordered = tuple(msgspec.structs.replace(visit, after=None) for visit in problem.visits)
    empty = Standing(altered(problem, visits=unordered), Plan(), like=standing)
    total = 0
    for visit in broken:
        placement = plan.by_visit[visit]
        missing = sum(
            not fits(empty, only(placement, {officer}), ALLOWANCE)
            for team in placement.teams
            for officer in team
        )
        total += problem.booking_by_visit[visit].cost * min(MOVE_WEIGHT, missing)
    return 0, 0, total


def _improved(
    problem: Problem, plan: Plan, incumbent: Plan, *, seconds: float, seed: int
) -> tuple[Plan, bool]:
    """The best of the incumbent, what the engine makes of it and, where small enough, what the exact model proves."""
    end = time.monotonic() + seconds
    small = len(problem.visits) <= SMALL
    share = ENGINE_SHARE if small else 1.0
    found = solve(problem, budget=Budget(seconds=seconds * share), seed=seed, start=incumbent)
    candidates = [incumbent, found.plan] if found.report.feasible else [incumbent]
    proven = False
    if small:
        levels = _decisive_levels(problem)
        best = min(candidates, key=lambda each: check(problem, each).levels)
        proof = prove(
            msgspec.structs.replace(problem, levels=levels),
            seconds=max(0.1, end - time.monotonic()),
            hint=best,
        )
        proven = proof.proven == len(levels)
        if proof.plan is not None and check(problem, proof.plan).feasible:
            candidates.append(proof.plan)
    best = min(candidates, key=lambda each: check(problem, each).levels)
    return _without_needless_changes(problem, plan, best), proven


def _decisive_levels(problem: Problem) -> tuple[Level, ...]:
    """The levels down to the one that counts changed bookings."""
    ranks = [rank for rank, level in enumerate(problem.levels) if Term.MOVED in level.weights]
    return problem.levels[: ranks[0] + 1] if ranks else problem.levels


def _without_needless_changes(problem: Problem, plan: Plan, new: Plan) -> Plan:
    standing = Standing(problem, new)
    for before in plan.placements:
        now = standing.placements.get(before.visit)
        if now is not None and now != before:
            standing.take(before.visit)
            standing.put(before if fits(standing, before, ALLOWANCE) else now)
    return _in_order(Plan(placements=tuple(standing.placements.values())), plan)


def _changes(
    problem: Problem,
    plan: Plan,
    new: Plan,
    broken: Collection[str],
    disturbances: Collection[Disturbance],
) -> Iterable[Change]:
    altered_visits = {each.visit for each in plan.placements if new.by_visit.get(each.visit) != each}
    for before in plan.placements:
        if before.visit not in altered_visits:
            continue
        now = new.by_visit.get(before.visit)
        effect, change = _effect(before, now)
        if before.visit in broken or problem.visit_by_id[before.visit].after in altered_visits:
            why = tuple(_reasons(problem, before, disturbances)) or (reason("knock_on"),)
        else:
            why = (reason("makes_room", visits=tuple(broken)),)
        cost = change * problem.booking_by_visit[before.visit].cost
        yield Change(visit=before.visit, effect=effect, before=before, after=now, cost=cost, reasons=why)


def _effect(before: Placement, now: Placement | None) -> tuple[Effect, int]:
    if now is None:
        return Effect.LEFT_OUT, MOVE_WEIGHT
    if now.starts[0] != before.starts[0]:
        return Effect.TIME, MOVE_WEIGHT
    pairs = zip(now.teams, before.teams, strict=True)
    return Effect.OFFICERS, min(MOVE_WEIGHT, sum(len(set(new) - set(old)) for new, old in pairs))


def _reasons(problem: Problem, before: Placement, disturbances: Collection[Disturbance]) -> Iterable[Reason]:
    today = problem.half_day_of(before.start).day
    crew = {officer for team in before.teams for officer in team}
    site = problem.visit_by_id[before.visit].site
    for each in disturbances:
        match each:
            case OfficerOut(officer=officer, first=first, last=last):
                if officer in crew and first <= today <= last:
                    yield reason("officer_out", officers=(officer,))
            case SitesShut(sites=sites, first=first, last=last):
                if (sites is None or site in sites) and first <= today <= last:
                    yield reason("site_shut", site=site)
            case Overrun(visit=visit):
                if problem.half_day_of(problem.booking_by_visit[visit].starts[0]).day == today:
                    yield reason("overrun", visit=visit)
