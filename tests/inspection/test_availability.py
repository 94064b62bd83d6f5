"""Seats in the vehicles that a visit's officers share."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from inspection import refusals
from inspection.availability import Part, left_behind
from inspection.commands import bookings
from inspection.models import Booking, Officer, Vehicle
from tests.inspection.world import World, at, confirmed, party_named, proposals, slotting

POOL = "城东车队"


async def share_vehicles(session: AsyncSession, officers: list[Officer], *seats: int) -> None:
    for officer in officers:
        officer.vehicle_pool = POOL
    session.add_all(
        Vehicle(plate=f"澜A·0900{number}", pool=POOL, seats=each) for number, each in enumerate(seats)
    )
    await session.flush()


async def test_who_finds_no_seat_in_that_half_day_stays_behind(session: AsyncSession, world: World) -> None:
    case, other = await confirmed(session, world, at(3)), await slotting(session, world, at(3), 8)
    visit = await bookings.standing_visit(session, case)
    assert visit is not None
    fire = await party_named(session, case, "fire")
    team = world.officers["fire"]
    await share_vehicles(session, team, 2, 1)
    booked = set(
        await session.scalars(sa.select(col(Booking.officer_id)).where(col(Booking.party_id) == fire.id))
    )
    first, second = [officer for officer in team if officer.id not in booked][:2]
    parts = [Part(fire.id, officer.id, visit.starts_at, visit.ends_at) for officer in (first, second)]
    assert await left_behind(session, other, parts) == {parts[1]}
    assert await left_behind(session, case, parts, leaving=booked) == set()
    tomorrow = [
        Part(fire.id, officer.id, visit.starts_at + timedelta(days=1), visit.ends_at + timedelta(days=1))
        for officer in team[:4]
    ]
    assert await left_behind(session, other, tomorrow) == {tomorrow[3]}


async def test_slot_is_taken_where_the_vehicles_are_full(session: AsyncSession, world: World) -> None:
    case = await slotting(session, world, at(3))
    first, *_ = await proposals(session, world, case, at(3))
    await share_vehicles(session, world.officers["fire"], 1)
    with pytest.raises(refusals.SlotTaken):
        await bookings.confirm_slot(session, case, first.id, by=world.dispatcher, now=at(3))
    assert await session.scalar(sa.select(sa.func.count()).select_from(Booking)) == 0
    session.add(Vehicle(plate="澜A·09009", pool=POOL, seats=1))
    await session.flush()
    await bookings.confirm_slot(session, case, first.id, by=world.dispatcher, now=at(3))
