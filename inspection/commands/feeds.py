"""Private calendar addresses (.ics) of officers."""

import hashlib
import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from inspection.models import CalendarFeed, Officer


async def open_feed(session: AsyncSession, officer: Officer, *, now: datetime) -> str:
    """A new private token, shown once; an older one stops working."""
    await revoke_feed(session, officer, now=now)
    token = secrets.token_urlsafe(32)
    hashed = hashlib.sha256(token.encode()).hexdigest()
    session.add(CalendarFeed(token_hash=hashed, officer_id=officer.id, created_at=now))
    _note(session, officer, "feed.open", now)
    await session.flush()
    return token


async def revoke_feed(session: AsyncSession, officer: Officer, *, now: datetime) -> None:
    await session.execute(
        sa.update(CalendarFeed)
        .where(col(CalendarFeed.officer_id) == officer.id, col(CalendarFeed.revoked_at).is_(None))
        .values(revoked_at=now)
    )
    _note(session, officer, "feed.revoke", now)


def _note(session: AsyncSession, officer: Officer, action: str, now: datetime) -> None:
    ledger.record(
        session,
        action=action,
        subject=f"officer:{officer.number}",
        actor=f"account:{officer.account_id}",
        now=now,
    )
