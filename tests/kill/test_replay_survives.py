"""A year that is killed again and again ends as one that nobody disturbed, with every letter sent once.

`KILLS` and `CASES` set how often, and how many cases; `make test-kill-replay` kills a hundred times.
"""

import asyncio
import os
import pickle
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from bench.inspection.replay import build_year
from bench.inspection.staff import hire
from core import ledger
from core.db import Database
from core.settings import Settings
from inspection.catalogue import seed_catalogue
from tests.conftest import NOW, Clones, settings_for

KILLS, CASES = int(os.environ.get("KILLS", "3")), int(os.environ.get("CASES", "2"))
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
    "outbox": "SELECT topic, due, done_at FROM outbox_event",
    "ledger": "SELECT at, actor, action, subject FROM ledger_entry",
}


async def prepare(settings: Settings, folder: Path) -> Path:
    database = Database(settings)
    async with database.transaction() as session:
        await seed_catalogue(session, now=NOW.replace(year=2024))
    staff = await hire(database, build_year(CASES))
    await database.close()
    path = folder / f"{sa.make_url(settings.database_url).database}.pickle"
    path.write_bytes(pickle.dumps(staff))
    return path


def replay(settings: Settings, staff: Path, statement: int = 0, how: str = "process") -> int:
    environment = os.environ | {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    command = [sys.executable, "-m", "tests.kill.replay_child", str(staff), str(CASES), str(statement), how]
    ended = subprocess.run(command, env=environment, check=False, stderr=subprocess.PIPE)
    return ended.returncode


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


async def test_killed_replay_ends_as_an_undisturbed_one(
    settings: Settings, clones: Clones, tmp_path: Path
) -> None:
    other = settings_for(clones.make(), data_dir=tmp_path)
    staff, staff_of_other = await prepare(settings, tmp_path), await prepare(other, tmp_path)
    rng = Random(7)
    died = 0
    for number in range(KILLS):
        how = ("process", "connection")[number % 2]
        code = await asyncio.to_thread(replay, settings, staff, rng.randrange(20, 900), how)
        died += code != 0
        assert code in {0, 1, -signal.SIGKILL}
    assert await asyncio.to_thread(replay, settings, staff) == 0
    assert await asyncio.to_thread(replay, other, staff_of_other) == 0
    disturbed, undisturbed = await final_state(settings), await final_state(other)
    clones.drop(str(sa.make_url(other.database_url).database))
    assert died > 0
    assert undisturbed["letters"]
    for name, rows in undisturbed.items():
        assert disturbed[name] == rows, name
