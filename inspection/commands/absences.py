"""请假: an inspector cannot come. A colleague takes his place at the same time; else the lead moves the visit, or not.

Recording locks the officer alone, as confirming a slot does; each visit that it upsets is then seen to by a job of its
own, which locks the case first like everybody else.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger, outbox
from core.clock import local_date
from core.errors import FieldProblem, InvalidInput, NotFound
from inspection import clocks
from inspection.availability import Part, left_behind, unavailable
from inspection.commands import letters
from inspection.commands.bookings import (
    confirm_slot,
    offered,
    parts_of,
    reschedule,
    search_slots,
    standing_visit,
)
from inspection.commands.seats import (
    booked_officers,
    hold,
    lock_officers,
    party_bookings,
    reseat,
    seat_of,
    stand_ins,
)
from inspection.commands.transitions import note
from inspection.models import Booking, Case, Leave, Officer, Party, Visit
from inspection.queries.absences import SEAT_LOST, STAND_IN, lost_seats
from inspection.refusals import LeaveOverlaps, ProposalStale, SlotTaken
from inspection.states import PartyState, Post, VisitState

OUT_TOPIC = "inspection.officer_out"
HALVES = frozenset({None, "morning", "afternoon"})


async def record_leave(
    session: AsyncSession,
    officer: Officer,
    *,
    first_day: date,
    last_day: date,
    half: str | None,
    reason: str,
    by: int,
    now: datetime,
) -> Leave:
    """From day to day, or only a `half` (`morning`, `afternoon`) of each. The reason stays with the department.

    Raises `InvalidInput` by field and `LeaveOverlaps`.
    """
    faults = []
    if first_day < local_date(now):
        faults.append(FieldProblem("first_day", "请假不能从过去的日期开始。"))
    if last_day < first_day:
        faults.append(FieldProblem("last_day", "止期不能早于起期。"))
    if half not in HALVES:
        faults.append(FieldProblem("half", "请选择一项。"))
    if faults:
        raise InvalidInput(problems=tuple(faults))
    await lock_officers(session, (officer.id,))
    others = await session.scalars(
        sa.select(col(Leave.half)).where(
            col(Leave.officer_id) == officer.id,
            col(Leave.first_day) <= last_day,
            col(Leave.last_day) >= first_day,
        )
    )
    if any(half is None or other is None or other == half for other in others):
        raise LeaveOverlaps
    leave = Leave(
        officer_id=officer.id, first_day=first_day, last_day=last_day, half=half, reason=reason.strip()
    )
    session.add(leave)
    await session.flush()
    _enter(session, "leave.record", officer, leave, by=by, now=now)
    for seat in await lost_seats(session, now=now, leave=leave.id):
        outbox.emit(session, OUT_TOPIC, {"party_id": seat.party_id, "leave_id": leave.id}, now=now)
    return leave


async def end_leave(session: AsyncSession, leave: Leave, *, back_on: date, by: int, now: datetime) -> None:
    """The officer is back on this day: the absence ends the day before, or never was.

    Seats that a colleague has taken over stay his. Raises `InvalidInput` where the day is past or after the absence.
    """
    if not local_date(now) <= back_on <= leave.last_day:
        raise InvalidInput(problems=(FieldProblem("back_on", "返岗日期应在今日至请假止期之间。"),))
    officer = await session.get_one(Officer, leave.officer_id)
    await lock_officers(session, (officer.id,))
    if back_on <= leave.first_day:
        await session.delete(leave)
    else:
        leave.last_day = back_on - clocks.ONE_DAY
    _enter(session, "leave.end", officer, leave, by=by, now=now)
    await session.flush()


async def leave_of(session: AsyncSession, leave_id: int, *, department: str | None) -> Leave:
    """The absence, if it is of this department's officer; None stands for any. Raises `NotFound`."""
    leave = await session.get(Leave, leave_id, with_for_update=True)
    if leave is None:
        raise NotFound
    officer = await session.get_one(Officer, leave.officer_id)
    if department not in {None, officer.department_code}:
        raise NotFound
    return leave


async def officer_of(session: AsyncSession, number: str, *, department: str | None) -> Officer:
    """An active officer, if he is of this department; None stands for any. Raises `NotFound`."""
    officer = await session.scalar(
        sa.select(Officer).where(col(Officer.number) == number, col(Officer.active))
    )
    if officer is None or department not in {None, officer.department_code}:
        raise NotFound
    return officer


async def fill_seat(
    session: AsyncSession, case: Case, party: Party, leave_id: int, *, now: datetime
) -> Officer | None:
    """A free colleague, A posts first, takes the absent officer's part at the same time; without one the lead is asked.

    Nothing happens where the absence was withdrawn meanwhile, or the visit moved or begun.
    """
    visit = await standing_visit(session, case)
    leave = await session.get(Leave, leave_id)
    seats = [seat for seat in await lost_seats(session, now=now, leave=leave_id) if seat.party_id == party.id]
    if leave is None or visit is None or not seats or party.state is PartyState.DECLINED:
        return None
    absent = await session.get_one(Officer, leave.officer_id)
    lost = [each for each in await party_bookings(session, visit, party) if each.officer_id == absent.id]
    data = _data(visit, leave, absent)
    # A visit under way is the lead's to judge.
    planned = visit.state is VisitState.PLANNED
    posts, parts = (Post.PRIMARY, Post.SUBSTITUTE), [seat_of(each) for each in lost]
    found = await stand_ins(session, case, parts, posts=posts) if planned else {}
    if not found:
        note(session, case, SEAT_LOST, by=None, now=now, party=party, data=data)
        if planned:
            await search_slots(session, case, by=None, now=now)
        return None
    (taken,) = found.values()
    await _hand_over(session, case, visit, party, given_up=lost, parts=taken, now=now, data=data)
    return await session.get_one(Officer, taken[0].officer_id)


async def move_upset_visit(
    session: AsyncSession, case: Case, proposal_id: int, *, reason: str, by: int, now: datetime
) -> Visit:
    """The lead gives a visit that has lost an officer what was proposed, in one stroke or not at all.

    Where only officers change, the visit stands and nobody is invited again. Raises `ProposalStale` where nobody is
    missing any more, and what `reschedule` and `confirm_slot` raise.
    """
    lost = await lost_seats(session, now=now, case=case.code)
    visit = await standing_visit(session, case)
    if visit is None or not lost:
        raise ProposalStale
    proposal = await offered(session, case, proposal_id, now=now)
    if (proposal.starts_at, proposal.ends_at) != (visit.starts_at, visit.ends_at):
        await reschedule(session, case, by=by, reason=reason, now=now)
        return await confirm_slot(session, case, proposal_id, by=by, now=now)
    parts = parts_of(proposal)
    await hold(session, parts)
    for seat in {seat.party_id: seat for seat in lost}.values():
        party = await session.get_one(Party, seat.party_id)
        leave = await session.get_one(Leave, seat.leave_id)
        data = _data(visit, leave, await session.get_one(Officer, leave.officer_id))
        wanted = [part for part in parts if part.party_id == party.id]
        await _seat(session, case, visit, party, wanted, now=now, data=data)
    return visit


async def _seat(
    session: AsyncSession,
    case: Case,
    visit: Visit,
    party: Party,
    wanted: Sequence[Part],
    *,
    now: datetime,
    data: Mapping[str, object],
) -> None:
    """The party's seats as the proposal has them. Raises `SlotTaken`."""
    booked = await party_bookings(session, visit, party)
    present = {(booking.officer_id, booking.span) for booking in booked}
    new = [part for part in wanted if (part.officer_id, part.span) not in present]
    kept = {(part.officer_id, part.span) for part in wanted}
    given_up = [booking for booking in booked if (booking.officer_id, booking.span) not in kept]
    leaving = {booking.officer_id for booking in given_up}
    if new and (
        await unavailable(session, case, new) or await left_behind(session, case, new, leaving=leaving)
    ):
        raise SlotTaken
    await _hand_over(session, case, visit, party, given_up=given_up, parts=new, now=now, data=data)


def _data(visit: Visit, leave: Leave, absent: Officer) -> dict[str, object]:
    return {
        "visit": visit.id,
        "leave": leave.id,
        "starts_at": visit.starts_at.isoformat(),
        "out": absent.number,
    }


async def _hand_over(
    session: AsyncSession,
    case: Case,
    visit: Visit,
    party: Party,
    *,
    given_up: Sequence[Booking],
    parts: Sequence[Part],
    now: datetime,
    data: Mapping[str, object],
) -> None:
    """Seats change hands at the same time; a department that has answered answers anew (反馈函)."""
    await reseat(session, case, visit, given_up, parts, now=now)
    new = {part.officer_id for part in parts}
    team = await booked_officers(session, visit, party)
    names = "、".join(officer.number for officer in team if officer.id in new)
    note(session, case, STAND_IN, by=None, now=now, party=party, data={**data, "in": names})
    if party.state is PartyState.CONFIRMED:
        numbers = [officer.number for officer in team]
        await letters.reply(session, case, party, visit, {"attends": True, "officers": numbers}, now=now)


def _enter(
    session: AsyncSession, action: str, officer: Officer, leave: Leave, *, by: int, now: datetime
) -> None:
    """In the ledger, which forgets nothing, without the reason: it may be an illness."""
    ledger.record(
        session,
        action=action,
        subject=f"officer:{officer.number}",
        actor=f"account:{by}",
        now=now,
        data={
            "leave": leave.id,
            "first_day": leave.first_day.isoformat(),
            "last_day": leave.last_day.isoformat(),
            "half": leave.half or "",
        },
    )
