"""反馈函: a party names its officers, declines, or is silent; and what follows from each."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger, outbox
from inspection.availability import Part, unavailable
from inspection.commands import letters, timekeeping
from inspection.commands.bookings import (
    book,
    booked_officers,
    cancel_visit,
    check_quorum,
    invite,
    lock_officers,
    propose_slots,
    standing_visit,
)
from inspection.commands.parties import require_member
from inspection.commands.transitions import move, move_party
from inspection.commands.violations import record_violation, watch_decline
from inspection.models import Booking, Case, Officer, Party, Project, Segment, Visit
from inspection.refusals import OfficerUnavailable, ReasonRequired, TeamTooSmall, WrongState
from inspection.rules import Situation
from inspection.states import BookingState, CaseState, Event, Node, PartyState, Post, Violation

DECLINED_TOPIC = "inspection.declined"
#: Of two who could step in, the one with fewer visits this long before and after does.
FAIR_WITHIN = timedelta(weeks=1)


async def confirm_attendance(
    session: AsyncSession,
    case: Case,
    party: Party,
    *,
    by: int,
    now: datetime,
    officer_ids: Sequence[int] = (),
) -> None:
    """The party comes, with the officers proposed or with others of its own whom it names."""
    await require_member(session, party, by)
    visit = await _planned(session, case)
    if officer_ids:
        await replace_team(session, case, visit, party, officer_ids, now=now)
    move_party(
        session, case, party, PartyState.CONFIRMED, by=by, now=now, data={"officers": list(officer_ids)}
    )
    await _answered(session, case, party, now=now)
    team = [officer.number for officer in await booked_officers(session, visit, party)]
    await letters.read_by_department(session, party, by=by, now=now)
    await letters.reply(session, case, party, visit, {"attends": True, "officers": team}, now=now)
    await check_quorum(session, case, now=now)


async def decline_attendance(
    session: AsyncSession,
    case: Case,
    party: Party,
    *,
    reason: str,
    by: int,
    now: datetime,
    alternative: str = "",
) -> None:
    """A reasoned refusal; a substitute officer or another slot is looked for at once."""
    await require_member(session, party, by)
    if not reason.strip():
        raise ReasonRequired
    visit = await _planned(session, case)
    data = {"reason": reason, "alternative": alternative}
    move_party(session, case, party, PartyState.DECLINED, by=by, now=now, data=data)
    party.reply_note = reason
    await _answered(session, case, party, now=now)
    await letters.read_by_department(session, party, by=by, now=now)
    await letters.reply(session, case, party, visit, {"attends": False, **data}, now=now)
    await watch_decline(session, case, party, visit, now=now)
    outbox.emit(session, DECLINED_TOPIC, {"party_id": party.id}, now=now)


async def find_stand_ins(session: AsyncSession, case: Case, party: Party, *, now: datetime) -> bool:
    """After a refusal: the department's other officers, B posts first, at the same time; else other slots.

    Returns whether stand-ins were found. Only if none is free does the time move, and the owner is asked again.
    """
    visit = await standing_visit(session, case)
    if visit is None or party.state is not PartyState.DECLINED:
        return False
    team = await _free_team(session, case, visit, party)
    if team:
        await replace_team(session, case, visit, party, team, now=now)
        await invite(session, case, visit, (party,), by=None, now=now)
        return True
    reason = party.reply_note
    situation = Situation(reason=reason)
    data = {"visit": visit.id, "reason": reason, "declined_by": party.department_code}
    await move(session, case, Event.RESCHEDULE, by=None, now=now, situation=situation, data=data)
    await cancel_visit(session, case, reason=reason, now=now)
    await propose_slots(session, case, by=None, now=now)
    return False


async def _free_team(session: AsyncSession, case: Case, visit: Visit, party: Party) -> list[int]:
    booked = await party_bookings(session, visit, party)
    refused = {booking.officer_id for booking in booked}
    free = await free_colleagues(session, case, party, booked, first=Post.SUBSTITUTE)
    return [officer.id for officer in free[: len(refused)]] if len(free) >= len(refused) else []


async def free_colleagues(
    session: AsyncSession, case: Case, party: Party, seats: Sequence[Booking], *, first: Post
) -> list[Officer]:
    """Who else of the department could take any of these seats, by post, then by how little he has to do then.

    They stay locked until the transaction ends.
    """
    spans = sorted({seat.span for seat in seats})
    segment = await session.get_one(Segment, case.segment_id)
    project = await session.get_one(Project, segment.project_id)
    weeks = Range(spans[0][0] - FAIR_WITHIN, spans[-1][1] + FAIR_WITHIN)
    load = (
        sa.select(sa.func.count())
        .where(
            col(Booking.officer_id) == col(Officer.id),
            col(Booking.state) == BookingState.BOOKED,
            col(Booking.during).op("&&")(weeks),
        )
        .scalar_subquery()
    )
    candidates = list(
        await session.scalars(
            sa.select(Officer)
            .where(
                col(Officer.department_code) == party.department_code,
                col(Officer.active),
                sa.or_(col(Officer.district).is_(None), col(Officer.district) == project.district),
                col(Officer.id).not_in({seat.officer_id for seat in seats}),
            )
            .order_by(sa.case((col(Officer.post) == first, 0), else_=1), load, col(Officer.id))
        )
    )
    if not candidates:
        return []
    await lock_officers(session, [officer.id for officer in candidates])
    parts = [Part(party.id, officer.id, *span) for officer in candidates for span in spans]
    away = await unavailable(session, case, parts)
    return [officer for officer in candidates if officer.id not in away]


async def apply_silence(session: AsyncSession, case: Case, party: Party, *, now: datetime) -> None:
    """The reply deadline has passed: deemed attendance, never consent. The booked officers are expected on site."""
    if party.state is not PartyState.INVITED:
        return
    move_party(session, case, party, PartyState.SILENT, by=None, now=now, data={"rule": "deemed_attendance"})
    party.deemed_attending = True
    record_violation(session, case, party, Violation.NO_REPLY, now=now)
    await timekeeping.stop_clocks(session, case, (Node.REPLY,), now=now, party=party)
    await check_quorum(session, case, now=now)


async def _planned(session: AsyncSession, case: Case) -> Visit:
    visit = await standing_visit(session, case)
    if visit is None or case.state not in {CaseState.SLOTTING, CaseState.SCHEDULED}:
        raise WrongState
    return visit


async def _answered(session: AsyncSession, case: Case, party: Party, *, now: datetime) -> None:
    party.replied_at = now
    await timekeeping.stop_clocks(session, case, (Node.REPLY,), now=now, party=party)


async def replace_team(
    session: AsyncSession,
    case: Case,
    visit: Visit,
    party: Party,
    officer_ids: Sequence[int],
    *,
    now: datetime,
) -> None:
    """Raises `TeamTooSmall` or `OfficerUnavailable`."""
    booked = await party_bookings(session, visit, party)
    wanted, present = set(officer_ids), {booking.officer_id for booking in booked}
    if len(wanted) < len(present):
        raise TeamTooSmall(needed=len(present))
    new = wanted - present
    if not new:
        return
    await lock_officers(session, new)
    spans = {booking.span for booking in booked}
    parts = [Part(party.id, officer, *span) for officer in sorted(new) for span in sorted(spans)]
    if away := await unavailable(session, case, parts):
        rows = await session.scalars(sa.select(col(Officer.number)).where(col(Officer.id).in_(away)))
        raise OfficerUnavailable(numbers="、".join(sorted(rows)))
    given_up = [booking for booking in booked if booking.officer_id not in wanted]
    await reseat(session, case, visit, given_up, parts, now=now)


async def reseat(
    session: AsyncSession,
    case: Case,
    visit: Visit,
    given_up: Collection[Booking],
    parts: Sequence[Part],
    *,
    now: datetime,
) -> None:
    """Some seats of a visit change hands. Raises `SlotTaken` where the database's constraint refuses an officer."""
    for booking in given_up:
        booking.state = BookingState.CANCELLED
    await session.flush()
    ledger.record(
        session,
        action="case.released",
        subject=f"case:{case.code}",
        now=now,
        data={"visit": visit.id, "officers": sorted({booking.officer_id for booking in given_up})},
    )
    await book(session, case, visit, parts, now=now)


async def party_bookings(session: AsyncSession, visit: Visit, party: Party) -> list[Booking]:
    return list(
        await session.scalars(
            sa.select(Booking)
            .where(
                col(Booking.visit_id) == visit.id,
                col(Booking.party_id) == party.id,
                col(Booking.state) == BookingState.BOOKED,
            )
            .order_by(col(Booking.id))
        )
    )
