from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import LOCAL, local_date
from core.db import Database
from core.errors import NotFound
from inspection import refusals
from inspection.commands import (
    application,
    bookings,
    interruptions,
    letters,
    off_hours,
    replies,
    seats,
    transitions,
)
from inspection.commands.application import SegmentForm
from inspection.commands.parties import invited_parties
from inspection.models import (
    Booking,
    CaseEvent,
    Leave,
    Letter,
    Officer,
    Recusal,
    Segment,
    SlotSearch,
    Visit,
)
from inspection.states import (
    BookingState,
    CaseKind,
    CaseState,
    LetterKind,
    PartyState,
    SearchState,
    VisitState,
)
from tests.inspection.world import (
    World,
    at,
    build_world,
    confirmed,
    facts,
    party_named,
    project_form,
    proposals,
    reply_all,
    slotting,
    slotting_of,
    team_of,
)


async def test_proposals_are_ranked_reasoned_and_hold_for_everyone(
    session: AsyncSession, world: World
) -> None:
    case = await slotting(session, world, at(3))
    found = await proposals(session, world, case, at(3))
    assert [each.rank for each in found] == list(range(1, len(found) + 1))
    assert len(found) >= 3
    for each in found:
        assert each.starts_at.astimezone(LOCAL).date() >= at(5).date()
        assert {len(team["officer_ids"]) for team in each.teams} == {2}
        assert all(reason["zh"] and reason["en"] for reason in each.reasons)


async def test_visit_longer_than_a_half_day_is_offered_in_two(session: AsyncSession, world: World) -> None:
    case = await slotting(session, world, at(3), floor_area=60_000)
    found = await proposals(session, world, case, at(3))
    assert len(found) >= 3
    for each in found:
        assert each.reasons[0]["code"] == "split_in_time"
        spans: dict[int, list[tuple[str, str]]] = {}
        for team in each.teams:
            spans.setdefault(team["party_id"], []).append((team["starts_at"], team["ends_at"]))
        assert {len(halves) for halves in spans.values()} == {2}
        assert all(first[1] <= second[0] for first, second in spans.values())


async def test_next_case_finds_slots_beside_a_visit_in_two_halves(
    session: AsyncSession, world: World
) -> None:
    await confirmed(session, world, at(3), floor_area=60_000)
    other = await slotting(session, world, at(3), 2)
    first, *_ = await proposals(session, world, other, at(3))
    visit = await bookings.confirm_slot(session, other, first.id, by=world.dispatcher, now=at(3))
    assert visit.state is VisitState.PLANNED


async def test_missing_department_is_named_where_no_slot_exists(session: AsyncSession, world: World) -> None:
    case = await slotting(session, world, at(3))
    for officer in world.officers["fire"][:4]:
        session.add(Leave(officer_id=officer.id, first_day=at(1).date(), last_day=at(31).date()))
    await session.flush()
    assert await proposals(session, world, case, at(3)) == []
    search = (await session.scalars(sa.select(SlotSearch))).one()
    assert search.state is SearchState.IMPOSSIBLE
    told = "".join(reason["zh"] for part in search.explanation for reason in part["reasons"])
    assert "消防" in told
    assert "规划" not in "".join(
        reason["zh"]
        for part in search.explanation
        if part["kind"] == "conflict"
        for reason in part["reasons"]
    )


async def test_recused_and_absent_officers_are_not_proposed(session: AsyncSession, world: World) -> None:
    case = await slotting(session, world, at(3))
    recused, absent, *_ = world.officers["planning"]
    session.add(Recusal(officer_id=recused.id, credit_code="91990100MA0000000X", reason="近亲属"))
    session.add(Leave(officer_id=absent.id, first_day=at(1).date(), last_day=at(31).date()))
    await session.flush()
    for each in await proposals(session, world, case, at(3)):
        used = {officer for team in each.teams for officer in team["officer_ids"]}
        assert used.isdisjoint({recused.id, absent.id})


async def test_confirmation_books_invites_and_names_the_dispatcher(
    session: AsyncSession, world: World
) -> None:
    case = await confirmed(session, world, at(3))
    invited = await invited_parties(session, case)
    assert {party.department_code for party in invited} == {"quality", "fire", "planning"}
    assert {party.state for party in invited} == {PartyState.INVITED}
    assert case.dispatcher_id == world.dispatcher
    assert await session.scalar(sa.select(sa.func.count()).select_from(Booking)) == 6
    kinds = await session.scalars(sa.select(Letter).where(col(Letter.kind) == LetterKind.NOTICE))
    assert sorted(letter.recipient for letter in kinds) == [
        "department:fire",
        "department:planning",
        "department:quality",
    ]
    assert case.state is CaseState.SLOTTING
    await reply_all(session, world, case, at(3, 11))
    assert str(case.state) == "scheduled"


async def test_slot_taken_by_another_case_is_refused(session: AsyncSession, world: World) -> None:
    one, other = await slotting(session, world, at(3), 1), await slotting(session, world, at(3), 8)
    first = (await proposals(session, world, one, at(3)))[0]
    second = (await proposals(session, world, other, at(3)))[0]
    await bookings.confirm_slot(session, one, first.id, by=world.dispatcher, now=at(3))
    with pytest.raises(refusals.SlotTaken):
        await bookings.confirm_slot(session, other, second.id, by=world.dispatcher, now=at(3))


async def test_colleague_of_the_same_post_comes_for_whoever_has_taken_leave_meanwhile(
    session: AsyncSession, world: World
) -> None:
    case = await slotting(session, world, at(3))
    first = (await proposals(session, world, case, at(3)))[0]
    planned = {officer for team in first.teams for officer in team["officer_ids"]}
    gone, colleague = world.officers["fire"][0], world.officers["fire"][2]
    assert gone.id in planned
    day = local_date(first.starts_at)
    session.add(Leave(officer_id=gone.id, first_day=day, last_day=day))
    await session.flush()
    await bookings.confirm_slot(session, case, first.id, by=world.dispatcher, now=at(3))
    booked = await session.scalars(sa.select(col(Booking.officer_id)))
    assert set(booked) == planned - {gone.id} | {colleague.id}
    chosen = sa.select(CaseEvent).where(col(CaseEvent.name) == "confirm_slot")
    (event,) = await session.scalars(chosen)
    assert event.data["instead"] == colleague.number


async def test_slot_is_taken_where_no_colleague_of_the_same_post_is_left(
    session: AsyncSession, world: World
) -> None:
    case = await slotting(session, world, at(3))
    first = (await proposals(session, world, case, at(3)))[0]
    day = local_date(first.starts_at)
    session.add_all(
        Leave(officer_id=officer.id, first_day=day, last_day=day) for officer in world.officers["fire"][1:3]
    )
    await session.flush()
    with pytest.raises(refusals.SlotTaken):
        await bookings.confirm_slot(session, case, first.id, by=world.dispatcher, now=at(3))
    assert await session.scalar(sa.select(sa.func.count()).select_from(Booking)) == 0


async def test_nobody_waits_for_an_officer_who_is_being_booked_where_a_colleague_is_free(
    database: Database,
) -> None:
    async with database.transaction() as session:
        world = await build_world(session, at(3))
        case = await slotting(session, world, at(3))
        first = (await proposals(session, world, case, at(3)))[0]
    fire, *rest = sorted(
        first.teams, key=lambda team: world.officers["fire"][0].id not in team["officer_ids"]
    )
    busy = fire["officer_ids"][0]
    held = [part for part in bookings.parts_of(first) if part.officer_id == busy]
    async with database.transaction() as elsewhere:
        await seats.hold(elsewhere, held)
        async with database.transaction() as session:
            locked = await transitions.lock_case(session, case.code)
            await bookings.confirm_slot(session, locked, first.id, by=world.dispatcher, now=at(3))
    async with database.transaction() as session:
        booked = set(await session.scalars(sa.select(col(Booking.officer_id))))
    planned = {officer for team in rest for officer in team["officer_ids"]}
    assert booked == planned | {world.officers["fire"][1].id, world.officers["fire"][2].id}


async def test_proposal_of_another_case_or_of_the_past_is_refused(
    session: AsyncSession, world: World
) -> None:
    case, other = await slotting(session, world, at(3), 1), await slotting(session, world, at(3), 2)
    first = (await proposals(session, world, case, at(3)))[0]
    with pytest.raises(NotFound):
        await bookings.confirm_slot(session, other, first.id, by=world.dispatcher, now=at(3))
    with pytest.raises(refusals.ProposalStale):
        await bookings.confirm_slot(session, case, first.id, by=world.dispatcher, now=first.starts_at)


async def test_owner_moves_the_visit_twice_at_most_and_gives_everybody_back(
    session: AsyncSession, world: World
) -> None:
    case = await confirmed(session, world, at(3))
    with pytest.raises(refusals.ReasonRequired):
        await bookings.reschedule(session, case, by=world.owner, reason="", now=at(3, 12))
    for _ in range(2):
        await bookings.reschedule(session, case, by=world.owner, reason="材料未到", now=at(3, 12))
        first, *_rest = await proposals(session, world, case, at(3, 12))
        await bookings.confirm_slot(session, case, first.id, by=world.dispatcher, now=at(3, 12))
    with pytest.raises(refusals.RescheduleLimit):
        await bookings.reschedule(session, case, by=world.owner, reason="再改", now=at(3, 12))
    await bookings.reschedule(session, case, by=world.dispatcher, reason="暴雨", now=at(3, 12))
    states = await session.execute(
        sa.select(col(Visit.state), col(Booking.state)).join(Visit, col(Visit.id) == col(Booking.visit_id))
    )
    assert {tuple(row) for row in states} == {(VisitState.CANCELLED, BookingState.CANCELLED)}


async def test_reading_a_letter_is_receipted_once(session: AsyncSession, world: World) -> None:
    await confirmed(session, world, at(3))
    letter = (await session.scalars(sa.select(Letter).where(col(Letter.kind) == LetterKind.NOTICE))).first()
    assert letter is not None
    by = world.liaisons[letter.recipient.removeprefix("department:")]
    await letters.read_letter(session, letter.id, by=by, now=at(3, 11))
    await letters.read_letter(session, letter.id, by=by, now=at(3, 12))
    assert letter.read_at == at(3, 11)


async def test_officer_without_certificate_is_unavailable(session: AsyncSession, world: World) -> None:
    case = await confirmed(session, world, at(3))
    fire = await party_named(session, case, "fire")
    before = await team_of(session, case, fire)
    novice = Officer(
        number="fire-9",
        name="官新",
        department_code="fire",
        post=world.officers["fire"][0].post,
        office_lon=world.officers["fire"][0].office_lon,
        office_lat=world.officers["fire"][0].office_lat,
    )
    session.add(novice)
    await session.flush()
    with pytest.raises(refusals.OfficerUnavailable):
        await replies.confirm_attendance(
            session,
            case,
            fire,
            officer_ids=[before[0], novice.id],
            by=world.liaisons["fire"],
            now=at(3, 11),
        )


async def test_case_whose_promise_has_passed_still_finds_slots(session: AsyncSession, world: World) -> None:
    case = await slotting(session, world, at(3))
    late = at(14, month=4)
    first, *_ = await proposals(session, world, case, late)
    assert local_date(first.starts_at) == at(16, month=4).date()


async def test_visit_longer_than_two_half_days_is_offered_in_more(
    session: AsyncSession, world: World
) -> None:
    case = await slotting(session, world, at(3), floor_area=99_000, buildings=7)
    found = await proposals(session, world, case, at(3))
    assert found
    for each in found:
        assert each.reasons[0]["code"] == "split_in_parts"
        minutes: Counter[int] = Counter()
        days = Counter(team["party_id"] for team in each.teams)
        for team in each.teams:
            spent = datetime.fromisoformat(team["ends_at"]) - datetime.fromisoformat(team["starts_at"])
            minutes[team["party_id"]] += spent // timedelta(minutes=1)
        # 240 for the area, 12 for each of six further buildings, 20 for the meetings: nothing is cut off.
        assert max(minutes.values()) >= 332
        assert set(days.values()) == {3}


async def test_two_cases_of_one_site_are_visited_together(session: AsyncSession, world: World) -> None:
    first = await slotting(session, world, at(3), floor_area=2000)
    offers = await proposals(session, world, first, at(3))
    afternoon = next(each for each in offers if each.starts_at.astimezone(LOCAL).hour >= 12)
    await bookings.confirm_slot(session, first, afternoon.id, by=world.dispatcher, now=at(3))
    form = SegmentForm(number=2, name="二期", facts=facts(floor_area=2000))
    segment = await application.register_segment(session, project_form(1), form)
    second = await slotting_of(session, world, segment, at(3))
    best = next(
        each
        for each in await proposals(session, world, second, at(3))
        for reason in each.reasons
        if reason["code"] == "merged"
    )
    (told,) = [each["zh"] for each in best.reasons if each["code"] == "merged"]
    assert first.code in told
    assert f"{first.code}/" not in told
    visit = await bookings.confirm_slot(session, second, best.id, by=world.dispatcher, now=at(3))
    other = await bookings.standing_visit(session, first)
    assert other is not None
    assert local_date(visit.starts_at) == local_date(other.starts_at)
    officers = await session.execute(
        sa.select(col(Booking.visit_id), sa.func.array_agg(col(Booking.officer_id).distinct())).group_by(
            col(Booking.visit_id)
        )
    )
    teams = [set(row[1]) for row in officers]
    assert teams[0] & teams[1]  # the same people, without a journey between


async def test_second_open_case_of_a_segment_is_refused(session: AsyncSession, world: World) -> None:
    case = await slotting(session, world, at(3))
    segment = await session.get_one(Segment, case.segment_id)
    with pytest.raises(refusals.SegmentHasOpenCase) as refused:
        await application.create_case(session, segment, by=world.owner, now=at(3))
    assert refused.value.params == {"code": case.code}
    await application.create_case(session, segment, by=world.owner, now=at(3), kind=CaseKind.SURVEY)
    await interruptions.withdraw(session, case, by=world.owner, now=at(3), reason="另行申请")
    await application.create_case(session, segment, by=world.owner, now=at(3))


async def test_lead_arranges_off_hours_for_the_priority_lane_only(
    session: AsyncSession, world: World
) -> None:
    case = await slotting(session, world, at(3))
    saturday, evening, working = at(7, 9), at(5, 18), at(5, 10)
    ask: Any = {"by": world.dispatcher, "now": at(3)}
    with pytest.raises(refusals.OffHoursNotAllowed):
        await off_hours.propose_off_hours(session, case, starts_at=saturday, **ask)
    case.priority = True
    for wrong in (working, at(2, 18)):
        with pytest.raises(refusals.OffHoursNotAllowed):
            await off_hours.propose_off_hours(session, case, starts_at=wrong, **ask)
    session.add_all(
        Leave(officer_id=officer.id, first_day=at(7).date(), last_day=at(7).date())
        for officer in world.officers["fire"][:4]
    )
    await session.flush()
    with pytest.raises(refusals.TeamIncomplete):
        await off_hours.propose_off_hours(session, case, starts_at=saturday, **ask)
    offer = await off_hours.propose_off_hours(session, case, starts_at=evening, **ask)
    visit = await bookings.confirm_slot(session, case, offer.id, by=world.dispatcher, now=at(3))
    assert (visit.starts_at, visit.ends_at > visit.starts_at) == (evening, True)
    await reply_all(session, world, case, at(3, 11))
    assert case.state is CaseState.SCHEDULED
