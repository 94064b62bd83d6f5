from contextlib import suppress

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger, outbox
from core.db import Database
from core.outbox import OutboxEvent
from core.people import Account, Department
from tests.conftest import NOW

PID = sa.select(sa.func.pg_backend_pid())
KEYS = sa.select(col(OutboxEvent.key)).order_by(col(OutboxEvent.id))


async def keys(database: Database) -> list[str | None]:
    async with database.transaction() as session:
        return list(await session.scalars(KEYS))


def account(login: str) -> Account:
    return Account(login=login, name="甲", password_hash="", created_at=NOW)


async def test_query_sees_what_waits_for_its_table(session: AsyncSession) -> None:
    session.add(account("first"))
    outbox.emit(session, "test", {"number": 1}, now=NOW, key="a")
    assert list(await session.scalars(KEYS)) == ["a"]
    assert await session.scalar(sa.select(col(Account.login)).where(col(Account.login) == "first")) == "first"


async def test_query_for_another_table_leaves_what_waits(session: AsyncSession) -> None:
    waiting = account("first")
    session.add(waiting)
    await session.scalars(sa.select(Department))
    assert sa.inspect(waiting).pending
    await session.scalars(sa.select(Account))
    assert sa.inspect(waiting).persistent


async def test_query_inside_another_counts_as_asking(session: AsyncSession) -> None:
    session.add(account("first"))
    counted = sa.select(sa.func.count()).select_from(Account).scalar_subquery()
    assert (await session.scalar(sa.select(counted))) == 1


async def test_text_sees_every_event(session: AsyncSession) -> None:
    outbox.emit(session, "test", {}, now=NOW)
    assert await session.scalar(sa.text("SELECT count(*) FROM outbox_event")) == 1


async def test_event_that_replaces_one_of_its_key_stays_alone(database: Database) -> None:
    async with database.transaction() as session:
        outbox.emit(session, "test", {}, now=NOW, key="a")
    async with database.transaction() as session:
        outbox.emit(session, "test", {}, now=NOW, key="b")
        await outbox.cancel(session, "a", "b")
        outbox.emit(session, "test", {}, now=NOW, key="a")
    assert await keys(database) == ["a"]


@pytest.mark.parametrize("asked", [False, True])
async def test_savepoint_takes_back_what_waited_since(database: Database, *, asked: bool) -> None:
    async with database.transaction() as session:
        outbox.emit(session, "test", {}, now=NOW, key="a")
        ledger.record(session, action="test", subject="a", now=NOW)
        with suppress(LookupError):
            async with session.begin_nested():
                await outbox.cancel(session, "a")
                outbox.emit(session, "test", {}, now=NOW, key="b")
                ledger.record(session, action="test", subject="b", now=NOW)
                if asked:
                    assert list(await session.scalars(KEYS)) == ["b"]
                raise LookupError
    assert await keys(database) == ["a"]
    async with database.transaction() as session:
        assert [entry.subject async for entry in ledger.entries(session)] == ["a"]


async def test_what_cannot_be_stored_is_refused_as_by_any_statement(database: Database) -> None:
    with pytest.raises(sa.exc.DataError):
        async with database.transaction() as session:
            outbox.emit(session, "test", {"text": "a\x00b"}, now=NOW)
    assert await keys(database) == []


async def test_connection_closed_while_idle_is_replaced(database: Database) -> None:
    async with database.transaction() as one, database.transaction() as other:
        first, second = [await each.scalar(PID) for each in (one, other)]
    async with database.transaction() as session:
        here = await session.scalar(PID)
        idle = second if here == first else first
        assert await session.scalar(sa.select(sa.func.pg_terminate_backend(idle, 60_000)))
        async with database.transaction() as another:
            assert await another.scalar(PID) not in {first, second}
