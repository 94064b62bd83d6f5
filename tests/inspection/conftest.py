import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.inspection.world import World, at, build_world


@pytest.fixture
async def world(session: AsyncSession) -> World:
    return await build_world(session, at(2))
