"""Fifty dispatchers at once, on real connections."""

import asyncio
from collections import Counter

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from core import ledger
from core.db import Database
from core.settings import Settings
from inspection.availability import Part
from inspection.commands import bookings, seats
from inspection.commands.transitions import lock_case
from inspection.models import Booking, Visit
from inspection.refusals import ProposalStale, SlotTaken
from inspection.states import VisitState
from tests.inspection.world import at, build_world, proposals, slotting

CASES, EACH = 5, 10


@pytest.fixture
async def crowd(settings: Settings) -> Database:
    return Database(settings.model_copy(update={"database_pool": 25}))


async def test_fifty_confirmations_never_double_book(crowd: Database) -> None:
    now = at(3)
    async with crowd.transaction() as session:
        world = await build_world(session, now)
        offered = {}
        for number in range(1, CASES + 1):
            case = await slotting(session, world, now, number)
            offered[case.code] = [each.id for each in await proposals(session, world, case, now)]

    async def confirm(code: str, proposal: int) -> str:
        try:
            async with crowd.transaction() as session:
                case = await lock_case(session, code)
                await bookings.confirm_slot(session, case, proposal, by=world.dispatcher, now=now)
        except (SlotTaken, ProposalStale) as refusal:
            return refusal.code
        return "confirmed"

    attempts = [confirm(code, ids[n % len(ids)]) for n in range(EACH) for code, ids in offered.items()]
    outcomes = Counter(await asyncio.gather(*attempts))
    async with crowd.transaction() as session:
        visits = await session.scalar(sa.select(sa.func.count()).select_from(Visit))
        teams = (
            await session.execute(
                sa.select(col(Booking.visit_id), sa.func.count()).group_by(col(Booking.visit_id))
            )
        ).all()
        one, other = aliased(Booking), aliased(Booking)
        clashes = await session.scalar(
            sa.select(sa.func.count())
            .select_from(one)
            .join(other, sa.and_(col(one.officer_id) == other.officer_id, col(one.id) < other.id))
            .where(col(one.during).op("&&")(other.during))
        )
        faults = (await ledger.verify(session))[2]
    await crowd.close()
    assert sum(outcomes.values()) == CASES * EACH
    assert set(outcomes) <= {"confirmed", "slot_taken", "proposal_stale"}
    assert outcomes["confirmed"] == visits
    assert 1 <= outcomes["confirmed"] <= CASES
    assert {count for _, count in teams} == {6}
    assert clashes == 0
    assert faults == []


async def test_database_refuses_what_two_sessions_both_think_is_free(crowd: Database) -> None:
    """The constraint itself, without the locks that come before it."""
    now = at(3)
    async with crowd.transaction() as session:
        world = await build_world(session, now)
        cases = [await slotting(session, world, now, number) for number in (1, 2)]
        found = [(await proposals(session, world, case, now))[0] for case in cases]
        await bookings.confirm_slot(session, cases[0], found[0].id, by=world.dispatcher, now=now)
    async with crowd.transaction() as session:
        taken = (await session.scalars(sa.select(Booking).limit(1))).one()
        visit = Visit(
            case_id=cases[1].id,
            round=1,
            state=VisitState.PLANNED,
            starts_at=taken.span[0],
            ends_at=taken.span[1],
            confirmed_by=world.dispatcher,
        )
        session.add(visit)
        await session.flush()
        part = Part(taken.party_id, taken.officer_id, *taken.span)
        with pytest.raises(SlotTaken):
            await seats.book(session, cases[1], visit, [part], now=now)
    await crowd.close()
