"""A worker killed while it solves a part of a large plan: another solves that part too, and the plan is whole."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import msgspec
import pytest

from api.embedded import stop_process
from api.schedules import commands
from api.schedules.models import Schedule, ScheduleState
from core import clock
from core.db import Database
from core.settings import Settings
from scheduling.checker import check
from scheduling.plan import Plan
from tests.scheduling.towns import town

pytestmark = [pytest.mark.kill, pytest.mark.timeout(400)]


def start_worker(settings: Settings, step: str) -> "subprocess.Popen[bytes]":
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "YICHUANG_SECRET_KEY": settings.secret_key,
    }
    command = [sys.executable, "-m", "tests.kill.schedule_child", step]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


async def plan_of(database: Database, code: str, *, seconds: float = 240) -> Schedule:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        async with database.transaction() as session:
            row = await commands.find(session, code)
        if row.state is ScheduleState.DRAFT:
            return row
        await asyncio.sleep(0.2)
    pytest.fail("nobody took the part over")


async def test_part_of_a_killed_worker_is_solved_by_another(settings: Settings, database: Database) -> None:
    problem = town(4, visits=12, days=6)
    async with database.transaction() as session:
        row = commands.request_solve(session, problem, seconds=1, seed=0, parts=2, by="test", now=clock.now())
    dying = start_worker(settings, "part begun")
    assert await asyncio.to_thread(dying.wait, 100) == -signal.SIGKILL
    living = start_worker(settings, "never")
    try:
        done = await plan_of(database, row.code)
    finally:
        stop_process(living)
    assert done.result is not None
    plan = msgspec.convert(done.result["plan"], Plan)
    assert check(problem, plan).violations == ()
    assert plan.unserved(problem) == ()
