"""All the cases that wait for a visit, planned at once: their problem made solvable, and what a plan says of each."""

from collections import defaultdict
from typing import Any

from inspection.slot_answers import MOST_PARTS, parted, teams_of
from scheduling.bounds import hopeless
from scheduling.plan import Placement, Plan
from scheduling.problem import Problem


def case_of(visit: str) -> str:
    """The case's code, of the name of its visit or of a part of that."""
    return visit.partition("/")[0].partition("#")[0]


def waiting_visits(problem: Problem) -> list[str]:
    return [visit.id for visit in problem.visits if visit.id not in problem.booking_by_visit]


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
