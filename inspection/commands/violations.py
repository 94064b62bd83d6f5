"""What departments do wrong, counted as it happens: the seven kinds that supervision looks at.

| kind | raised |
|---|---|
| lead_told_late | a party declines less than `visit.decline_before` working days before the visit |
| no_reply | silent at the deadline of reply or review (`timers`) |
| late_or_absent | checked in late, left early, or recorded as absent (`visits`) |
| scope_not_inspected | a checklist begun and not finished, or 不涉及 on site from one that the rule drew in |
| no_opinion_on_spot | the opinion that is owed has not come (`timers`) |
| not_listed_once | in a recheck the party lists what it had not listed before |
| other | fewer officers on site than were booked; whatever supervision records with a reason |
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import local_date
from inspection.commands.transitions import note, parties_of
from inspection.models import (
    Booking,
    Case,
    CheckAnswer,
    CheckIn,
    Finding,
    Matter,
    Opinion,
    Party,
    ViolationRecord,
    Visit,
)
from inspection.reckoning import reckoning
from inspection.refusals import ReasonRequired
from inspection.states import BookingState, Verdict, Violation


def record_violation(
    session: AsyncSession,
    case: Case,
    party: Party,
    kind: Violation,
    *,
    now: datetime,
    text: str = "",
    by: int | None = None,
) -> None:
    session.add(
        ViolationRecord(
            case_id=case.id,
            party_id=party.id,
            department_code=party.department_code,
            kind=kind,
            at=now,
            note=text,
        )
    )
    note(session, case, "violation", by=by, now=now, party=party, data={"kind": kind.value, "note": text})


def record_other(
    session: AsyncSession, case: Case, party: Party, *, reason: str, by: int, now: datetime
) -> None:
    """Supervision has seen something that no rule counts. Raises `ReasonRequired`."""
    if not reason.strip():
        raise ReasonRequired
    record_violation(session, case, party, Violation.OTHER, now=now, text=reason, by=by)


async def watch_decline(
    session: AsyncSession, case: Case, party: Party, visit: Visit, *, now: datetime
) -> None:
    """The lead must hear of a refusal in time to find somebody else."""
    at = await reckoning(session, now)
    left = at.calendar.working_days_between(local_date(now), local_date(visit.starts_at))
    if left < at.rules["visit.decline_before"]:
        record_violation(session, case, party, Violation.LEAD_TOLD_LATE, now=now)


async def watch_listing(session: AsyncSession, case: Case, party: Party, *, now: datetime) -> None:
    """Everything to rectify is listed once: what comes in a recheck must have been on the list before."""
    rows = await session.execute(
        sa.select(col(Finding.round), col(Finding.text)).where(col(Finding.party_id) == party.id)
    )
    listed = [(row.round, row.text.strip()) for row in rows]
    before = {text for number, text in listed if number < case.round}
    new = [text for number, text in listed if number == case.round and text not in before]
    if before and new:
        record_violation(session, case, party, Violation.NOT_LISTED_ONCE, now=now, text=new[0])


async def watch_visit(session: AsyncSession, case: Case, visit: Visit, *, now: datetime) -> None:
    """When the visit closes: was everybody there who was booked, and was everything looked at?"""
    parties = await parties_of(session, case)
    there = await _counts(session, CheckIn, visit)
    booked = await _counts(session, Booking, visit, col(Booking.state) == BookingState.BOOKED)
    unfinished = await _unfinished_checklists(session, case)
    needless = await _not_concerned(session, case, visit)
    for party in parties:
        if party.id not in there or party.id not in booked:
            continue
        if there[party.id] < booked[party.id]:
            record_violation(session, case, party, Violation.OTHER, now=now, text="team_incomplete")
        if party.id in unfinished:
            record_violation(session, case, party, Violation.SCOPE_NOT_INSPECTED, now=now, text="checklist")
        elif party.id in needless and party.added_by is None:
            record_violation(
                session, case, party, Violation.SCOPE_NOT_INSPECTED, now=now, text="not_concerned"
            )


async def _counts(
    session: AsyncSession,
    model: type[CheckIn] | type[Booking],
    visit: Visit,
    *conditions: sa.ColumnElement[bool],
) -> dict[int, int]:
    """Officers of each party, each once."""
    rows = await session.execute(
        sa.select(col(model.party_id), sa.func.count(sa.distinct(col(model.officer_id))))
        .where(col(model.visit_id) == visit.id, *conditions)
        .group_by(col(model.party_id))
    )
    return dict(rows.all())


async def _unfinished_checklists(session: AsyncSession, case: Case) -> set[int]:
    rows = await session.execute(
        sa.select(col(Party.id), col(Matter.checklist), sa.func.count().label("answered"))
        .join(Matter, col(Matter.id) == col(Party.matter_id))
        .join(CheckAnswer, col(CheckAnswer.party_id) == col(Party.id))
        .where(col(Party.case_id) == case.id, col(CheckAnswer.round) == case.round)
        .group_by(col(Party.id), col(Matter.checklist))
    )
    return {row.id for row in rows if row.answered < len(row.checklist)}


async def _not_concerned(session: AsyncSession, case: Case, visit: Visit) -> set[int]:
    rows = await session.scalars(
        sa.select(col(Opinion.party_id)).where(
            col(Opinion.visit_id) == visit.id,
            col(Opinion.round) == case.round,
            col(Opinion.verdict) == Verdict.NOT_CONCERNED,
        )
    )
    return set(rows)
