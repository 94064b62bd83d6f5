"""A database of the area's own in which the small city stands; each test's effects are rolled back."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

from core.db import Database, Transaction
from tests.conftest import Clones, settings_for
from tests.inspection.world import World, at, build_world, load_world


@pytest.fixture(scope="session")
async def _city(clones: Clones) -> AsyncIterator[AsyncConnection]:
    name = clones.make()
    database = Database(settings_for(name))
    async with database.transaction() as session:
        await build_world(session, at(2))
    await database.close()
    engine = create_async_engine(settings_for(name).sqlalchemy_url)
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()
    clones.drop(name)


@pytest.fixture
async def session(_city: AsyncConnection) -> AsyncIterator[AsyncSession]:
    transaction = await _city.begin()
    async with Transaction(
        bind=_city, expire_on_commit=False, join_transaction_mode="create_savepoint"
    ) as session:
        yield session
    await transaction.rollback()


@pytest.fixture
async def world(session: AsyncSession) -> World:
    return await load_world(session)
