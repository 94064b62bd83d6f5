from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from inspection.commands import bookings
from inspection.commands.parties import invited_parties
from inspection.models import Booking
from inspection.reckoning import reckoning
from inspection.scheduling_problem import build_question
from tests.inspection.world import World, at, confirmed, slotting

WEEK = timedelta(days=7)


async def test_second_half_of_a_visit_stands_where_the_first_was_before_the_horizon(
    session: AsyncSession, world: World
) -> None:
    case = await confirmed(session, world, at(3), floor_area=60_000)
    visit = await bookings.standing_visit(session, case)
    assert visit is not None
    rows = list(await session.scalars(sa.select(Booking).where(col(Booking.visit_id) == visit.id)))
    first_half = [row for row in rows if row.span[0] < min(row.span[1] for row in rows)]
    for row in first_half:
        row.during = Range(row.span[0] - WEEK, row.span[1] - WEEK)
    visit.starts_at -= WEEK
    await session.flush()

    other = await slotting(session, world, at(3), 2)
    search = await bookings.propose_slots(session, other, by=world.dispatcher, now=at(3))
    question = await build_question(
        session, other, search, await invited_parties(session, other), await reckoning(session, at(3))
    )
    (standing,) = question.problem.bookings
    busy = {int(officer) for team in standing.teams for officer in team}
    assert busy == {row.officer_id for row in rows if row not in first_half} != set()
    assert min(standing.starts) >= 0
