"""What upsets a plan, and the problem as it is then."""

from collections.abc import Collection
from datetime import date, timedelta

import msgspec

from scheduling.plan import Plan
from scheduling.problem import Booking, DayWindow, Hold, Leave, Problem, Record, Visit, Window


class OfficerOut(Record, frozen=True, kw_only=True, tag="officer_out"):
    """An officer cannot come on these days, or in a `part` of each."""

    officer: str
    first: date
    last: date
    part: DayWindow | None = None


class SitesShut(Record, frozen=True, kw_only=True, tag="sites_shut"):
    """No visit to these sites on these days; without `sites` to none at all, as in a storm."""

    first: date
    last: date
    sites: tuple[str, ...] | None = None


class Overrun(Record, frozen=True, kw_only=True, tag="overrun"):
    """The visit, under way, takes longer by `ticks` for every party."""

    visit: str
    ticks: int


Disturbance = OfficerOut | SitesShut | Overrun


def disturbed(
    problem: Problem, plan: Plan, disturbances: Collection[Disturbance], *, not_before: int = 0
) -> Problem:
    """The placed visits as bookings of a problem in which the disturbances have come about.

    Bookings keep their hold and cost; other placements are movable at cost 1. What began before the tick `not_before`
    and what overruns is pinned, and nothing else is moved to before that tick. A visit that is late already is
    promised for its present day: that is no reason to move others.
    """
    overruns = {each.visit: each.ticks for each in disturbances if isinstance(each, Overrun)}
    begun = {each.visit for each in plan.placements if each.start < not_before} | overruns.keys()
    bookings = tuple(_booking(problem, plan, visit, begun) for visit in plan.by_visit)
    out = [each for each in disturbances if isinstance(each, OfficerOut)]
    shut = [each for each in disturbances if isinstance(each, SitesShut)]
    return msgspec.structs.replace(
        problem,
        visits=tuple(
            _visit(problem, plan, visit, overruns.get(visit.id, 0), not_before) for visit in problem.visits
        ),
        officers=tuple(
            msgspec.structs.replace(
                officer,
                leave=(
                    *officer.leave,
                    *(
                        Leave(first=each.first, last=each.last, part=each.part)
                        for each in out
                        if each.officer == officer.id
                    ),
                ),
            )
            for officer in problem.officers
        ),
        sites=tuple(
            msgspec.structs.replace(site, closed=(*site.closed, *_closed(shut, site.id)))
            for site in problem.sites
        ),
        bookings=bookings,
    )


def placed(problem: Problem, visits: Collection[str]) -> Problem:
    """The problem of these visits alone: what has no place is no reason to move what has one."""
    return msgspec.structs.replace(
        problem,
        visits=tuple(
            visit
            if visit.after is None or visit.after in visits
            else msgspec.structs.replace(visit, after=None)
            for visit in problem.visits
            if visit.id in visits
        ),
        recusals=tuple(each for each in problem.recusals if each.visit is None or each.visit in visits),
        bookings=tuple(each for each in problem.bookings if each.visit in visits),
    )


def _booking(problem: Problem, plan: Plan, visit: str, begun: Collection[str]) -> Booking:
    placement = plan.by_visit[visit]
    booked = problem.booking_by_visit.get(visit)
    hold = Hold.PINNED if visit in begun else booked.hold if booked else Hold.MOVABLE
    return Booking(
        visit=visit,
        starts=placement.starts,
        teams=placement.teams,
        hold=hold,
        cost=booked.cost if booked else 1,
    )


def _visit(problem: Problem, plan: Plan, visit: Visit, longer: int, not_before: int) -> Visit:
    changes: dict[str, object] = {}
    placement = plan.by_visit.get(visit.id)
    start = placement.start if placement else None
    deadline = problem.deadline_of(visit)
    if start is not None and deadline is not None:
        today = problem.half_day_of(start).day
        if today > deadline:
            changes = {"received": today, "promised": 0}
    if not_before and (start is None or start >= not_before):
        wanted = visit.wanted or Window(start=0, end=problem.days * problem.day_ticks)
        changes["wanted"] = Window(start=max(wanted.start, not_before), end=max(wanted.end, not_before))
    if longer:
        changes["parties"] = tuple(
            msgspec.structs.replace(party, duration=party.duration + longer) for party in visit.parties
        )
    return msgspec.structs.replace(visit, **changes)


def _closed(shut: list[SitesShut], site: str) -> list[date]:
    return [
        each.first + timedelta(days=day)
        for each in shut
        if each.sites is None or site in each.sites
        for day in range((each.last - each.first).days + 1)
    ]
