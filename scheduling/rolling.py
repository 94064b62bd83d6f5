"""A horizon of many weeks in windows: what is near is fixed, what follows may still move, what is far waits its turn.

At the beginning of a day the plan is rolled over: what is held before the end of the frozen days stays as it stands,
later bookings may move at their cost, and visits that may begin within the window join them.
"""

from collections.abc import Container, Iterator
from datetime import date, timedelta

import msgspec

from scheduling.engine import TEN_SECONDS, Budget, solve
from scheduling.plan import Placement, Plan, booked_plan
from scheduling.problem import Booking, Hold, Leave, Officer, Problem, Record, Visit


class Window(Record, frozen=True, kw_only=True):
    """`days` to plan from the day of a roll-over on, of which the first `frozen` keep what stands there."""

    days: int = 14
    frozen: int = 7


FORTNIGHT = Window()


def plan_ahead(
    problem: Problem, *, window: Window = FORTNIGHT, budget: Budget = TEN_SECONDS, seed: int = 0
) -> Iterator[Plan]:
    """The plan after each roll-over, one every `frozen` days, the last over the whole horizon.

    `budget` is for each window.
    """
    plan = booked_plan(problem)
    for today in range(0, problem.days, max(1, window.frozen)):
        plan = roll_over(problem, plan, today=today, window=window, budget=budget, seed=seed)
        yield plan


def roll_over(
    problem: Problem,
    plan: Plan,
    *,
    today: int,
    window: Window = FORTNIGHT,
    budget: Budget = TEN_SECONDS,
    seed: int = 0,
) -> Plan:
    """The plan at the beginning of day `today`, counted from the horizon's first; `plan` is what stands until then."""
    now = within(problem, plan, today=today, window=window)
    found = solve(now, budget=budget, seed=seed)
    planned = {visit.id for visit in now.visits}
    older = tuple(each for each in plan.placements if each.visit not in planned)
    return Plan(placements=(*older, *found.plan.placements))


def within(problem: Problem, plan: Plan, *, today: int, window: Window) -> Problem:
    """What there is to plan on `today`: the window's days, the visits that may be held there, and what stands.

    What was held earlier in the same week is kept, since it counts for that week's limits.
    """
    first, end = problem.date_of(today), problem.date_of(today + window.days)
    monday = first - timedelta(days=first.weekday())
    held = {each.visit: problem.date_of(_day(problem, each)) for each in plan.placements}
    fixed = {visit for visit, day in held.items() if day < problem.date_of(today + window.frozen)}

    def concerns(visit: Visit) -> bool:
        if visit.id in held:
            return monday <= held[visit.id] < end
        before = problem.visit_by_id[visit.after] if visit.after else None
        ready = before is None or held.get(before.id, date.max) < monday or concerns(before)
        return ready and (visit.earliest or first) < end

    visits = [visit for visit in problem.visits if concerns(visit)]
    kept = {visit.id for visit in visits}
    return msgspec.structs.replace(
        problem,
        visits=tuple(_as_of(visit, None if visit.id in fixed else first, kept) for visit in visits),
        officers=tuple(_away_from(officer, end) for officer in problem.officers),
        bookings=tuple(
            _booking(problem, each, fixed=each.visit in fixed)
            for each in plan.placements
            if each.visit in kept
        ),
        recusals=tuple(each for each in problem.recusals if each.visit is None or each.visit in kept),
    )


def _day(problem: Problem, placement: Placement) -> int:
    return placement.start // problem.day_ticks


def _as_of(visit: Visit, first: date | None, kept: Container[str]) -> Visit:
    """Nothing new is put into the past; what came before in an earlier week has been held."""
    return msgspec.structs.replace(
        visit,
        earliest=visit.earliest if first is None else max(visit.earliest or first, first),
        after=visit.after if visit.after in kept else None,
    )


def _away_from(officer: Officer, end: date) -> Officer:
    return msgspec.structs.replace(officer, leave=(*officer.leave, Leave(first=end, last=date.max)))


def _booking(problem: Problem, placement: Placement, *, fixed: bool) -> Booking:
    before = problem.booking_by_visit.get(placement.visit)
    hold = Hold.PINNED if fixed else before.hold if before is not None else Hold.MOVABLE
    return Booking(
        visit=placement.visit,
        starts=placement.starts,
        teams=placement.teams,
        hold=hold,
        cost=before.cost if before is not None else 1,
    )
