"""Long work goes through the outbox: solving slots, rendering the opinion, each with its effect once."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col

from core import outbox
from core.db import Database
from core.outbox import OutboxEvent
from core.settings import Settings
from inspection import papers
from inspection.commands import bookings, decisions
from inspection.commands.transitions import lock_case
from inspection.handlers import HANDLERS
from inspection.models import Case, JointOpinion, SlotProposal, SlotSearch
from inspection.states import SearchState
from tests.inspection.world import at, build_world, slotting, visited


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
