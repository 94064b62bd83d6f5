"""Two draws of the made-up city: one held, whose file anybody can draw again, and one that is only committed to."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.people import Account
from inspection.commands.draws import commit_draw, hold_draw
from inspection.models import Project

LISTED = 40
DRAWN = 4


async def load_draws(session: AsyncSession, *, now: datetime) -> None:
    """Of the newest projects; with the commands that the supervisor's own page uses."""
    by = await session.scalar(sa.select(col(Account.id)).where(col(Account.login) == "supervisor"))
    if by is None:
        raise LookupError("supervisor")
    codes = await session.scalars(sa.select(col(Project.code)).order_by(col(Project.id).desc()).limit(LISTED))
    listed = list(codes)
    held = await commit_draw(
        session,
        title="消防验收质量随机抽查",
        project_codes=listed,
        departments=["fire"],
        count=DRAWN,
        by=by,
        now=now,
    )
    await hold_draw(session, held.id, by=by, now=now)
    await commit_draw(
        session,
        title="规划与人防验收质量随机抽查",
        project_codes=listed,
        departments=["planning", "civil_defence"],
        count=DRAWN,
        by=by,
        now=now,
    )
