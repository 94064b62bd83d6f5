"""All the cases that wait for a visit, planned at once: their problem made solvable, and what a plan says of each."""

from collections import defaultdict
from typing import Any

from msgspec import structs

from inspection.slot_answers import MOST_PARTS, parted, teams_of
from scheduling.bounds import hopeless
from scheduling.checker import check
from scheduling.plan import Placement, Plan, booked_plan
from scheduling.problem import DayWindow, Leave, Problem


def case_of(visit: str) -> str:
    """The case's code, of the name of its visit or of a part of that."""
    return visit.partition("/")[0].partition("#")[0]


def waiting_visits(problem: Problem) -> list[str]:
    return [visit.id for visit in problem.visits if visit.id not in problem.booking_by_visit]


def around_misfits(problem: Problem) -> Problem:
    """Without the visits that stand although they break a rule; their officers are away for those half-days.

    An engine cannot keep such a visit: it would leave it out and give other work to its officers. Who is away may make
    another visit a misfit, which is then treated alike.
    """
    broken = {each.visit for each in check(problem, booked_plan(problem)).violations}
    misfits = broken & problem.booking_by_visit.keys()
    if not misfits:
        return problem
    away: dict[str, list[Leave]] = defaultdict(list)
    for booking in problem.bookings:
        for start, team in zip(booking.starts, booking.teams, strict=True):
            day, tick = divmod(start, problem.day_ticks)
            half = DayWindow(start=0, end=problem.noon)
            if tick >= problem.noon:
                half = DayWindow(start=problem.noon, end=problem.day_ticks)
            today = problem.date_of(day)
            for officer in team if booking.visit in misfits else ():
                away[officer].append(Leave(first=today, last=today, part=half))
    less = structs.replace(
        problem,
        visits=tuple(each for each in problem.visits if each.id not in misfits),
        bookings=tuple(each for each in problem.bookings if each.visit not in misfits),
        officers=tuple(
            structs.replace(each, leave=(*each.leave, *away[each.id])) if each.id in away else each
            for each in problem.officers
        ),
    )
    return around_misfits(less)


def in_parts(problem: Problem) -> Problem:
    """Visits that no half-day holds come in as few parts as will do; those that no parts help stay whole."""
    parts = dict.fromkeys(waiting_visits(problem), 1)
    tried = problem
    for number in range(2, MOST_PARTS + 2):
        stuck = {visit.partition("/")[0] for visit in hopeless(tried)} & parts.keys()
        if not stuck:
            return tried
        parts |= dict.fromkeys(stuck, number if number <= MOST_PARTS else 1)
        tried = problem
        for name in (name for name, count in parts.items() if count > 1):
            tried, _ = parted(tried, name, parts[name])
    return tried


def offers(problem: Problem, plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """By case, who comes when, as a `SlotProposal` keeps it; a case with a part without a place has no entry."""
    placed: dict[str, list[Placement]] = defaultdict(list)
    for visit in waiting_visits(problem):
        if visit in plan.by_visit:
            placed[case_of(visit)].append(plan.by_visit[visit])
    left = set(left_out(problem, plan))
    return {code: teams_of(problem, parts) for code, parts in placed.items() if code not in left}


def left_out(problem: Problem, plan: Plan) -> list[str]:
    """The cases that the plan has no place for."""
    return list(dict.fromkeys(case_of(name) for name in waiting_visits(problem) if name not in plan.by_visit))
