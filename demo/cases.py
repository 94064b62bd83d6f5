"""Joint inspection cases: their way through the states, their visits, and what each party said."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from random import Random

from core.clock import LOCAL
from core.workdays import WorkCalendar
from demo.chance import NORMAL, lognormal, pick, spread, strata, stream
from demo.deficiencies import MISSING_ITEMS, SITE_DEFECTS, Defect
from demo.diary import Crew, Diary, Piece
from demo.geography import travel_minutes
from demo.names import Person, person
from demo.organisation import DEPARTMENTS
from demo.projects import Project, Segment

MONTHLY_LOAD = (0.95, 0.45, 0.85, 0.95, 1.0, 1.25, 0.9, 0.85, 1.05, 0.85, 1.2, 1.7)
PROMISED_DAYS = {"low": 3, "lower_middle": 7, "middle": 7, "high": 12, "very_high": 12}
REPLIES = {"confirm": 0.89, "decline": 0.08, "silent": 0.03}
ATTENDANCE = {"present": 0.945, "late": 0.04, "absent": 0.015}
SUBSTITUTED_SHARE, OWNER_MOVES, WEATHER = 0.11, 0.06, 0.015
DEFICIENT_SHARE = 0.34
PROJECT_SIGMA = 1.2  # of the logit effect that a project has on all its parties
RECTIFICATION_DAYS = (6, 18)  # working days: median, ninth decile
RECHECKS = {"desk": 0.38, "remote": 0.17, "site": 0.45}
PASSED = {"agree": 0.93, "agree_with_commitment": 0.05, "na": 0.02}
FAILED = {"rectify": 0.9, "disagree": 0.1}
BY_CODE = {department.code: department for department in DEPARTMENTS}
#: Ends other than the archive, and a pause on the way; shares of all cases.
ENDINGS = {"archived": 0.94, "rejected": 0.02, "withdrawn": 0.025, "terminated": 0.015}
SUSPENDED_SHARE = 0.03
#: Every state of the machine in which a case can be met, with at least this many cases shown in each.
SHOWN_STATES = (
    "draft", "submitted", "received", "correcting", "accepted", "reviewing", "slotting", "scheduled", "onsite",
    "deliberating", "rectifying", "recheck_requested", "desk_recheck", "opinion_ready", "issued", "filed",
    "suspended", "withdrawn", "rejected", "terminated", "revoked",
)  # fmt: skip
SHOWN_EACH = 3
#: By the case's number, modulo `KINDS_RECUR`.
KINDS_RECUR, OTHER_KINDS = 33, {5: "survey", 17: "drawing_review"}
#: Those that need no officer's day to be reached.
BEFORE_BOOKING = frozenset(
    {"draft", "submitted", "received", "correcting", "rejected", "accepted", "reviewing", "slotting"}
)
LEFT_LYING = 0.2
FEW = 4  # departments, for a visit that has to be today


@dataclass(frozen=True, slots=True)
class Step:
    """At `at` the event took the case into `state`."""

    at: datetime
    event: str
    state: str


@dataclass(frozen=True, slots=True)
class Visit:
    number: int
    pieces: tuple[Piece, ...]
    crew: Crew
    moved: str | None = None  # owner | weather: it was moved to this time


@dataclass(frozen=True, slots=True)
class Participation:
    """A department's part. Reply, attendance and result belong to the first visit."""

    department: str
    reply: str
    replied_at: datetime
    attendance: str
    result: str
    defects: tuple[Defect, ...]
    recheck: str | None  # desk | remote | site


@dataclass(frozen=True, slots=True)
class Case:
    number: str
    project: Project
    segment: Segment
    agent: Person
    promised_days: int
    missing: tuple[str, ...]  # items of the one-off notice
    history: tuple[Step, ...]  # up to now
    visits: tuple[Visit, ...]  # held, running, or booked by now; one that was given up is not kept twice
    participations: tuple[Participation, ...]  # empty before the fan-out

    @property
    def state(self) -> str:
        return self.history[-1].state

    @property
    def kind(self) -> str:
        """Three in a hundred are 集中踏勘 and as many 集中审图, which go the same way as inspections do."""
        return OTHER_KINDS.get(int(self.number[-5:]) % KINDS_RECUR, "inspection")

    @property
    def passed_at_first_visit(self) -> bool:
        return not any(part.result in FAILED for part in self.participations)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is decided about a case before its days are known."""

    project: Project
    segment: Segment
    agent: Person
    submitted: date
    ending: str
    suspended: bool
    missing: tuple[str, ...]
    parts: tuple[Participation, ...]
    substituted: tuple[str, ...]
    moved: str | None
    rectification_days: int
    until: str | None = None  # the state in which the case stands still
    visit_on: date | None = None  # no earlier


def submission_days(
    seed: str, calendar: WorkCalendar, first: date, last: date, count: int
) -> tuple[date, ...]:
    """Working days of [first, last] with the year's seasons, shuffled."""
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    worked = [day for day in days if calendar.is_working_day(day)]
    in_month = [(day.year, day.month) for day in worked]
    share = {
        day: MONTHLY_LOAD[day.month - 1]
        * (sum((d.year, d.month) == month for d in days) / 30.4)  # the window's end months are short
        / in_month.count(month)
        for day, month in zip(worked, in_month, strict=True)
    }
    return tuple(spread(strata(stream(seed, "submissions"), count), share))


def build_cases(
    seed: str, projects: Sequence[Project], days: Sequence[date], diary: Diary, now: datetime
) -> tuple[Case, ...]:
    """One case for each segment, in order of submission; the last ones are laid so that every state is met now."""
    segments = [(project, segment) for project in projects for segment in project.segments]
    plans = sorted(
        (
            _plan(stream(seed, "case", project.code, segment.number), project, segment, day)
            for (project, segment), day in zip(segments, days, strict=True)
        ),
        key=lambda plan: plan.submitted,
    )
    shown = len(SHOWN_STATES) * SHOWN_EACH
    plans[-shown:] = [
        _lay(plan, SHOWN_STATES[index % len(SHOWN_STATES)], diary.calendar, now)
        for index, plan in enumerate(plans[-shown:])
    ]
    plans.sort(key=lambda plan: plan.submitted)
    return tuple(
        _case(number, Course(plan, diary.calendar, diary), now) for number, plan in enumerate(plans, 1)
    )


def _case(number: int, course: "Course", now: datetime) -> Case:
    plan, steps = course.plan, list(course.steps())
    history = tuple(step for step in steps if step.at <= now)
    states = [step.state for step in history]
    moved = sum(step.event == "reschedule" for step in history)
    booked = states.count("scheduled")
    return Case(
        f"LH{plan.submitted:%Y}{number:05d}",
        plan.project,
        plan.segment,
        plan.agent,
        PROMISED_DAYS[plan.project.risk],
        plan.missing if "correcting" in states else (),
        history,
        tuple(course.visits[: max(booked - moved, min(booked, 1))]),
        course.parts if "reviewing" in states else (),
    )


def _plan(rng: Random, project: Project, segment: Segment, day: date) -> Plan:
    missing = tuple(rng.sample(MISSING_ITEMS, min(6, max(1, round(lognormal(rng, 2, 4))))))
    return Plan(
        project,
        segment,
        person(rng),
        day,
        pick(rng, ENDINGS),
        rng.random() < SUSPENDED_SHARE,
        missing if rng.random() < DEFICIENT_SHARE else (),
        tuple(_participation(rng, department, project.difficulty) for department in project.parties),
        tuple(department for department in project.parties if rng.random() < SUBSTITUTED_SHARE),
        pick(rng, {"owner": OWNER_MOVES, "weather": WEATHER, None: 1 - OWNER_MOVES - WEATHER}),
        max(1, round(lognormal(rng, *RECTIFICATION_DAYS))),
    )


def _participation(rng: Random, department: str, difficulty: float) -> Participation:
    office = BY_CODE[department]
    logit = failing_intercept(office.failing) + PROJECT_SIGMA * difficulty
    failed = rng.random() < 1 / (1 + math.exp(-logit))
    known = SITE_DEFECTS[department]
    defects = tuple(rng.sample(known, min(len(known), rng.choice((1, 1, 2))))) if failed else ()
    recheck = pick(rng, RECHECKS) if failed else None
    if failed and office.at_desk:
        recheck = "desk"
    elif any(defect.is_safety_critical for defect in defects):
        recheck = "site"
    reply = pick(rng, REPLIES)
    return Participation(
        department,
        reply,
        datetime.max.replace(tzinfo=LOCAL),  # set when the invitations have gone out
        pick(rng, ATTENDANCE),
        pick(rng, FAILED if failed else PASSED),
        defects,
        recheck,
    )


@cache
def failing_intercept(share: float) -> float:
    """The logit intercept at which the project effect leaves `share` of failures on average."""
    effects = [PROJECT_SIGMA * NORMAL.inv_cdf((index + 0.5) / 400) for index in range(400)]
    low, high = -12.0, 0.0
    for _ in range(50):
        middle = (low + high) / 2
        mean = sum(1 / (1 + math.exp(-middle - effect)) for effect in effects) / len(effects)
        low, high = (middle, high) if mean < share else (low, middle)
    return low


def _lay(plan: Plan, state: str, calendar: WorkCalendar, now: datetime) -> Plan:
    """The plan, changed and moved so that its case stands in `state` now."""
    plan = _steered(plan, state)
    *_, entered = Course(plan, calendar, None).steps()
    waited = calendar.working_days_between(plan.submitted, entered.at.date())
    waited += _stood(plan, state)
    submitted = now.date()
    while calendar.working_days_between(submitted, now.date()) < waited:
        submitted -= timedelta(days=1)
    visit_on = now.date() if state == "onsite" else None
    return replace(plan, submitted=calendar.roll_to_working_day(submitted), visit_on=visit_on)


def _stood(plan: Plan, state: str) -> int:
    """Working days that a case has stood where it stands: most go on in time, a few have been left lying."""
    rng = stream("stood", plan.project.code, plan.segment.number)
    if rng.random() < LEFT_LYING:
        return rng.randint(4, 7)
    # Officers whom an earlier case has taken put a visit off by a day or two.
    return rng.randint(1, 2) if state in BEFORE_BOOKING else rng.randint(2, 4)


def _steered(plan: Plan, state: str) -> Plan:
    """The plan with what it takes to come through `state`."""
    ending = state if state in ENDINGS else "archived"
    plan = replace(
        plan,
        ending=ending,
        suspended=state in {"suspended", "terminated"},
        moved=None,
        missing=MISSING_ITEMS[:2] if state == "correcting" else plan.missing,
        until=state,
    )
    if state == "onsite":
        return replace(plan, parts=plan.parts[:FEW])  # the parties with a part on site come first
    first, *others = plan.parts
    cleared = [replace(part, result="agree", defects=(), recheck=None) for part in others]
    if state in {"rectifying", "recheck_requested", "desk_recheck"}:
        defect = SITE_DEFECTS[first.department][0]
        failed = replace(first, result="rectify", defects=(defect,), recheck="desk")
        return replace(plan, parts=(failed, *cleared), rectification_days=max(4, plan.rectification_days))
    if state in {"opinion_ready", "issued", "filed", "revoked"}:
        return replace(plan, parts=(replace(first, result="agree", defects=(), recheck=None), *cleared))
    return plan


class Course:
    """Unfolds one plan into dated steps. With a diary, visits book officers; without one they are nominal."""

    def __init__(self, plan: Plan, calendar: WorkCalendar, diary: Diary | None) -> None:
        self.plan, self.calendar, self.diary = plan, calendar, diary
        self.rng = stream("course", plan.project.code, plan.segment.number, plan.agent.phone)
        self.moment = datetime.combine(plan.submitted, time(9), LOCAL)
        self.parts = plan.parts
        self.visits: list[Visit] = []

    def steps(self) -> Iterator[Step]:
        for step in self._all_steps():
            yield step
            if step.state == self.plan.until:
                return

    def _all_steps(self) -> Iterator[Step]:
        rng, plan = self.rng, self.plan
        yield Step(self.moment - timedelta(days=rng.randint(1, 6)), "create", "draft")
        yield self._step("submit", "submitted", 0)
        yield self._step("receive", "received", rng.randint(0, 1))
        if plan.missing:
            yield self._step("notify_deficiencies", "correcting", rng.randint(1, 2))
            yield self._step("resubmit", "received", rng.randint(1, 8))
        if plan.ending == "rejected":
            yield self._step("refuse", "rejected", 1)
            return
        yield self._step("accept", "accepted", rng.randint(0, 2))
        if plan.ending == "withdrawn":
            yield self._step("withdraw", "withdrawn", 1)
            return
        yield self._step("fan_out", "reviewing", rng.randint(0, 1))
        self.parts = tuple(
            replace(part, replied_at=self.moment + timedelta(hours=rng.uniform(0.3, 20)))
            for part in plan.parts
        )
        if plan.suspended:
            yield self._step("suspend", "suspended", 1)
            if plan.ending == "terminated":
                yield self._step("terminate", "terminated", rng.randint(10, 30))
                return
            yield self._step("resume", "reviewing", rng.randint(3, 15))
        if plan.ending == "terminated":
            yield self._step("terminate", "terminated", 1)
            return
        yield self._step("reviews_done", "slotting", 1)
        on_site = [part.department for part in self.parts if not BY_CODE[part.department].at_desk]
        yield from self._visit(on_site, plan.segment.site_minutes)
        failed = [part for part in self.parts if part.result in FAILED]
        if failed:
            yield from self._rectify(failed)
        yield self._step("conclude", "opinion_ready", rng.randint(0, 1))
        yield self._step("issue", "issued", rng.randint(0, 1))
        yield self._step("file", "filed", rng.randint(1, 4))
        yield self._step("archive", "archived", rng.randint(4, 15))
        if plan.until == "revoked":
            yield self._step("revoke", "revoked", rng.randint(10, 30))

    def _rectify(self, failed: Sequence[Participation]) -> Iterator[Step]:
        yield self._step("conclude", "rectifying", self.rng.randint(0, 1))
        yield self._step("rectified", "recheck_requested", self.plan.rectification_days)
        on_site = [part.department for part in failed if part.recheck != "desk"]
        if on_site:
            yield self._step("recheck_on_site", "slotting", self.rng.randint(0, 1))
            yield from self._visit(on_site, 60)
        else:
            yield self._step("recheck_by_desk", "desk_recheck", self.rng.randint(0, 1))

    def _visit(self, departments: Sequence[str], minutes: int) -> Iterator[Step]:
        moved = self.plan.moved if not self.visits else None
        confirmed = self._step("confirm_slot", "scheduled", self.rng.randint(0, 1))
        if moved:
            yield confirmed
            yield self._step("reschedule", "slotting", 1)
            confirmed = self._step("confirm_slot", "scheduled", 0)
        pieces, crew = self._book(departments, minutes)
        self.visits.append(Visit(len(self.visits) + 1, pieces, crew, moved))
        yield confirmed
        yield Step(pieces[0].start, "open_visit", "onsite")
        self.moment = pieces[-1].end
        yield Step(self.moment, "close_visit", "deliberating")

    def _book(self, departments: Sequence[str], minutes: int) -> tuple[tuple[Piece, ...], Crew]:
        earliest = self.calendar.add_working_days(self.moment.date(), self.rng.randint(1, 2))
        if self.diary is None:
            start = datetime.combine(earliest, time(9, 30), LOCAL)
            return (Piece(start, start + timedelta(minutes=120)),), {}
        earliest = max(earliest, self.plan.visit_on or earliest)
        project = self.plan.project
        firms = (project.owner, project.builder, project.designer, project.supervisor)
        return self.diary.book(
            departments,
            earliest=earliest,
            minutes=minutes,
            travel=travel_minutes(None, project.site),
            companies=[firm.credit_code for firm in firms],
            substituted=self.plan.substituted,
        )

    def _step(self, event: str, state: str, working_days: int) -> Step:
        """The next step, that many working days on at some working hour, and always after the last one."""
        if working_days:
            day = self.calendar.add_working_days(self.moment.date(), working_days)
            self.moment = datetime.combine(day, time(9), LOCAL) + timedelta(
                minutes=self.rng.randrange(20, 230)
            )
        else:
            self.moment += timedelta(minutes=self.rng.randrange(12, 70))
        return Step(self.moment, event, state)
