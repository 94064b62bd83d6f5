"""An inspector who cannot come: what it upsets, who takes over, and what the lead is asked."""

import asyncio
from datetime import date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.access import Role
from core.clock import local_date
from core.db import Database
from core.errors import InvalidInput, NotFound
from core.outbox import OutboxEvent
from core.people import AccountRole
from inspection import refusals
from inspection.commands import absences, bookings, messages, transitions
from inspection.commands.parties import invited_parties
from inspection.commands.seats import party_bookings
from inspection.models import (
    Booking,
    Case,
    Leave,
    Letter,
    Message,
    Officer,
    Party,
    Recusal,
    SlotProposal,
    SlotSearch,
    Vehicle,
)
from inspection.queries.absences import lost_seats, staff_of, upsets_of
from inspection.reckoning import reckoning
from inspection.scheduling_problem import build_question
from inspection.states import BookingState, LetterKind, PartyState, SearchState, VisitState
from inspection.upset_visits import answer_upset, present_place
from tests.inspection.world import (
    World,
    at,
    build_world,
    confirmed,
    proposals,
    reply_all,
    slotting,
    team_of,
)


async def call_in_sick(
    session: AsyncSession, world: World, officer: Officer, day: date, **changes: Any
) -> Leave:
    asked: dict[str, Any] = {"first_day": day, "last_day": day, "half": None, "reason": "发烧"}
    by = world.liaisons[officer.department_code]
    return await absences.record_leave(session, officer, **(asked | changes), by=by, now=at(3, 11))


async def upset(session: AsyncSession, world: World) -> tuple[Case, Party, Officer, datetime]:
    """A visit that all have confirmed, the fire department's part in it, one of its officers, and when it is."""
    case = await confirmed(session, world, at(3))
    await reply_all(session, world, case, at(3, 10))
    party = await session.scalar(
        sa.select(Party).where(col(Party.case_id) == case.id, col(Party.department_code) == "fire")
    )
    visit = await bookings.standing_visit(session, case)
    assert party is not None
    assert visit is not None
    first, *_ = await team_of(session, case, party)
    return case, party, await session.get_one(Officer, first), visit.starts_at


async def events(session: AsyncSession, topic: str) -> list[OutboxEvent]:
    rows = await session.scalars(
        sa.select(OutboxEvent).where(col(OutboxEvent.topic) == topic).order_by(col(OutboxEvent.id))
    )
    return list(rows)


async def told(session: AsyncSession, world: World, name: str) -> list[int]:
    """Delivers the fact's event, twice; who has a message of it then."""
    roles = [(world.dispatcher, Role.DISPATCHER), (world.liaisons["fire"], Role.LIAISON)]
    session.add_all(AccountRole(account_id=account, role=role) for account, role in roles)
    await session.flush()
    (event,) = [each for each in await events(session, transitions.TOPIC) if each.payload["name"] == name]
    for _ in range(2):
        await messages.tell(session, event.id, event.payload, base_url="", now=at(3, 12))
    rows = await session.scalars(sa.select(col(Message.account_id)).where(col(Message.kind) == name))
    return sorted(rows)


async def test_colleague_takes_the_seat_at_the_same_time_and_everybody_is_told_once(
    session: AsyncSession, world: World
) -> None:
    case, party, sick, starts_at = await upset(session, world)
    before = await team_of(session, case, party)
    leave = await call_in_sick(session, world, sick, local_date(starts_at))
    assert [each.payload for each in await events(session, absences.OUT_TOPIC)] == [
        {"party_id": party.id, "leave_id": leave.id}
    ]
    assert [each.outcome for each in await upsets_of(session, leave, now=at(3, 11))] == ["searching"]
    colleague = await absences.fill_seat(session, case, party, leave.id, now=at(3, 11))
    # The department's third A post; the B posts stay free.
    assert colleague == world.officers["fire"][2]
    assert await team_of(session, case, party) == sorted({*before, colleague.id} - {sick.id})
    visit = await bookings.standing_visit(session, case)
    assert visit is not None
    assert (visit.starts_at, party.state) == (starts_at, PartyState.CONFIRMED)
    # Once more changes nothing.
    assert await absences.fill_seat(session, case, party, leave.id, now=at(3, 11)) is None
    replies = await session.scalars(
        sa.select(col(Letter.content))
        .where(col(Letter.party_id) == party.id, col(Letter.kind) == LetterKind.REPLY)
        .order_by(col(Letter.id))
    )
    assert [colleague.number in each["officers"] for each in replies] == [False, True]
    mate, *_ = {*before} - {sick.id}
    people = [world.owner, world.dispatcher, world.liaisons["fire"], world.account(colleague.id)]
    assert await told(session, world, "party.stand_in") == sorted([*people, world.account(mate)])
    (seen,) = await upsets_of(session, leave, now=at(3, 11))
    assert (seen.case_code, seen.outcome, seen.stand_in) == (case.code, "taken_over", colleague.name)


async def test_absent_and_recused_colleagues_are_passed_over_for_a_substitute(
    session: AsyncSession, world: World
) -> None:
    case, party, sick, starts_at = await upset(session, world)
    away, recused, free = world.officers["fire"][2:]
    session.add(Leave(officer_id=away.id, first_day=at(1).date(), last_day=at(31).date()))
    session.add(Recusal(officer_id=recused.id, case_id=case.id, reason="近亲属"))
    leave = await call_in_sick(session, world, sick, local_date(starts_at))
    colleague = await absences.fill_seat(session, case, party, leave.id, now=at(3, 11))
    assert colleague == free


async def test_colleague_who_rides_in_another_pool_has_no_seat(session: AsyncSession, world: World) -> None:
    case, party, sick, starts_at = await upset(session, world)
    for officer in world.officers["fire"][2:4]:
        officer.vehicle_pool = "others"
    leave = await call_in_sick(session, world, sick, local_date(starts_at))
    colleague = await absences.fill_seat(session, case, party, leave.id, now=at(3, 11))
    assert colleague == world.officers["fire"][4]


async def test_only_the_absent_officers_own_half_is_taken_over(session: AsyncSession, world: World) -> None:
    case = await confirmed(session, world, at(3), floor_area=60_000)
    (party,) = [each for each in await invited_parties(session, case) if each.department_code == "fire"]
    visit = await bookings.standing_visit(session, case)
    assert visit is not None
    booked = await party_bookings(session, visit, party)
    before = {(each.officer_id, each.span) for each in booked}
    sick = await session.get_one(Officer, booked[0].officer_id)
    lost = {span for officer, span in before if officer == sick.id}
    first, last = (local_date(min(span)) for span in (min(lost), max(lost)))
    leave = await call_in_sick(session, world, sick, first, last_day=last)
    colleague = await absences.fill_seat(session, case, party, leave.id, now=at(3, 11))
    assert colleague is not None
    after = {(each.officer_id, each.span) for each in await party_bookings(session, visit, party)}
    assert before - after == {(sick.id, span) for span in lost}
    assert after - before == {(colleague.id, span) for span in lost}


async def nobody_free(session: AsyncSession, world: World, *but: Officer) -> tuple[Case, Party, Leave]:
    """A visit of which the lead is asked: no colleague is there, or none who rides along."""
    case, party, sick, starts_at = await upset(session, world)
    kept = {*(await team_of(session, case, party)), *(officer.id for officer in but)}
    for officer in world.officers["fire"]:
        officer.active = officer.id in kept
    leave = await call_in_sick(session, world, sick, local_date(starts_at))
    assert await absences.fill_seat(session, case, party, leave.id, now=at(3, 11)) is None
    return case, party, leave


async def offers(session: AsyncSession, case: Case) -> list[SlotProposal]:
    """What the worker answers to the search that waits."""
    search = await session.scalar(sa.select(SlotSearch).where(col(SlotSearch.state) == SearchState.PENDING))
    assert search is not None
    found = await reckoning(session, at(3, 11))
    parties = await invited_parties(session, case)
    question = await build_question(session, case, search, parties, found)
    place = await present_place(session, case, question)
    assert place is not None
    answer = answer_upset(question, place)
    await bookings.store_answer(session, search.id, answer, calendar_version="t", now=at(3, 11))
    rows = await session.scalars(
        sa.select(SlotProposal)
        .where(col(SlotProposal.search_id) == search.id)
        .order_by(col(SlotProposal.rank))
    )
    return list(rows)


async def test_lead_is_asked_where_nobody_is_free_and_moves_the_visit(
    session: AsyncSession, world: World
) -> None:
    case, party, leave = await nobody_free(session, world)
    kept = await team_of(session, case, party)
    # The visit stands, with the officer who cannot come, until the lead has chosen.
    assert leave.officer_id in kept
    assert [seat.case_code for seat in await lost_seats(session, now=at(3, 11))] == [case.code]
    assert [each.outcome for each in await upsets_of(session, leave, now=at(3, 11))] == ["lead_asked"]
    assert await told(session, world, "party.seat_lost") == sorted([world.dispatcher, world.liaisons["fire"]])
    old = await bookings.standing_visit(session, case)
    assert old is not None
    least, *others = await offers(session, case)
    assert [each["code"] for each in least.reasons][:2] == ["officer_out", "least_change"]
    assert "官fire" in least.reasons[0]["zh"]
    assert others
    ask: Any = {"by": world.dispatcher, "now": at(3, 12)}
    with pytest.raises(refusals.ReasonRequired):
        await absences.move_upset_visit(session, case, least.id, reason="", **ask)
    new = await absences.move_upset_visit(session, case, least.id, reason="人员不能到场", **ask)
    assert (old.state, new.starts_at) == (VisitState.CANCELLED, least.starts_at)
    assert local_date(new.starts_at) > leave.last_day
    assert await team_of(session, case, party) == kept
    assert [each.outcome for each in await upsets_of(session, leave, now=at(3, 12))] == ["settled"]
    with pytest.raises(refusals.ProposalStale):
        await absences.move_upset_visit(session, case, least.id, reason="再来", **ask)


async def test_lead_sends_somebody_else_at_the_same_time_and_the_visit_stands(
    session: AsyncSession, world: World
) -> None:
    other = world.officers["fire"][2]
    other.vehicle_pool = "others"
    session.add(Vehicle(plate="临A00001", pool="others", seats=4))
    case, party, leave = await nobody_free(session, world, other)
    old = await bookings.standing_visit(session, case)
    least, *_ = await offers(session, case)
    new = await absences.move_upset_visit(
        session, case, least.id, reason="", by=world.dispatcher, now=at(3, 12)
    )
    assert new is old
    assert other.id in await team_of(session, case, party)
    assert leave.officer_id not in await team_of(session, case, party)
    assert party.state is PartyState.CONFIRMED
    kinds = await session.scalars(sa.select(col(Letter.kind)).where(col(Letter.case_id) == case.id))
    assert LetterKind.CANCELLATION not in set(kinds)


async def test_absence_in_the_past_upside_down_or_twice_is_refused(
    session: AsyncSession, world: World
) -> None:
    officer = world.officers["fire"][0]
    for first, last, field in ((2, 2, "first_day"), (6, 5, "last_day")):
        with pytest.raises(InvalidInput) as refused:
            await call_in_sick(
                session, world, officer, at(3).date(), first_day=at(first).date(), last_day=at(last).date()
            )
        assert [each.field for each in refused.value.problems] == [field]
    morning = await call_in_sick(session, world, officer, at(5).date(), half="morning")
    with pytest.raises(refusals.LeaveOverlaps):
        await call_in_sick(session, world, officer, at(4).date(), last_day=at(6).date())
    await call_in_sick(session, world, officer, at(5).date(), half="afternoon")
    assert morning.half == "morning"


async def test_officer_of_another_department_is_not_found(session: AsyncSession, world: World) -> None:
    number = world.officers["fire"][0].number
    assert await absences.officer_of(session, number, department="fire") == world.officers["fire"][0]
    leave = await call_in_sick(session, world, world.officers["fire"][0], at(5).date())
    with pytest.raises(NotFound):
        await absences.officer_of(session, number, department="water")
    with pytest.raises(NotFound):
        await absences.leave_of(session, leave.id, department="water")


async def test_absence_that_is_withdrawn_frees_the_officer(session: AsyncSession, world: World) -> None:
    case, party, sick, starts_at = await upset(session, world)
    leave = await call_in_sick(session, world, sick, local_date(starts_at))
    by: Any = {"by": world.liaisons["fire"], "now": at(3, 11)}
    with pytest.raises(InvalidInput):
        await absences.end_leave(session, leave, back_on=at(2).date(), **by)
    before = await team_of(session, case, party)
    await absences.end_leave(session, leave, back_on=leave.first_day, **by)
    assert await absences.fill_seat(session, case, party, leave.id, now=at(3, 11)) is None
    assert await team_of(session, case, party) == before
    assert await lost_seats(session, now=at(3, 11)) == []
    (line,) = [each for each in await staff_of(session, "fire", now=at(3, 11)) if each.number == sick.number]
    assert (line.leaves, [each.case_code for each in line.visits]) == ([], [case.code])


async def test_absence_is_shortened_to_the_day_before_the_officer_is_back(
    session: AsyncSession, world: World
) -> None:
    leave = await call_in_sick(
        session, world, world.officers["fire"][0], at(3).date(), last_day=at(13).date()
    )
    await absences.end_leave(session, leave, back_on=at(6).date(), by=world.dispatcher, now=at(5))
    assert leave.last_day == at(5).date()


async def test_nobody_is_booked_while_on_leave_whoever_comes_first(database: Database) -> None:
    """The slot is confirmed and its officer rings in sick at the same time: either order ends well."""
    async with database.transaction() as session:
        world = await build_world(session, at(3))
        case = await slotting(session, world, at(3))
        offer = (await proposals(session, world, case, at(3)))[0]
    sick, day = offer.teams[0]["officer_ids"][0], local_date(offer.starts_at)

    async def confirm() -> None:
        async with database.transaction() as session:
            locked = await transitions.lock_case(session, case.code)
            await bookings.confirm_slot(session, locked, offer.id, by=world.dispatcher, now=at(3))

    async def ring_in() -> None:
        async with database.transaction() as session:
            await call_in_sick(session, world, await session.get_one(Officer, sick), day)

    outcome, failed = await asyncio.gather(confirm(), ring_in(), return_exceptions=True)
    assert failed is None
    async with database.transaction() as session:
        (body,) = await session.scalars(
            sa.select(col(ledger.LedgerEntry.body)).where(col(ledger.LedgerEntry.action) == "leave.record")
        )
        assert "发烧" not in str(body)
        jobs = await events(session, absences.OUT_TOPIC)
        if isinstance(outcome, refusals.SlotTaken):
            assert jobs == []
            return
        assert outcome is None
        locked = await transitions.lock_case(session, case.code)
        for job in jobs:  # none where a colleague was booked at once
            party = await session.get_one(Party, job.payload["party_id"])
            assert await absences.fill_seat(session, locked, party, job.payload["leave_id"], now=at(3, 11))
        booked = await session.scalars(
            sa.select(col(Booking.officer_id)).where(col(Booking.state) == BookingState.BOOKED)
        )
        assert sick not in set(booked)
