"""One PostgreSQL and one Valkey for the whole run; each test gets a clone of a template database, or a rolled-back
transaction on its worker's own.

`DATABASE_URL` / `REDIS_URL` point the tests at real servers instead.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from redis import Redis
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

from core import calendars, ledger
from core.db import Database, Transaction
from core.settings import Settings
from migrations.schema import metadata

TEMPLATE = "yichuang_template"
#: A Wednesday in a week without holidays, 10:00 in Shanghai.
NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the process that hands out the work; the others inherit the addresses."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    from api.embedded import Embedded

    folder = tempfile.TemporaryDirectory(prefix="yichuang-test-", ignore_cleanup_errors=True)
    embedded = Embedded(Settings(data_dir=Path(folder.name)))
    settings = embedded.__enter__()
    config.add_cleanup(folder.cleanup)
    config.add_cleanup(lambda: embedded.__exit__(None, None, None))
    os.environ["YICHUANG_TEST_DATABASE"] = settings.database_url
    os.environ["YICHUANG_TEST_REDIS"] = settings.redis_url
    asyncio.run(_make_template(settings.database_url))


async def _make_template(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # a test's data need not survive the machine
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    database = Database(settings_for(TEMPLATE))
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    async with database.transaction() as session:
        await calendars.seed_state_council(session, now=NOW)
    await database.close()


def settings_for(database: str, **changes: Any) -> Settings:
    server = sa.make_url(os.environ["YICHUANG_TEST_DATABASE"])
    url = server.set(database=database).render_as_string(hide_password=False)
    values: dict[str, Any] = {
        "database_url": url,
        "redis_url": worker_redis(),
        "secret_key": "test-secret-of-thirty-two-characters",
        "database_pool": 4,
        "public_cache": False,  # a test reads what it has just written
        "warm_kernels": False,
    }
    return Settings(**values | changes)


def worker_redis() -> str:
    """Each of the run's processes has one of the server's sixteen databases."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return f"{os.environ['YICHUANG_TEST_REDIS']}?db={number}"


class Clones:
    """Databases made from the template, dropped when their test is over."""

    def __init__(self) -> None:
        self._server = os.environ["YICHUANG_TEST_DATABASE"]
        self._count = 0

    def make(self) -> str:
        return self._create(f"TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")

    def make_empty(self) -> str:
        return self._create("TEMPLATE template0")

    def _create(self, options: str) -> str:
        self._count += 1
        name = f"test_{os.getpid()}_{self._count}"
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} {options}")
        return name

    def drop(self, name: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def clones() -> Clones:
    return Clones()


@pytest.fixture
def settings(clones: Clones, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a database of the test's own, for what commits, runs concurrently or kills, and an empty queue."""
    name = clones.make()
    with Redis.from_url(worker_redis()) as redis:
        redis.flushdb()
    yield settings_for(name, data_dir=tmp_path)
    clones.drop(name)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings)
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def _connection(clones: Clones) -> AsyncIterator[AsyncConnection]:
    name = clones.make()
    engine = create_async_engine(settings_for(name).sqlalchemy_url)
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()
    clones.drop(name)


@pytest.fixture
async def session(_connection: AsyncConnection) -> AsyncIterator[AsyncSession]:
    """A session whose every effect is rolled back; `commit` inside it only ends a savepoint."""
    transaction = await _connection.begin()
    async with Transaction(
        bind=_connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
    ) as session:
        yield session
        await ledger.seal(session)
    await transaction.rollback()


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real data, read in place; a test that needs it skips where it is absent."""
    default = Path(__file__).parent.parent.parent / "shared"
    folder = Path(os.environ.get("YICHUANG_SHARED", default)) / "data"
    if not folder.is_dir():
        pytest.skip("real data (YICHUANG_SHARED) is not here")
    return folder
