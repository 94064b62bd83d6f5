"""Timed transitions, run as the relay and the worker run them."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.outbox import OutboxEvent
from inspection.commands import application, timekeeping, timers
from inspection.commands.parties import invited_parties
from inspection.models import Case, CaseEvent, Clock, ViolationRecord
from inspection.states import CaseState, Lamp, Node, PartyState, PauseReason, Violation
from tests.inspection.world import World, accepted, at, confirmed, draft


async def pass_time(session: AsyncSession, until: datetime, *, late: bool = False) -> None:
    """Fire the clocks' events that fall due, in order; `late` as after an outage, all at `until`."""
    while True:
        event = await session.scalar(
            sa.select(OutboxEvent)
            .where(
                col(OutboxEvent.topic) == timekeeping.TOPIC,
                col(OutboxEvent.done_at).is_(None),
                col(OutboxEvent.due) <= until,
            )
            .order_by(col(OutboxEvent.due), col(OutboxEvent.id))
            .limit(1)
        )
        if event is None:
            return
        moment = until if late else event.due
        event.done_at = moment
        await session.flush()
        await timers.tick(session, event.payload["clock_id"], now=moment)
        await session.flush()


async def lamps(session: AsyncSession, case: Case) -> list[tuple[str, str]]:
    rows = await session.scalars(
        sa.select(CaseEvent)
        .where(col(CaseEvent.case_id) == case.id, col(CaseEvent.name) == "lamp")
        .order_by(col(CaseEvent.id))
    )
    return [(row.data["node"], row.data["lamp"]) for row in rows]


async def test_five_days_without_a_notice_accept_the_case(session: AsyncSession, world: World) -> None:
    case = await draft(session, world, at(3))
    await application.submit_case(session, case, by=world.owner, now=at(3))
    await application.receive_case(session, case, by=world.window, now=at(3))
    await pass_time(session, at(10, 23))
    assert case.state is CaseState.RECEIVED
    await pass_time(session, at(11, 0, 1))
    assert str(case.state) == "accepted"
    assert await lamps(session, case) == [
        ("accept", "yellow"),
        ("accept", "red"),
        ("deficiency", "yellow"),
        ("deficiency", "red"),
    ]
    (whole,) = await timekeeping.running_clocks(session, case, (Node.WHOLE,))
    assert whole.started_on == date(2026, 3, 11)


async def test_outage_over_the_moments_changes_nothing_but_the_hour(
    session: AsyncSession, world: World
) -> None:
    case = await draft(session, world, at(3))
    await application.submit_case(session, case, by=world.owner, now=at(3))
    await application.receive_case(session, case, by=world.window, now=at(3))
    await pass_time(session, at(12), late=True)
    assert case.state is CaseState.ACCEPTED
    assert sorted(await lamps(session, case)) == [
        ("accept", "red"),
        ("accept", "yellow"),
        ("deficiency", "red"),
        ("deficiency", "yellow"),
    ]


async def test_silence_rule_fires_exactly_once(session: AsyncSession, world: World) -> None:
    case = await confirmed(session, world, at(3))
    await pass_time(session, at(4, 23))
    assert case.state is CaseState.SLOTTING
    await pass_time(session, at(5, 0, 1))
    await pass_time(session, at(6))
    assert str(case.state) == "scheduled"
    assert {party.state for party in await invited_parties(session, case)} == {PartyState.SILENT}
    kinds = await session.scalars(sa.select(col(ViolationRecord.kind)))
    assert list(kinds) == [Violation.NO_REPLY] * 3


async def test_stopped_and_paused_clocks_light_no_lamp(session: AsyncSession, world: World) -> None:
    case = await accepted(session, world, at(3))
    await timekeeping.pause(session, case, PauseReason.SPECIAL_PROCEDURE, now=at(4))
    await pass_time(session, at(31))
    assert ("whole", "red") not in await lamps(session, case)


async def test_every_running_clock_has_one_event(session: AsyncSession, world: World) -> None:
    await confirmed(session, world, at(3))
    clocks = await session.scalars(
        sa.select(col(Clock.id)).where(col(Clock.stopped_at).is_(None), col(Clock.lamp) != Lamp.RED)
    )
    keys = await session.scalars(
        sa.select(sa.func.coalesce(col(OutboxEvent.key), "")).where(
            col(OutboxEvent.topic) == timekeeping.TOPIC, col(OutboxEvent.done_at).is_(None)
        )
    )
    assert sorted(keys) == sorted(f"clock:{clock}" for clock in clocks)


async def test_tick_of_a_stopped_clock_does_nothing(session: AsyncSession, world: World) -> None:
    case = await confirmed(session, world, at(3))
    clock = await session.scalar(sa.select(Clock).where(col(Clock.node) == Node.REVIEW).limit(1))
    assert clock is not None
    before = await lamps(session, case)
    await timers.tick(session, clock.id, now=at(31))
    assert await lamps(session, case) == before


async def test_lamps_of_a_case_that_turn_yellow_on_one_day_turn_together(
    session: AsyncSession, world: World
) -> None:
    case = await confirmed(session, world, at(3))
    replies = await timekeeping.running_clocks(session, case, (Node.REPLY,))
    assert len(replies) > 1
    await timers.tick(session, replies[-1].id, now=at(4))
    assert {clock.lamp for clock in replies} == {Lamp.YELLOW}
    before = await lamps(session, case)
    for clock in replies:
        await timers.tick(session, clock.id, now=at(4))
    assert await lamps(session, case) == before
