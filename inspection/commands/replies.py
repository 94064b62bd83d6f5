"""反馈函: a party names its officers, declines, or is silent; and what follows from each."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from core import outbox
from inspection.availability import Part, left_behind, unavailable
from inspection.commands import letters, timekeeping
from inspection.commands.bookings import (
    cancel_visit,
    check_quorum,
    invite,
    propose_slots,
    standing_visit,
)
from inspection.commands.parties import require_member
from inspection.commands.seats import (
    booked_officers,
    hold,
    numbers_of,
    party_bookings,
    reseat,
    seat_of,
    stand_ins,
)
from inspection.commands.transitions import move, move_party
from inspection.commands.violations import record_violation, watch_decline
from inspection.models import Booking, Case, Party, Visit
from inspection.refusals import OfficerUnavailable, ReasonRequired, TeamTooSmall, WrongState
from inspection.rules import Situation
from inspection.states import CaseState, Event, Node, PartyState, Post, Violation

DECLINED_TOPIC = "inspection.declined"


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
    """After a refusal: the department's other officers, B posts first, seat for seat; else other slots.

    Returns whether stand-ins were found. Only if none is free does the time move, and the owner is asked again.
    """
    visit = await standing_visit(session, case)
    if visit is None or party.state is not PartyState.DECLINED:
        return False
    booked = await party_bookings(session, visit, party)
    found = await stand_ins(
        session, case, [seat_of(each) for each in booked], posts=(Post.SUBSTITUTE, Post.PRIMARY)
    )
    if found:
        parts = [part for theirs in found.values() for part in theirs]
        await reseat(session, case, visit, booked, parts, now=now)
        await invite(session, case, visit, (party,), by=None, now=now)
        return True
    reason = party.reply_note
    situation = Situation(reason=reason)
    data = {"visit": visit.id, "reason": reason, "declined_by": party.department_code}
    await move(session, case, Event.RESCHEDULE, by=None, now=now, situation=situation, data=data)
    await cancel_visit(session, case, reason=reason, now=now)
    await propose_slots(session, case, by=None, now=now)
    return False


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
    """Whom the party names takes the seats of whom it does not name; who is named beyond that comes all the time.

    Raises `TeamTooSmall` or `OfficerUnavailable`.
    """
    booked = await party_bookings(session, visit, party)
    wanted, seats = set(officer_ids), defaultdict[int, list[Booking]](list)
    for booking in booked:
        seats[booking.officer_id].append(booking)
    if len(wanted) < len(seats):
        raise TeamTooSmall(needed=len(seats))
    new, leaving = sorted(wanted - seats.keys()), sorted(seats.keys() - wanted)
    if not new:
        return
    spans = [[booking.span for booking in seats[officer]] for officer in leaving]
    whole = sorted({booking.span for booking in booked})
    spans += [whole] * (len(new) - len(leaving))
    parts = [
        Part(party.id, officer, *span) for officer, theirs in zip(new, spans, strict=True) for span in theirs
    ]
    await hold(session, parts)
    away = await unavailable(session, case, parts)
    if away := away or await left_behind(session, case, parts, leaving=leaving):
        numbers = await numbers_of(session, {part.officer_id for part in away})
        raise OfficerUnavailable(numbers=numbers)
    await reseat(
        session, case, visit, [each for each in booked if each.officer_id in leaving], parts, now=now
    )
