"""The connection to PostgreSQL, and the one transaction that a request or a job gets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from core import ledger
from core.settings import Settings

#: Write transactions must stay short: the change feed's horizon waits for the oldest of them.
IDLE_LIMIT_MS = 30_000
STATEMENT_LIMIT_MS = 60_000


class Database:
    """An engine and its sessions. Commands never commit: `transaction` does, and seals the ledger before."""

    def __init__(self, settings: Settings) -> None:
        self.engine = create_async_engine(
            settings.sqlalchemy_url,
            pool_size=settings.database_pool,
            max_overflow=settings.database_pool,
            pool_pre_ping=True,
            connect_args={
                "options": (
                    f"-c timezone=UTC -c idle_in_transaction_session_timeout={IDLE_LIMIT_MS}"
                    f" -c statement_timeout={STATEMENT_LIMIT_MS}"
                )
            },
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Commits when the block ends, rolls back when it raises."""
        async with self._sessions() as session, session.begin():
            yield session
            await ledger.seal(session)

    async def close(self) -> None:
        await self.engine.dispose()
