"""Why a visit has no place: minimal sets of causes. With the causes of one set alone there is none; without any one
of them there is.

Deletion filter over named causes (Chinneck and Dravnieks 1991): first over the departments that must attend, with all
other causes in force, then over those other causes for the departments that remain. What is left in each pass is
minimal, and so is the union: taking a department away leaves fewer causes in force than the first pass had.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import cached_property
from typing import Self

import msgspec

from core.workdays import DayKind
from scheduling.narrow import altered, narrow, only
from scheduling.openings import Allowance, openings, start_windows
from scheduling.plan import Plan
from scheduling.problem import DayWindow, Matrix, Officer, Party, Post, Problem, Record, Speed, Visit
from scheduling.standing import Standing


class Kind(StrEnum):
    """What can stand in the way. The deletion filter tries to do without them in this order."""

    DISTANCE = "distance"
    HOURS = "hours"  # of a department
    DURATION = "duration"
    CALENDAR = "calendar"
    LIMITS = "limits"  # of a department: on-site time a day and a week
    DISTRICT = "district"  # of a department
    VEHICLES = "vehicles"
    HOLD = "hold"
    EARLIEST = "earliest"
    ACCESS = "access"
    FORBIDDEN = "forbidden"
    ORDER = "order"
    RECUSAL = "recusal"  # of a department
    CERTIFICATES = "certificates"  # of a department
    BUSY = "busy"  # of a department: the visits that stand
    LEAVE = "leave"  # of a department
    SUBSTITUTES = "substitutes"  # of a department: B posts are not to serve
    PROMISE = "promise"
    ATTENDANCE = "attendance"  # of a department


OF_DEPARTMENTS = (
    Kind.HOURS,
    Kind.LIMITS,
    Kind.DISTRICT,
    Kind.RECUSAL,
    Kind.CERTIFICATES,
    Kind.BUSY,
    Kind.LEAVE,
    Kind.SUBSTITUTES,
)
#: These are lifted in the visit's own parties.
OF_PARTIES = {Kind.ATTENDANCE, Kind.CERTIFICATES}
OF_VISIT = tuple(kind for kind in Kind if kind not in OF_DEPARTMENTS and kind is not Kind.ATTENDANCE)


#: What nobody can change in a day's work: named only where the rest does not suffice to explain.
STEADY = (Kind.DISTANCE, Kind.HOURS, Kind.DURATION, Kind.CALENDAR)


class Cause(Record, frozen=True, kw_only=True):
    kind: Kind
    department: str | None = None


class Situation(Record, frozen=True, kw_only=True, dict=True):
    """A visit that wants a place in a plan. `visit` may differ from the problem's own of that id."""

    problem: Problem
    plan: Plan
    visit: Visit
    allowance: Allowance

    @cached_property
    def standing(self) -> Standing:
        return Standing(self.problem, self.plan)

    def but(self, **changes: object) -> Self:
        """The situation with changes; the plan's books are kept where neither it nor the problem changes."""
        new = msgspec.structs.replace(self, **changes)
        if new.problem is self.problem and new.plan is self.plan and "standing" in self.__dict__:
            new.__dict__["standing"] = self.standing
        return new

    def is_open(self) -> bool:
        visit, problem = self.visit, self.problem
        if any(party.officers for party in visit.parties):
            return next(openings(self.standing, visit, self.allowance), None) is not None
        worked = (day for day in range(problem.days) if problem.calendar.is_working_day(problem.date_of(day)))
        return any(True for day in worked for _ in start_windows(self.standing, visit, day, self.allowance))


def conflicts(situation: Situation, *, limit: int = 3) -> Iterator[tuple[Cause, ...]]:
    """Minimal conflicts that share no department, at most `limit`; none where a place is open."""
    situation = concerned(situation)
    for _ in range(limit):
        if situation.is_open():
            return
        causes = minimal_conflict(situation)
        yield causes
        missed = {cause for cause in causes if cause.kind is Kind.ATTENDANCE}
        situation = without(situation, missed or set(causes))


def minimal_conflict(situation: Situation) -> tuple[Cause, ...]:
    """A minimal set of causes that closes every place of a visit that has none."""
    attendance = [
        Cause(kind=Kind.ATTENDANCE, department=each)
        for each in dict.fromkeys(party.department for party in situation.visit.parties if party.officers)
    ]
    absent: set[Cause] = set()
    for cause in attendance:
        if not without(situation, {*absent, cause}).is_open():
            absent.add(cause)
    needed = [cause for cause in attendance if cause not in absent]
    causes = candidates([cause.department for cause in needed if cause.department], Kind)
    variable = [cause for cause in causes if cause.kind not in STEADY]
    situation = concerned(without(situation, absent))
    if without(situation, set(variable)).is_open():
        causes = variable
    removed: set[Cause] = set()
    for cause in causes:
        fewer = without(situation, {*removed, cause})
        if fewer == without(situation, removed) or not fewer.is_open():
            removed.add(cause)
    return (*needed, *(cause for cause in causes if cause not in removed))


def candidates(departments: Iterable[str], kinds: Iterable[Kind]) -> list[Cause]:
    """Every cause of these kinds but attendance, for the visit and for each of the departments."""
    return [
        Cause(kind=kind, department=each)
        for kind in kinds
        if kind is not Kind.ATTENDANCE
        for each in (departments if kind in OF_DEPARTMENTS else (None,))
    ]


def concerned(situation: Situation) -> Situation:
    """The same question with only the officers and visits that it depends on, and without an objective."""
    departments = {party.department for party in situation.visit.parties if party.officers}
    crew = {officer.id for officer in situation.problem.officers if officer.department in departments}
    problem, plan = narrow(situation.problem, situation.plan, (situation.visit,), crew)
    return situation.but(problem=altered(problem, levels=()), plan=plan)


def without(situation: Situation, causes: set[Cause]) -> Situation:
    """The situation as it would be if the causes were not."""
    kinds = {cause.kind for cause in causes if cause.department is None}
    for kind in OF_VISIT:
        if kind in kinds:
            situation = LIFTED[kind](situation)
    of: dict[str, set[Kind]] = {}
    for cause in causes:
        if cause.department is not None:
            of.setdefault(cause.department, set()).add(cause.kind)
    return _lift_departments(situation, of) if of else situation


def _lift_departments(situation: Situation, of: dict[str, set[Kind]]) -> Situation:
    situation = _with_visit(
        situation, parties=tuple(_lift_party(each, of) for each in situation.visit.parties)
    )
    if all(kinds <= OF_PARTIES for kinds in of.values()):
        return situation
    problem = situation.problem
    department = {officer.id: officer.department for officer in problem.officers}
    officers = tuple(
        _lift_officer(officer, of.get(officer.department, set()), problem.day_ticks)
        for officer in problem.officers
    )
    recusals = tuple(
        each for each in problem.recusals if Kind.RECUSAL not in of.get(department[each.officer], set())
    )
    free = {each for each, name in department.items() if Kind.BUSY in of.get(name, set())}
    plan = situation.plan
    if free:
        busy = set(department) - free
        plan = Plan(placements=tuple(only(placement, busy) for placement in plan.placements))
    return situation.but(problem=altered(problem, officers=officers, recusals=recusals), plan=plan)


def _lift_party(party: Party, of: dict[str, set[Kind]]) -> Party:
    kinds = of.get(party.department, set())
    return msgspec.structs.replace(
        party,
        officers=0 if Kind.ATTENDANCE in kinds else party.officers,
        certificates=() if Kind.CERTIFICATES in kinds else party.certificates,
    )


def _lift_officer(officer: Officer, kinds: set[Kind], day_ticks: int) -> Officer:
    changes: dict[str, object] = {}
    if Kind.LEAVE in kinds:
        changes["leave"] = ()
    if Kind.SUBSTITUTES in kinds:
        changes["post"] = Post.PRIMARY
    if Kind.DISTRICT in kinds:
        changes["district"] = None
    if Kind.LIMITS in kinds:
        changes |= {"daily": None, "weekly": None}
    if Kind.HOURS in kinds:
        changes["hours"] = (DayWindow(start=0, end=day_ticks),)
    return msgspec.structs.replace(officer, **changes) if changes else officer


def _lift_distance(situation: Situation) -> Situation:
    travel = situation.problem.travel
    size = len(travel.places) if isinstance(travel, Matrix) else 0
    at_once: Matrix | Speed = (
        Matrix(places=travel.places, ticks=((0,) * size,) * size)
        if isinstance(travel, Matrix)
        else msgspec.structs.replace(travel, detour=0.0)
    )
    return _with_problem(situation, travel=at_once)


def _lift_duration(situation: Situation) -> Situation:
    return _with_visit(
        situation,
        parties=tuple(msgspec.structs.replace(each, duration=1) for each in situation.visit.parties),
    )


def _lift_calendar(situation: Situation) -> Situation:
    """All days are worked; the last day allowed stays where it was."""
    problem, visit, allowance = situation.problem, situation.visit, situation.allowance
    deadline = problem.deadline_of(visit)
    if deadline is not None:
        deadline = problem.calendar.add_working_days(deadline, allowance.extra_days)
    worked = dict.fromkeys(map(problem.date_of, range(problem.days)), DayKind.WORKING)
    calendar = problem.calendar.with_days(problem.calendar.version, worked.items())
    dated = _with_visit(situation, received=deadline, promised=None if deadline is None else 0)
    return _with_problem(dated, calendar=calendar).but(
        allowance=msgspec.structs.replace(allowance, extra_days=0)
    )


def _lift_vehicles(situation: Situation) -> Situation:
    afoot = tuple(msgspec.structs.replace(each, pool=None) for each in situation.problem.officers)
    return _with_problem(situation, officers=afoot)


def _lift_access(situation: Situation) -> Situation:
    sites = tuple(
        msgspec.structs.replace(site, access=(), closed=()) if site.id == situation.visit.site else site
        for site in situation.problem.sites
    )
    return _with_problem(situation, sites=sites)


def _lift_order(situation: Situation) -> Situation:
    visits = tuple(
        msgspec.structs.replace(each, after=None) if each.after == situation.visit.id else each
        for each in situation.problem.visits
    )
    return _with_visit(_with_problem(situation, visits=visits), after=None)


def _with_problem(situation: Situation, **changes: object) -> Situation:
    return situation.but(problem=altered(situation.problem, **changes))


def _with_visit(situation: Situation, **changes: object) -> Situation:
    return situation.but(visit=msgspec.structs.replace(situation.visit, **changes))


LIFTED: dict[Kind, Callable[[Situation], Situation]] = {
    Kind.DISTANCE: _lift_distance,
    Kind.DURATION: _lift_duration,
    Kind.CALENDAR: _lift_calendar,
    Kind.VEHICLES: _lift_vehicles,
    Kind.HOLD: lambda situation: _with_problem(situation, bookings=()),
    Kind.EARLIEST: lambda situation: _with_visit(situation, earliest=None, wanted=None),
    Kind.ACCESS: _lift_access,
    Kind.FORBIDDEN: lambda situation: _with_visit(situation, forbidden=()),
    Kind.ORDER: _lift_order,
    Kind.PROMISE: lambda situation: _with_visit(situation, promised=None),
}
