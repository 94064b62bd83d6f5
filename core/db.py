"""The connection to PostgreSQL, and the one transaction that a request or a job gets."""

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction
from sqlalchemy.sql import visitors

from core import journal, ledger
from core.settings import Settings

#: Write transactions must stay short: the change feed's horizon waits for the oldest of them.
IDLE_LIMIT_MS = 30_000
STATEMENT_LIMIT_MS = 60_000


class UnitOfWork(Session):
    """Before a query it writes only what the query could see; the rest goes in one stroke when the block ends."""


class Transaction(AsyncSession):
    sync_session_class = UnitOfWork


@sa.event.listens_for(UnitOfWork, "do_orm_execute")
def _write_what_is_asked_for(state: ORMExecuteState) -> None:
    session = state.session
    unwritten, journalled = _unflushed(session), journal.tables(session)
    if not (unwritten or journalled):
        return
    asked = _tables_of(state.statement)
    if asked is None or not asked.isdisjoint(journalled):
        session.flush()
        for statement, values in journal.take(session):
            session.execute(statement, values)
    elif state.is_select and asked.isdisjoint(unwritten):
        state.update_execution_options(autoflush=False)


#: By savepoint: what waited when it was made.
_SAVED: WeakKeyDictionary[SessionTransaction, tuple[dict[sa.Table, journal.Waiting], list[ledger.Record]]] = (
    WeakKeyDictionary()
)


@sa.event.listens_for(UnitOfWork, "after_transaction_create")
def _remember(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        _SAVED[transaction] = journal.copied(session), ledger.recorded(session)


@sa.event.listens_for(UnitOfWork, "after_soft_rollback")
def _forget_what_was_undone(session: Session, transaction: SessionTransaction) -> None:
    if transaction in _SAVED:
        waiting, pending = _SAVED.pop(transaction)
        journal.restore(session, waiting)
        ledger.restore(session, pending)


def _unflushed(session: Session) -> set[str]:
    return {each.__table__.name for kind in (session.new, session.dirty, session.deleted) for each in kind}


#: Most statements are constants.
_KNOWN: WeakKeyDictionary[sa.Executable, frozenset[str] | None] = WeakKeyDictionary()


def _tables_of(statement: sa.Executable) -> frozenset[str] | None:
    """None where part of it is text, which may be about any."""
    if statement not in _KNOWN:
        parts = list(visitors.iterate(statement))  # type: ignore[arg-type]  # an Executable is a ClauseElement
        text = any(isinstance(each, sa.TextClause) for each in parts)
        _KNOWN[statement] = (
            None if text else frozenset(each.name for each in parts if isinstance(each, sa.Table))
        )
    return _KNOWN[statement]


class Database:
    """An engine and its sessions. Commands never commit: `transaction` does, and seals the ledger before."""

    def __init__(self, settings: Settings) -> None:
        self.engine = create_async_engine(
            settings.sqlalchemy_url,
            pool_size=settings.database_pool,
            max_overflow=settings.database_pool,
            connect_args={
                "options": (
                    f"-c timezone=UTC -c idle_in_transaction_session_timeout={IDLE_LIMIT_MS}"
                    f" -c statement_timeout={STATEMENT_LIMIT_MS}"
                )
            },
        )
        sa.event.listen(self.engine.sync_engine, "checkout", _refuse_closed)
        self._sessions = async_sessionmaker(self.engine, class_=Transaction, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Commits when the block ends, rolls back when it raises."""
        async with self._sessions() as session, session.begin():
            yield session
            await ledger.seal(session)

    async def close(self) -> None:
        await self.engine.dispose()


def _refuse_closed(_connection: Any, record: Any, _proxy: Any) -> None:
    """A server that went away has said so, which costs no round trip to notice; the pool then opens another."""
    idle = select.poll()
    idle.register(record.driver_connection.fileno(), select.POLLIN)
    if idle.poll(0):
        raise sa.exc.DisconnectionError
