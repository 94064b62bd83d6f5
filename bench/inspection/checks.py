"""What must never be."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from inspection.models import Booking, Visit


async def double_bookings(session: AsyncSession) -> int:
    """Pairs of standing bookings that have an officer in two places."""
    one, other = aliased(Booking), aliased(Booking)
    return (
        await session.scalar(
            sa.select(sa.func.count())
            .select_from(one)
            .join(other, sa.and_(col(one.officer_id) == col(other.officer_id), col(one.id) < col(other.id)))
            .where(
                col(one.during).op("&&")(col(other.during)),
                col(one.state) == "booked",
                col(other.state) == "booked",
            )
        )
        or 0
    )


async def standing_visits(session: AsyncSession) -> tuple[int, int]:
    """How many visits stand, and how many cases have one."""
    rows = await session.execute(
        sa.select(sa.func.count(), sa.func.count(sa.distinct(col(Visit.case_id)))).where(
            col(Visit.state) != "cancelled"
        )
    )
    visits, cases = rows.one()
    return visits, cases
