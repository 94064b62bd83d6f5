"""Bringing a database up to date: migrations, reference data, the demo city."""

import asyncio
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlmodel import col

from api import stored_files
from api.auth.sessions import hash_password
from core import calendars, clock, outbox
from core.db import Database
from core.settings import Settings
from demo import loading, tender_life
from inspection.catalogue import seed_catalogue

#: Two minutes.
WORKER_POLLS = 240
MIGRATIONS = Path(__file__).parent.parent / "migrations"


def migrate(settings: Settings) -> None:
    """The newest schema, the reference data that every installation starts from, and the worker's nightly round."""
    upgrade(settings)
    asyncio.run(_seed(settings))


def upgrade(settings: Settings) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = settings.sqlalchemy_url
    command.upgrade(config, "head")


async def _seed(settings: Settings) -> None:
    """Reference data that every installation starts from; later changes are made by people."""
    database = Database(settings)
    try:
        async with database.transaction() as session:
            if not await session.scalar(sa.select(sa.func.count()).select_from(calendars.CalendarVersion)):
                await calendars.seed_state_council(session, now=clock.now())
            await seed_catalogue(session, now=clock.now())
            await stored_files.plan(session, now=clock.now())
    finally:
        await database.close()


def load_demo_once(settings: Settings) -> None:
    """The demo city, unless the database already holds one."""
    asyncio.run(_load_demo(settings, "A"))


def load_demo(settings: Settings, *, size: str) -> str:
    """Load a preset of the demo city; tells what was loaded, or that there is one already."""
    counts = asyncio.run(_load_demo(settings, size))
    if counts is None:
        return "数据库中已有演示城市 · the database already holds a demo city"
    return "\n".join(f"{count:>8} {what}" for what, count in counts.items())


def begin_tender(settings: Settings) -> str:
    """Start a tender that the demo's clock carries through; returns its page."""
    return f"/processes/{asyncio.run(_begin_tender(settings))}"


async def _begin_tender(settings: Settings) -> str:
    database = Database(settings)
    try:
        await _worker_at_work(database)
        async with database.transaction() as session:
            return await tender_life.begin_tender(session, now=clock.now())
    finally:
        await database.close()


async def _worker_at_work(database: Database) -> None:
    """Wait until the worker has taken an event: on a fast clock, what comes before it does would be late by days."""
    async with database.transaction() as session:
        event = outbox.OutboxEvent(topic="demo.began", payload={}, created_at=clock.now(), due=clock.now())
        session.add(event)
    for _ in range(WORKER_POLLS):
        async with database.transaction() as session:
            if await session.scalar(
                sa.select(col(outbox.OutboxEvent.done_at)).where(col(outbox.OutboxEvent.id) == event.id)
            ):
                return
        await asyncio.sleep(0.5)


async def _load_demo(settings: Settings, preset: str) -> dict[str, int] | None:
    database = Database(settings)
    try:
        async with database.transaction() as session:
            if await loading.is_loaded(session):
                return None
        password_hash = hash_password(loading.PASSWORD)
        return await loading.load_city(
            database,
            now=clock.now(),
            password_hash=password_hash,
            upload_dir=settings.upload_dir,
            preset=preset,
        )
    finally:
        await database.close()
