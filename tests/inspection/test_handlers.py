"""Long work goes through the outbox: solving slots, rendering the opinion, each with its effect once."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import outbox
from core.db import Database
from core.outbox import OutboxEvent
from core.settings import Settings
from inspection import papers
from inspection.commands import bookings, decisions, replies
from inspection.commands.transitions import lock_case, parties_of
from inspection.handlers import HANDLERS
from inspection.models import Case, JointOpinion, Officer, Party, SlotProposal, SlotSearch
from inspection.states import PartyState, SearchState
from tests.inspection.world import at, build_world, confirmed, slotting, team_of, visited


@dataclass
class Resources:
    database: Database
    settings: Settings


async def consume(database: Database, settings: Settings, topic: str) -> list[bool]:
    """Every event of the topic, twice."""
    async with database.transaction() as session:
        ids = list(
            await session.scalars(sa.select(col(OutboxEvent.id)).where(col(OutboxEvent.topic) == topic))
        )
    resources = Resources(database, settings)
    return [
        await outbox.consume(database, resources, HANDLERS, event, now=lambda: at(3))
        for event in ids
        for _ in range(2)
    ]


async def test_worker_answers_a_slot_search_once(database: Database, settings: Settings) -> None:
    async with database.transaction() as session:
        world = await build_world(session, at(3))
        case = await slotting(session, world, at(3))
        await bookings.propose_slots(session, case, by=world.dispatcher, now=at(3))
    assert await consume(database, settings, bookings.SEARCH_TOPIC) == [True, False]
    async with database.transaction() as session:
        search = (await session.scalars(sa.select(SlotSearch))).one()
        ranks = list(
            await session.scalars(sa.select(col(SlotProposal.rank)).order_by(col(SlotProposal.rank)))
        )
    assert search.state is SearchState.FOUND
    assert ranks == list(range(1, len(ranks) + 1))


async def test_worker_renders_the_opinion_once(database: Database, settings: Settings) -> None:
    async with database.transaction() as session:
        world = await build_world(session, at(3))
        case, now = await visited(session, world, at(3))
        await decisions.deliberate(session, case, by=world.dispatcher, now=now)
    async with database.transaction() as session:
        code = await session.scalar(sa.select(col(Case.code)))
        case = await lock_case(session, code or "")
        await decisions.issue_opinion(session, case, by=world.issuer, now=now)
    assert await consume(database, settings, decisions.OPINION_TOPIC) == [True, False]
    async with database.transaction() as session:
        opinion = (await session.scalars(sa.select(JointOpinion))).one()
    async with database.transaction() as session:
        pdf = await papers.pdf_of(session, opinion.sha256)
    assert pdf is not None
    assert pdf.startswith(b"%PDF")


@pytest.mark.parametrize("substitutes", [True, False])
async def test_decline_has_its_consequence_within_a_minute(
    database: Database, settings: Settings, substitutes: bool
) -> None:
    """Whatever is due by then: B officers at the same time where there are any, else other slots."""
    declined, minute_later = at(3, 11), at(3, 11, 1)
    async with database.transaction() as session:
        world = await build_world(session, at(3))
        case = await confirmed(session, world, at(3))
        (fire,) = [party for party in await parties_of(session, case) if party.department_code == "fire"]
        before = await team_of(session, case, fire)
        if not substitutes:
            others = sa.update(Officer).where(
                col(Officer.department_code) == "fire", col(Officer.id).not_in(before)
            )
            await session.execute(others.values(active=False))
    async with database.transaction() as session:
        await outbox.claim_due(session, now=declined)  # what came before the refusal is under way already
        case = await lock_case(session, case.code)
        fire = await session.get_one(Party, fire.id)
        by = world.liaisons["fire"]
        await replies.decline_attendance(session, case, fire, reason="另有任务", by=by, now=declined)
    async with database.transaction() as session:
        due = await outbox.claim_due(
            session, now=minute_later, topics={replies.DECLINED_TOPIC, bookings.SEARCH_TOPIC}
        )
    resources = Resources(database, settings)
    for event in due:
        await outbox.consume(database, resources, HANDLERS, event, now=lambda: minute_later)
    async with database.transaction() as session:
        case = await lock_case(session, case.code)
        fire = await session.get_one(Party, fire.id)
        standing = await bookings.standing_visit(session, case)
        searched = await session.scalar(
            sa.select(sa.func.count())
            .select_from(SlotSearch)
            .where(col(SlotSearch.asked_at) == minute_later, col(SlotSearch.state) == SearchState.PENDING)
        )
        if substitutes:
            assert fire.state is PartyState.INVITED
            assert set(await team_of(session, case, fire)).isdisjoint(before)
            assert searched == 0
        else:
            assert standing is None
            assert searched == 1
