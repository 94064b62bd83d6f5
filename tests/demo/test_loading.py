import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col

from core import ledger
from core.db import Database
from demo.loading import load_city
from demo.loading.people import SHOWN
from inspection import models
from inspection.catalogue import seed_catalogue
from inspection.states import CaseState
from tendering.models import Notice, Process
from tendering.rules import Nature, may_follow
from tests.conftest import Clones, settings_for

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
async def loaded(clones: Clones) -> AsyncIterator[Database]:
    name = clones.make()
    database = Database(settings_for(name))
    async with database.transaction() as session:
        await seed_catalogue(session, now=NOW)
    start = time.perf_counter()
    await load_city(database, now=NOW, password_hash="-", notices=3_400)
    print("loaded in", time.perf_counter() - start)
    yield database
    await database.close()
    clones.drop(name)


async def count(database: Database, model: type[SQLModel], *where: Any) -> int:
    async with database.transaction() as session:
        found = await session.scalar(sa.select(sa.func.count()).select_from(model).where(*where))
    return found or 0


async def test_every_case_state_is_there(loaded: Database) -> None:
    async with loaded.transaction() as session:
        states = set(await session.scalars(sa.select(col(models.Case.state)).distinct()))

    assert states == set(CaseState)
    assert await count(loaded, models.Case) == 330
    assert await count(loaded, models.Officer) == 82


async def test_ledger_verifies(loaded: Database) -> None:
    async with loaded.transaction() as session:
        entries, _, faults = await ledger.verify(session)

    assert faults == []
    assert entries > 20_000
