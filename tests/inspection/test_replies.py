"""How departments reply to the notice of a visit: whom they send, that they cannot, or nothing."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import NotAllowed
from inspection import refusals
from inspection.commands import (
    bookings,
    replies,
    seats,
)
from inspection.models import (
    Letter,
    SlotSearch,
    ViolationRecord,
)
from inspection.states import (
    LetterKind,
    PartyState,
    SearchState,
)
from tests.inspection.world import (
    World,
    at,
    confirmed,
    party_named,
    reply_all,
    team_of,
)


async def test_party_names_other_officers_of_its_own(session: AsyncSession, world: World) -> None:
    case = await confirmed(session, world, at(3))
    fire = await party_named(session, case, "fire")
    before = await team_of(session, case, fire)
    substitute = world.officers["fire"][4].id
    reply: Any = {"by": world.liaisons["fire"], "now": at(3, 11)}
    for wrong, refusal in (
        ([before[0]], refusals.TeamTooSmall),
        ([before[0], world.officers["water"][0].id], refusals.OfficerUnavailable),
    ):
        with pytest.raises(refusal):
            await replies.confirm_attendance(session, case, fire, officer_ids=wrong, **reply)
    with pytest.raises(NotAllowed):
        await replies.confirm_attendance(session, case, fire, by=world.liaisons["water"], now=at(3, 11))
    await replies.confirm_attendance(session, case, fire, officer_ids=[before[0], substitute], **reply)
    assert sorted(await team_of(session, case, fire)) == sorted([before[0], substitute])
    assert fire.state is PartyState.CONFIRMED


async def test_decline_brings_in_substitutes_at_the_same_time(session: AsyncSession, world: World) -> None:
    case = await confirmed(session, world, at(3))
    visit = await bookings.standing_visit(session, case)
    fire = await party_named(session, case, "fire")
    before = await team_of(session, case, fire)
    reply: Any = {"by": world.liaisons["fire"], "now": at(3, 11)}
    with pytest.raises(refusals.ReasonRequired):
        await replies.decline_attendance(session, case, fire, reason=" ", **reply)
    await replies.decline_attendance(session, case, fire, reason="另有任务", **reply)
    assert await replies.find_stand_ins(session, case, fire, now=at(3, 11, 1))
    after = await team_of(session, case, fire)
    assert set(after).isdisjoint(before)
    posts = [officer.post.value for officer in world.officers["fire"] if officer.id in after]
    assert posts == ["B", "B"]
    assert await bookings.standing_visit(session, case) is visit
    assert str(fire.state) == "invited"


async def test_decline_without_substitutes_looks_for_other_slots(session: AsyncSession, world: World) -> None:
    case = await confirmed(session, world, at(3))
    fire = await party_named(session, case, "fire")
    kept = set(await team_of(session, case, fire))
    for officer in world.officers["fire"]:
        if officer.id not in kept:
            officer.active = False
    await session.flush()
    reply: Any = {"by": world.liaisons["fire"], "now": at(3, 11)}
    await replies.decline_attendance(session, case, fire, reason="另有任务", **reply)
    assert not await replies.find_stand_ins(session, case, fire, now=at(3, 11, 1))
    assert await bookings.standing_visit(session, case) is None
    searches = list(await session.scalars(sa.select(SlotSearch).order_by(col(SlotSearch.id))))
    assert [search.state for search in searches] == [SearchState.FOUND, SearchState.PENDING]
    told = await session.scalars(
        sa.select(col(Letter.recipient)).where(col(Letter.kind) == LetterKind.CANCELLATION)
    )
    assert f"account:{world.owner}" in set(told)


async def test_silence_is_attendance_once_and_a_violation(session: AsyncSession, world: World) -> None:
    case = await confirmed(session, world, at(3))
    fire = await party_named(session, case, "fire")
    for _ in range(2):
        await replies.apply_silence(session, case, fire, now=at(5))
    assert (fire.state, fire.deemed_attending, fire.verdict) == (PartyState.SILENT, True, None)
    assert len(list(await session.scalars(sa.select(ViolationRecord)))) == 1
    await reply_all(session, world, case, at(5))
    assert str(case.state) == "scheduled"


async def test_whom_a_party_names_comes_for_the_half_of_whom_it_does_not(
    session: AsyncSession, world: World
) -> None:
    case = await confirmed(session, world, at(3), floor_area=60_000)
    fire, visit = await party_named(session, case, "fire"), await bookings.standing_visit(session, case)
    assert visit is not None
    booked = await seats.party_bookings(session, visit, fire)
    first, last = sorted({booking.span for booking in booked})
    stays, leaves, *_ = await team_of(session, case, fire)
    other, named = (world.officers["fire"][number].id for number in (2, 4))
    for booking in booked:
        if (booking.officer_id, booking.span) == (leaves, last):
            booking.officer_id = other
    await session.flush()
    await replies.confirm_attendance(
        session,
        case,
        fire,
        officer_ids=[stays, leaves, named],
        by=world.liaisons["fire"],
        now=at(3, 11),
    )
    team = {(each.officer_id, each.span) for each in await seats.party_bookings(session, visit, fire)}
    assert team == {(stays, first), (stays, last), (leaves, first), (named, last)}
