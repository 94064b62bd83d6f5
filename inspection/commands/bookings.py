"""Joint slots: asked for, proposed, confirmed in one stroke, answered, moved.

Lock order: the case first, then the officers' days (`seats.hold`); so parallel confirmations never deadlock.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import outbox
from core.clock import local_date
from core.errors import NotFound
from core.i18n import translate
from inspection.availability import Part
from inspection.commands import letters, timekeeping
from inspection.commands.parties import invited_parties
from inspection.commands.seats import book, numbers_of, take_seats
from inspection.commands.transitions import move, move_party, parties_of
from inspection.models import Booking, Case, Officer, Party, SlotProposal, SlotSearch, Visit
from inspection.reckoning import reckoning
from inspection.refusals import ProposalStale, SlotTaken, WrongState
from inspection.rules import Situation
from inspection.scheduling_problem import horizon_of
from inspection.slot_answers import Answer
from inspection.states import (
    BookingState,
    CaseState,
    Event,
    LetterKind,
    Node,
    PartyState,
    PauseReason,
    SearchState,
    VisitState,
)
from scheduling.wording import MESSAGES

SEARCH_TOPIC = "inspection.slot_search"
#: Parties that have answered, or whose silence counts as attending.
ANSWERED = frozenset({PartyState.CONFIRMED, PartyState.SILENT})
EXPECTED = ANSWERED | {PartyState.INVITED, PartyState.DECLINED}


async def propose_slots(session: AsyncSession, case: Case, *, by: int | None, now: datetime) -> SlotSearch:
    """Ask for ranked joint slots where no visit stands."""
    search = await search_slots(session, case, by=by, now=now)
    await move(session, case, Event.PROPOSE_SLOTS, by=by, now=now, data={"search": search.id})
    return search


async def search_slots(session: AsyncSession, case: Case, *, by: int | None, now: datetime) -> SlotSearch:
    """A worker answers within seconds; to a visit that stands its own time and officers count as free."""
    at = await reckoning(session, now)
    horizon = horizon_of(at, now)
    search = SlotSearch(
        case_id=case.id,
        round=case.round,
        first_day=horizon.first,
        last_day=max(horizon.last, case.wanted_to or horizon.last),
        state=SearchState.PENDING,
        asked_by=by,
        asked_at=now,
    )
    session.add(search)
    await session.flush()
    outbox.emit(session, SEARCH_TOPIC, {"search_id": search.id}, now=now)
    return search


async def store_answer(
    session: AsyncSession, search_id: int, answer: Answer, *, calendar_version: str, now: datetime
) -> SlotSearch:
    """Keep what the solver found. An answer that comes twice is kept once."""
    search = await session.get(SlotSearch, search_id, with_for_update=True)
    if search is None:
        raise NotFound
    if search.state is not SearchState.PENDING:
        return search
    search.state = SearchState.FOUND if answer.proposals else SearchState.IMPOSSIBLE
    search.answered_at, search.calendar_version = now, calendar_version
    search.explanation = list(answer.explanation)
    for rank, proposal in enumerate(answer.proposals, 1):
        session.add(
            SlotProposal(
                search_id=search.id,
                rank=rank,
                starts_at=min(datetime.fromisoformat(team["starts_at"]) for team in proposal["teams"]),
                ends_at=max(datetime.fromisoformat(team["ends_at"]) for team in proposal["teams"]),
                teams=proposal["teams"],
                reasons=proposal["reasons"],
            )
        )
    await session.flush()
    return search


async def offer_slot(
    session: AsyncSession,
    case: Case,
    teams: Sequence[dict[str, Any]],
    *,
    reason: str,
    by: int,
    now: datetime,
) -> SlotProposal:
    """The one slot that was found for a case by other means than a search; `reason` is its code.

    `teams` are those of a `SlotProposal`.
    """
    at = await reckoning(session, now)
    starts_at = min(datetime.fromisoformat(team["starts_at"]) for team in teams)
    ends_at = max(datetime.fromisoformat(team["ends_at"]) for team in teams)
    search = SlotSearch(
        case_id=case.id,
        round=case.round,
        first_day=local_date(starts_at),
        last_day=local_date(ends_at),
        state=SearchState.FOUND,
        asked_by=by,
        asked_at=now,
        answered_at=now,
        calendar_version=at.calendar.version,
    )
    session.add(search)
    await session.flush()
    await move(session, case, Event.PROPOSE_SLOTS, by=by, now=now, data={"search": search.id})
    text = MESSAGES[reason]
    proposal = SlotProposal(
        search_id=search.id,
        rank=1,
        starts_at=starts_at,
        ends_at=ends_at,
        teams=list(teams),
        reasons=[{"code": reason, "zh": text, "en": translate("en", text)}],
    )
    session.add(proposal)
    await session.flush()
    return proposal


async def confirm_slot(
    session: AsyncSession, case: Case, proposal_id: int, *, patiently: bool = False, by: int, now: datetime
) -> Visit:
    """The lead fixes the time: officers are booked and every party is invited, or nothing happens at all.

    Where an officer has been booked, or has become unavailable, meanwhile, a colleague comes; `patiently`: only once
    other bookings that are being made have ended. Raises `SlotTaken` when none can.
    """
    proposal = await offered(session, case, proposal_id, now=now)
    if await standing_visit(session, case):
        raise ProposalStale
    parties = {party.id: party for party in await invited_parties(session, case)}
    if set(parties) != {team["party_id"] for team in proposal.teams}:
        raise ProposalStale
    proposed = parts_of(proposal)
    parts = await take_seats(session, case, proposed, patiently=patiently)
    visit = Visit(
        case_id=case.id,
        round=case.round,
        state=VisitState.PLANNED,
        starts_at=proposal.starts_at,
        ends_at=proposal.ends_at,
        confirmed_by=by,
    )
    session.add(visit)
    await session.flush()
    await book(session, case, visit, parts, now=now)
    await _credit_owner(session, case, visit, now=now)
    case.dispatcher_id = by
    data = {"visit": visit.id, "starts_at": visit.starts_at.isoformat(), "rank": proposal.rank}
    if new := {part.officer_id for part in parts} - {part.officer_id for part in proposed}:
        data["instead"] = await numbers_of(session, new)
    await move(session, case, Event.CONFIRM_SLOT, by=by, now=now, data=data)
    await invite(session, case, visit, parties.values(), by=by, now=now)
    return visit


async def confirm_or_search(
    session: AsyncSession, case: Case, proposal_id: int, *, by: int, now: datetime
) -> Visit | None:
    """As `confirm_slot`, but where the slot is taken others are looked for at once, and there is no visit yet."""
    try:
        async with session.begin_nested():
            return await confirm_slot(session, case, proposal_id, by=by, now=now)
    except SlotTaken:
        await propose_slots(session, case, by=by, now=now)
        return None


async def offered(session: AsyncSession, case: Case, proposal_id: int, *, now: datetime) -> SlotProposal:
    """A slot of the case's present round that is still to come. Raises `NotFound` or `ProposalStale`."""
    proposal = await session.get(SlotProposal, proposal_id)
    search = await session.get(SlotSearch, proposal.search_id) if proposal else None
    if proposal is None or search is None or search.case_id != case.id:
        raise NotFound
    if search.round != case.round or proposal.starts_at <= now:
        raise ProposalStale
    return proposal


def parts_of(proposal: SlotProposal) -> list[Part]:
    return [
        Part(
            team["party_id"],
            officer,
            datetime.fromisoformat(team["starts_at"]),
            datetime.fromisoformat(team["ends_at"]),
        )
        for team in proposal.teams
        for officer in team["officer_ids"]
    ]


async def invite(
    session: AsyncSession,
    case: Case,
    visit: Visit,
    parties: Collection[Party],
    *,
    by: int | None,
    now: datetime,
) -> None:
    """告知函: the parties are asked to name their officers or to decline, by the reply deadline."""
    for party in parties:
        move_party(session, case, party, PartyState.INVITED, by=by, now=now, data={"visit": visit.id})
        party.deemed_attending, party.replied_at, party.reply_note = False, None, ""
    clocks = await timekeeping.start_clocks(session, case, Node.REPLY, parties, now=now)
    reply_by = max(clock.due for clock in clocks)
    teams = await _teams(session, visit)
    contents = [
        (
            party,
            {
                "case": case.code,
                "starts_at": visit.starts_at.isoformat(),
                "officers": teams[party.id],
                "reply_by": reply_by.isoformat(),
            },
        )
        for party in parties
    ]
    await letters.to_parties(
        session, case, LetterKind.NOTICE, contents, now=now, visit=visit, reply_by=reply_by
    )


async def _teams(session: AsyncSession, visit: Visit) -> dict[int, list[str]]:
    """Numbers of the officers booked, by party."""
    teams: dict[int, list[str]] = defaultdict(list)
    for row in await session.execute(_TEAMS, {"visit": visit.id}):
        teams[row.party_id].append(row.number)
    return teams


_TEAMS = (
    sa.select(col(Booking.party_id), col(Officer.number))
    .join(Officer, col(Officer.id) == col(Booking.officer_id))
    .where(col(Booking.visit_id) == sa.bindparam("visit"), col(Booking.state) == BookingState.BOOKED)
    .group_by(col(Booking.party_id), col(Officer.id))
    .order_by(col(Officer.id))
)


async def check_quorum(session: AsyncSession, case: Case, *, now: datetime) -> None:
    """Scheduled as soon as enough parties have confirmed or count as attending."""
    if case.state is not CaseState.SLOTTING:
        return
    at = await reckoning(session, now)
    invited = [party.state for party in await invited_parties(session, case)]
    share = 100 * sum(state in ANSWERED for state in invited) // max(1, len(invited))
    quorum = at.rules["visit.quorum"]
    if share >= quorum:
        situation = Situation(reply_share=share, quorum=quorum)
        await move(session, case, Event.QUORUM, by=None, now=now, situation=situation, data={"share": share})


async def reschedule(session: AsyncSession, case: Case, *, by: int, reason: str, now: datetime) -> None:
    """The owner moves the visit at most twice, the lead any time; everybody is told."""
    at = await reckoning(session, now)
    by_owner = by in {case.applicant_id, case.agent_id}
    situation = Situation(
        reason=reason,
        reschedules=case.owner_reschedules,
        reschedule_limit=at.rules["visit.owner_reschedules"] if by_owner else None,
    )
    visit = await standing_visit(session, case)
    if visit is None:
        raise WrongState
    data = {"visit": visit.id, "reason": reason, "by_owner": by_owner}
    await move(session, case, Event.RESCHEDULE, by=by, now=now, situation=situation, data=data)
    case.owner_reschedules += by_owner
    await cancel_visit(session, case, reason=reason, now=now, by_owner=by_owner)


async def cancel_visit(
    session: AsyncSession, case: Case, *, reason: str, now: datetime, by_owner: bool = False
) -> None:
    """Give the officers back, and tell the parties and the owner. Nothing happens where no visit stands."""
    visit = await standing_visit(session, case)
    if visit is None:
        return
    visit.state = VisitState.CANCELLED
    await session.execute(
        sa.update(Booking).where(col(Booking.visit_id) == visit.id).values(state=BookingState.CANCELLED)
    )
    content = {"case": case.code, "starts_at": visit.starts_at.isoformat(), "reason": reason}
    told = [party for party in await parties_of(session, case) if party.state in EXPECTED]
    for party in told:
        move_party(session, case, party, PartyState.REVIEW_OK, by=None, now=now)
    contents = [(party, content) for party in told]
    await letters.to_parties(session, case, LetterKind.CANCELLATION, contents, now=now, visit=visit)
    await timekeeping.stop_clocks(session, case, (Node.REPLY,), now=now)
    await letters.to_applicant(session, case, LetterKind.CANCELLATION, content, now=now)
    if by_owner:
        await timekeeping.begin_owner_delay(session, case, local_date(visit.starts_at))
    await session.flush()


async def _credit_owner(session: AsyncSession, case: Case, visit: Visit, *, now: datetime) -> None:
    """The days between a visit that the owner moved and the new one are not the parties'."""
    if await timekeeping.is_paused(session, case, PauseReason.OWNER_RESCHEDULED):
        await timekeeping.end_owner_delay(session, case, local_date(visit.starts_at), now=now)


async def standing_visit(session: AsyncSession, case: Case) -> Visit | None:
    """The visit of the present round that is planned or open."""
    visit: Visit | None = await session.scalar(_STANDING, {"case": case.id, "round": case.round})
    return visit


_STANDING = sa.select(Visit).where(
    col(Visit.case_id) == sa.bindparam("case"),
    col(Visit.round) == sa.bindparam("round"),
    col(Visit.state).in_((VisitState.PLANNED, VisitState.OPEN)),
)
