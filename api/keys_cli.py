"""Keys of machines, made and ended from the command line; both acts stand in the ledger."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.sessions import issue_key
from core import clock, ledger
from core.access import Action
from core.db import Database
from core.people import ApiKey
from core.settings import Settings


async def issue(settings: Settings, *, label: str, scopes: Sequence[Action], must_sign: bool = False) -> str:
    """Keep a new key and return it; it cannot be read again."""
    now = clock.now()
    row, key = issue_key(label=label, scopes=list(scopes), now=now, must_sign=must_sign)
    data = {"label": label, "scopes": row.scopes}
    async with _transaction(settings) as session:
        session.add(row)
        subject = f"key:{row.prefix}"
        ledger.record(session, action="key.issue", subject=subject, actor="system", now=now, data=data)
    return key


async def revoke(settings: Settings, prefix: str) -> bool:
    """False when no key in force has this prefix."""
    now = clock.now()
    async with _transaction(settings) as session:
        row = await session.scalar(
            sa.select(ApiKey).where(col(ApiKey.prefix) == prefix, col(ApiKey.revoked_at).is_(None))
        )
        if row is None:
            return False
        row.revoked_at = now
        ledger.record(session, action="key.revoke", subject=f"key:{prefix}", actor="system", now=now)
    return True


@asynccontextmanager
async def _transaction(settings: Settings) -> AsyncIterator[AsyncSession]:
    database = Database(settings)
    try:
        async with database.transaction() as session:
            yield session
    finally:
        await database.close()
