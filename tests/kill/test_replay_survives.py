"""A year that is killed again and again ends as one that nobody disturbed, with every letter sent once.

Its process dies, its connection breaks, PostgreSQL restarts without a goodbye; beside it a worker prints the letters,
whose queue loses all that it had and which is killed itself. `KILLS` and `CASES` set how often, and how many cases;
`make test-kill-replay` kills a hundred times.
"""

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import psycopg
import pytest
import sqlalchemy as sa

from bench.inspection.replay import build_year
from bench.inspection.staff import hire
from core import calendars, ledger
from core.db import Database
from core.settings import Settings
from inspection.catalogue import seed_catalogue
from migrations.schema import metadata
from tests.conftest import NOW, settings_for
from tests.kill.servers import Servers

KILLS, CASES = int(os.environ.get("KILLS", "3")), int(os.environ.get("CASES", "2"))
WAYS = ("server", "connection", "process")
pytestmark = [pytest.mark.kill, pytest.mark.timeout(max(300, 60 * KILLS))]

#: What must come out the same; ids may differ, since a transaction that dies takes its numbers with it.
FINAL = {
    "cases": "SELECT code, state, round, accepted_at, issued_at FROM inspection_case",
    "events": "SELECT c.code, e.name, e.at, e.state_before, e.state_after FROM case_event e"
    " JOIN inspection_case c ON c.id = e.case_id",
    "letters": "SELECT c.code, l.kind, l.recipient, l.sent_at, l.reply_by FROM letter l"
    " JOIN inspection_case c ON c.id = l.case_id",
    "clocks": "SELECT c.code, k.node, k.started_on, k.due, k.lamp, k.stopped_at FROM clock k"
    " JOIN inspection_case c ON c.id = k.case_id",
    "bookings": "SELECT officer_id, during, state FROM booking",
    "outbox": "SELECT topic, due, done_at FROM outbox_event WHERE topic <> 'inspection.letter'",
    "ledger": "SELECT at, actor, action, subject FROM ledger_entry",
}


@pytest.fixture
def servers() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    servers.stop()


def create(servers: Servers, name: str, folder: Path) -> Settings:
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    url = sa.make_url(servers.database_url).set(database=name).render_as_string(hide_password=False)
    return settings_for(name, database_url=url, redis_url=servers.redis_url, data_dir=folder)


async def prepare(settings: Settings) -> Path:
    database = Database(settings)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(sa.text("CREATE TABLE printed (letter bigint)"))
    async with database.transaction() as session:
        await calendars.seed_state_council(session, now=NOW)
        await seed_catalogue(session, now=NOW.replace(year=2024))
    staff = await hire(database, build_year(CASES))
    await database.close()
    path = settings.data_dir / f"{sa.make_url(settings.database_url).database}.pickle"
    path.write_bytes(pickle.dumps(staff))
    return path


def start(settings: Settings, module: str, *arguments: str) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    command = [sys.executable, "-m", f"tests.kill.{module}", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def replay(settings: Settings, staff: Path, statement: int = 0, how: str = "process") -> int:
    child = start(settings, "replay_child", str(staff), str(CASES), str(statement), how)
    return await asyncio.to_thread(child.wait)


async def disturb(servers: Servers, settings: Settings, staff: Path, rng: Random, how: str) -> int:
    """One attempt at the year that comes to a bad end, and so does the worker beside it."""
    worker = start(settings, "letters_child")
    attempt = asyncio.create_task(replay(settings, staff, rng.randrange(20, 500), how))
    await asyncio.wait({attempt}, timeout=rng.uniform(1, 3))
    await asyncio.to_thread(servers.lose_valkey)
    code = await attempt
    if how == "server":
        await asyncio.to_thread(servers.restart_postgres)
    await asyncio.sleep(rng.uniform(0, 1))
    worker.kill()
    worker.wait()
    return code


async def print_the_rest(settings: Settings) -> None:
    worker = start(settings, "letters_child")
    database = Database(settings)
    owed = sa.text("SELECT count(*) FROM outbox_event WHERE done_at IS NULL AND topic = 'inspection.letter'")
    deadline = time.monotonic() + 120
    left = 1
    while left and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        async with database.transaction() as session:
            left = await session.scalar(owed) or 0
    await database.close()
    worker.terminate()
    worker.wait()
    assert left == 0


async def final_state(settings: Settings) -> dict[str, Counter[tuple[str, ...]]]:
    database = Database(settings)
    async with database.transaction() as session:
        assert (await ledger.verify(session))[2] == []
        found = {
            name: Counter(tuple(map(str, row)) for row in await session.execute(sa.text(statement)))
            for name, statement in FINAL.items()
        }
    await database.close()
    return found


async def test_killed_replay_ends_as_an_undisturbed_one(servers: Servers, tmp_path: Path) -> None:
    settings, other = create(servers, "disturbed", tmp_path), create(servers, "undisturbed", tmp_path)
    staff, staff_of_other = await prepare(settings), await prepare(other)
    rng = Random(7)
    codes = [
        await disturb(servers, settings, staff, rng, WAYS[number % len(WAYS)]) for number in range(KILLS)
    ]
    assert set(codes) <= {0, 1, -signal.SIGKILL}
    assert any(codes)
    assert await replay(settings, staff) == 0
    assert await replay(other, staff_of_other) == 0
    await print_the_rest(settings)
    disturbed, undisturbed = await final_state(settings), await final_state(other)
    assert undisturbed["letters"]
    for name, rows in undisturbed.items():
        assert disturbed[name] == rows, name
    await assert_each_letter_once(settings)


async def assert_each_letter_once(settings: Settings) -> None:
    database = Database(settings)
    async with database.transaction() as session:
        printed = list(await session.scalars(sa.text("SELECT letter FROM printed ORDER BY letter")))
        sent = list(
            await session.scalars(sa.text("SELECT id FROM letter WHERE kind <> 'deficiency' ORDER BY id"))
        )
    await database.close()
    assert printed == sent
