"""Each effect happens once, whatever is killed, at whatever step."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.embedded import start_valkey, stop_process
from core import clock, ledger, outbox
from core.db import Database
from core.settings import Settings

EVENTS = 5
STEPS = [
    "relay: claimed, not committed",
    "relay: lease committed, not enqueued",
    "relay: enqueued",
    "worker: job taken, nothing done",
    "worker: in prepare",
    "worker: effect written, not committed",
    "worker: ledger sealed, not committed",
    "worker: committed, queue not told",
    "worker: queue told",
]

pytestmark = [pytest.mark.kill, pytest.mark.timeout(180)]


class Service:
    """A Valkey and a worker of the test's own, both of which may be killed."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder = settings, folder
        self.valkey, self.redis_url = start_valkey(folder / "valkey")
        self.worker: subprocess.Popen[bytes] | None = None

    def start_worker(self, step: str = "never") -> None:
        environment = os.environ | {
            "DATABASE_URL": self.settings.database_url,
            "REDIS_URL": self.redis_url,
            "YICHUANG_SECRET_KEY": self.settings.secret_key,
        }
        command = [sys.executable, "-m", "tests.kill.child", step]
        self.worker = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)

    async def run_until_killed(self, step: str) -> None:
        self.start_worker(step)
        assert self.worker is not None
        await asyncio.to_thread(self.worker.wait, 30)
        assert self.worker.returncode == -signal.SIGKILL

    def lose_valkey(self) -> None:
        """Kill it and lose all that it kept, then start an empty one at the same address."""
        self.valkey.send_signal(signal.SIGKILL)
        self.valkey.wait()
        shutil.rmtree(self.folder / "valkey")
        self.valkey, self.redis_url = start_valkey(self.folder / "valkey")

    def stop(self) -> None:
        if self.worker:
            stop_process(self.worker)
        stop_process(self.valkey)


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Iterator[Service]:
    service = Service(settings, tmp_path)
    yield service
    service.stop()


async def emit(database: Database, *, first: int = 0) -> None:
    async with database.transaction() as session:
        await session.execute(sa.text("CREATE TABLE IF NOT EXISTS effect (number int)"))
        for number in range(first, first + EVENTS):
            outbox.emit(session, "effect", {"number": number}, now=clock.now())


async def wait_until_done(database: Database, *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        async with database.transaction() as session:
            open_events = await session.scalar(
                sa.text("SELECT count(*) FROM outbox_event WHERE done_at IS NULL")
            )
        if not open_events:
            return
        await asyncio.sleep(0.1)
    pytest.fail("events were left undone")


async def assert_once(database: Database, expected: int) -> None:
    async with database.transaction() as session:
        numbers = (await session.scalars(sa.text("SELECT number FROM effect ORDER BY number"))).all()
        count, _, faults = await ledger.verify(session)
    assert (numbers, count, faults) == (list(range(expected)), expected, [])


async def test_effect_happens_once_when_killed_at_every_step(service: Service, database: Database) -> None:
    for round_, step in enumerate(STEPS):
        await emit(database, first=round_ * EVENTS)
        await service.run_until_killed(step)
    service.start_worker()
    await wait_until_done(database)
    await assert_once(database, EVENTS * len(STEPS))


async def test_effect_happens_once_when_the_queue_loses_everything(
    service: Service, database: Database
) -> None:
    await emit(database)
    # The relay dies right after enqueuing, so the jobs stand in the queue and nobody has run them.
    await service.run_until_killed("relay: enqueued")
    service.lose_valkey()
    service.start_worker()
    await wait_until_done(database)
    await assert_once(database, EVENTS)


async def test_worker_goes_on_after_the_queue_was_away(service: Service, database: Database) -> None:
    service.start_worker()
    await asyncio.sleep(1.5)
    service.lose_valkey()
    await emit(database)
    await wait_until_done(database)
    await assert_once(database, EVENTS)
