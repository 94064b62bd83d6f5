"""A visit that stands and has lost an officer: the plan that changes least, then other slots."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from inspection.models import Booking, Case, Visit
from inspection.scheduling_problem import Horizon, Question
from inspection.slot_answers import ENOUGH, Answer, answer, teams_of, worded
from inspection.states import BookingState, VisitState
from scheduling import problem as s
from scheduling.disturbances import OfficerOut
from scheduling.repair import repair
from scheduling.wording import reason


async def present_place(session: AsyncSession, case: Case, question: Question) -> s.Booking | None:
    """Where the question's visit stands, free to move.

    None where no visit is planned, where it comes in several half-days, or before the first day that may be offered.
    """
    problem = question.problem
    rows = await session.scalars(
        sa.select(Booking)
        .join(Visit, col(Visit.id) == col(Booking.visit_id))
        .where(
            col(Visit.case_id) == case.id,
            col(Visit.round) == case.round,
            col(Visit.state) == VisitState.PLANNED,
            col(Booking.state) == BookingState.BOOKED,
        )
        .order_by(col(Booking.id))
    )
    seats: dict[str, list[Booking]] = defaultdict(list)
    for booking in rows:
        seats[str(booking.party_id)].append(booking)
    parties = [seats[party.id] for party in problem.visit_by_id[question.visit].parties]
    if any(len({booking.span for booking in team}) != 1 for team in parties):
        return None
    horizon = Horizon(problem.first_day, problem.date_of(problem.days - 1))
    starts = tuple(horizon.tick(team[0].span[0]) for team in parties)
    if min(starts) < 0 or max(starts) >= problem.days * problem.day_ticks:
        return None
    teams = tuple(tuple(str(booking.officer_id) for booking in team) for team in parties)
    return s.Booking(visit=question.visit, starts=starts, teams=teams)


def answer_upset(question: Question, place: s.Booking) -> Answer:
    """The plan that changes least first, then ranked slots as for any other case. Pure and slow."""
    found = answer(question)
    least = least_change(question, place)
    if least is None:
        return found
    same = [each["reasons"] for each in found.proposals if each["teams"] == least["teams"]]
    least["reasons"] += [each for reasons in same for each in reasons]
    others = [each for each in found.proposals if _start(each) != _start(least)]
    return Answer((least, *others)[:ENOUGH])


def least_change(question: Question, place: s.Booking) -> dict[str, Any] | None:
    """Every other visit stays where it is, so nothing is searched for: the one visit's places are priced exactly."""
    problem = structs.replace(question.problem, bookings=(*question.problem.bookings, place))
    repaired = repair(problem, tuple(_absences(problem, place)), seconds=0)
    for change in repaired.changes:
        if change.visit == question.visit and change.after:
            reasons = (*change.reasons, reason("least_change"))
            return {
                "teams": teams_of(problem, [change.after]),
                "reasons": [worded(question, each) for each in reasons],
            }
    return None


def _absences(problem: s.Problem, place: s.Booking) -> Iterable[OfficerOut]:
    """Why the visit cannot stay, for the repair's reasons."""
    today = problem.half_day_of(min(place.starts)).day
    for officer in sorted({officer for team in place.teams for officer in team}):
        for leave in problem.officer_by_id[officer].leave:
            if leave.first <= today <= leave.last:
                yield OfficerOut(officer=officer, first=leave.first, last=leave.last, part=leave.part)


def _start(proposal: dict[str, Any]) -> str:
    return min(str(team["starts_at"]) for team in proposal["teams"])
