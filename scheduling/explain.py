"""When a visit finds no slot: who or what blocks it, in words, and what would free it."""

import time
from collections.abc import Callable, Collection
from datetime import date

from scheduling.conflict import Cause, Kind, Situation, conflicts
from scheduling.openings import Allowance, last_day
from scheduling.patience import until
from scheduling.plan import Plan, booked_plan
from scheduling.problem import Officer, Party, Post, Problem, Record
from scheduling.relax import Relaxation, relaxations
from scheduling.wording import Absence, Reason, Span, reason


class HasSlotError(ValueError):
    """There is nothing to explain: the visit has a slot."""


class Blocker(Record, frozen=True, kw_only=True):
    """One cause of the conflict. `reason` puts it into words."""

    cause: Cause
    reason: Reason


class NoSlot(Record, frozen=True, kw_only=True, tag="no_slot"):
    """`conflict` is minimal: without any one of its causes there would be a slot.

    `relaxations` are ways out, the least intrusive first, each proven: its placements pass the checker.
    """

    visit: str
    conflicts: tuple[tuple[Blocker, ...], ...]
    relaxations: tuple[Relaxation, ...]


def explain(
    problem: Problem,
    visit_id: str,
    *,
    plan: Plan | None = None,
    allowance: Allowance = Allowance(),  # noqa: B008 - immutable
    desk: Collection[str] | None = None,
    seconds: float = 5.0,
) -> NoSlot:
    """Why the visit has no slot in the plan, by default the problem's bookings.

    `desk` names the departments that may clear their matter without a visit; by default any but the first party's,
    which leads. Relaxations are searched for what remains of `seconds`. Raises `KeyError` for an unknown visit
    and `HasSlotError` for one that has a slot.
    """
    visit = problem.visit_by_id[visit_id]
    standing = tuple(each for each in (plan or booked_plan(problem)).placements if each.visit != visit_id)
    situation = Situation(problem=problem, plan=Plan(placements=standing), visit=visit, allowance=allowance)
    end = time.monotonic() + seconds
    found = [*until(conflicts(situation), end - seconds / 2)]
    if not found:
        raise HasSlotError(visit_id)
    if desk is None:
        desk = {party.department for party in visit.parties[1:]} - {visit.parties[0].department}
    left = end - time.monotonic()
    return NoSlot(
        visit=visit_id,
        conflicts=tuple(
            tuple(Blocker(cause=cause, reason=tell(situation, cause)) for cause in causes) for causes in found
        ),
        relaxations=relaxations(situation, found, desk=desk, seconds=left),
    )


def tell(situation: Situation, cause: Cause) -> Reason:
    """The cause as a reason, with the names and days that it stands for here."""
    return TELLERS[cause.kind](situation, cause)


def _search_span(situation: Situation) -> Span:
    """The days on which the visit was looked for."""
    problem, visit = situation.problem, situation.visit
    first = max(problem.first_day, visit.earliest or problem.first_day)
    last = problem.date_of(last_day(problem, visit, situation.allowance))
    return Span(first=first, last=max(first, last))


def _parties(situation: Situation, cause: Cause) -> list[Party]:
    return [party for party in situation.visit.parties if party.department == cause.department]


def _officers(situation: Situation, cause: Cause) -> list[Officer]:
    """The department's officers who may be asked at all."""
    return [
        officer
        for officer in situation.problem.officers
        if officer.department == cause.department
        and (officer.post is Post.PRIMARY or situation.allowance.substitutes)
    ]


def _certificates(situation: Situation, cause: Cause) -> set[str]:
    return {name for party in _parties(situation, cause) for name in party.certificates}


def _is_certified(officer: Officer, certificates: set[str], today: date) -> bool:
    return {
        paper.name for paper in officer.certificates if paper.first <= today <= paper.last
    } >= certificates


def _tell_attendance(situation: Situation, cause: Cause) -> Reason:
    certificates = _certificates(situation, cause)
    today = _search_span(situation).first
    able = [each for each in _officers(situation, cause) if _is_certified(each, certificates, today)]
    number = sum(party.officers for party in _parties(situation, cause))
    return reason("attendance", department=cause.department, number=number, available=len(able))


def _tell_leave(situation: Situation, cause: Cause) -> Reason:
    span = _search_span(situation)
    certificates = _certificates(situation, cause)
    officers = [each for each in _officers(situation, cause) if _is_certified(each, certificates, span.first)]
    absences = tuple(
        Absence(
            name=officer.id, span=Span(first=max(leave.first, span.first), last=min(leave.last, span.last))
        )
        for officer in officers
        for leave in officer.leave
        if leave.first <= span.last and leave.last >= span.first
    )
    away = {absence.span for absence in absences}
    if len(absences) == len(officers) and len(away) == 1:
        code = "leave_all_certified" if certificates else "leave_all"
        return reason(code, department=cause.department, number=len(officers), span=away.pop())
    return reason("leave", department=cause.department, absences=absences)


def _tell_busy(situation: Situation, cause: Cause) -> Reason:
    span = _search_span(situation)
    names = {officer.id for officer in _officers(situation, cause)}
    visits = tuple(
        placement.visit
        for placement in situation.plan.placements
        if span.first <= situation.problem.half_day_of(placement.start).day <= span.last
        and names.intersection(officer for team in placement.teams for officer in team)
    )
    return reason("busy", department=cause.department, number=len(visits), visits=visits)


def _tell_certificates(situation: Situation, cause: Cause) -> Reason:
    certificates = _certificates(situation, cause)
    today = _search_span(situation).last
    lacking = [
        each.id for each in _officers(situation, cause) if not _is_certified(each, certificates, today)
    ]
    return reason(
        "certificates",
        department=cause.department,
        officers=tuple(lacking),
        certificates=tuple(sorted(certificates)),
    )


def _tell_recusal(situation: Situation, cause: Cause) -> Reason:
    visit = situation.visit
    names = {officer.id for officer in _officers(situation, cause)}
    recused = (
        each.officer
        for each in situation.problem.recusals
        if each.officer in names and (each.visit == visit.id or each.applicant == visit.applicant)
    )
    return reason("recusal", department=cause.department, officers=tuple(dict.fromkeys(recused)))


def _tell_district(situation: Situation, cause: Cause) -> Reason:
    home = situation.problem.site_by_id[situation.visit.site].district
    elsewhere = [each.id for each in _officers(situation, cause) if each.district not in (None, home)]
    return reason("district", department=cause.department, officers=tuple(elsewhere))


def _tell_order(situation: Situation, _: Cause) -> Reason:
    visit = situation.visit
    if visit.after is not None and visit.after not in situation.plan.by_visit:
        return reason("order_unplaced", visits=(visit.after,))
    followers = (each.id for each in situation.problem.visits if each.after == visit.id)
    return reason("order", visits=(*([visit.after] if visit.after else []), *followers))


def _tell_access(situation: Situation, _: Cause) -> Reason:
    span = _search_span(situation)
    site = situation.problem.site_by_id[situation.visit.site]
    closed = tuple(day for day in site.closed if span.first <= day <= span.last)
    return reason("closed", site=site.id, days=closed) if closed else reason("access", site=site.id)


def _tell_hold(situation: Situation, _: Cause) -> Reason:
    booking = situation.problem.booking_by_visit[situation.visit.id]
    return reason("hold", half_day=situation.problem.half_day_of(booking.starts[0]))


def _tell_earliest(situation: Situation, _: Cause) -> Reason:
    problem, visit = situation.problem, situation.visit
    wished = problem.half_day_of(visit.wanted.start).day if visit.wanted else date.min
    return reason("earliest_day", day=max(wished, visit.earliest or date.min))


def _tell_duration(situation: Situation, _: Cause) -> Reason:
    longest = max(party.duration for party in situation.visit.parties)
    return reason("duration", minutes=longest // situation.problem.resolution)


TELLERS: dict[Kind, Callable[[Situation, Cause], Reason]] = {
    Kind.ATTENDANCE: _tell_attendance,
    Kind.LEAVE: _tell_leave,
    Kind.BUSY: _tell_busy,
    Kind.CERTIFICATES: _tell_certificates,
    Kind.RECUSAL: _tell_recusal,
    Kind.DISTRICT: _tell_district,
    Kind.ORDER: _tell_order,
    Kind.ACCESS: _tell_access,
    Kind.HOLD: _tell_hold,
    Kind.EARLIEST: _tell_earliest,
    Kind.DURATION: _tell_duration,
    Kind.SUBSTITUTES: lambda _, cause: reason("substitutes_idle", department=cause.department),
    Kind.LIMITS: lambda _, cause: reason("limits", department=cause.department),
    Kind.HOURS: lambda _, cause: reason("hours", department=cause.department),
    Kind.PROMISE: lambda situation, _: reason("promise", day=_search_span(situation).last),
    Kind.FORBIDDEN: lambda situation, _: reason("forbidden", half_days=situation.visit.forbidden),
    Kind.VEHICLES: lambda _situation, _cause: reason("vehicles"),
    Kind.CALENDAR: lambda situation, _: reason("calendar", span=_search_span(situation)),
    Kind.DISTANCE: lambda situation, _: reason("distance", site=situation.visit.site),
}
