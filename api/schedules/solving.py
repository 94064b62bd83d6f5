"""The worker's part: the engine in a process of its own, its progress kept where readers find it."""

import asyncio
import sys
import time
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from api.resources import Resources
from api.schedules import commands
from api.schedules.models import ScheduleState
from core.outbox import Event, Handler
from scheduling.process import Line, Result

#: How often progress is stored and a cancellation is looked for.
BEAT_SECONDS = 0.4
#: A problem is one line.
LINE_LIMIT = 1 << 28


async def prepare(resources: Resources, event: Event) -> dict[str, Any] | None:
    """Solve; None if the engine died."""
    code = event.payload["code"]
    async with resources.database.transaction() as session:
        row = await commands.find(session, code, lock=True)
        commands.begin(row)
        task = {"problem": row.problem, **row.options}
    engine = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scheduling.process"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_LIMIT,
    )
    try:
        return await _listen(resources, code, engine, msgspec.json.encode(task))
    finally:
        if engine.returncode is None:
            engine.kill()
        await engine.wait()


async def _listen(
    resources: Resources, code: str, engine: asyncio.subprocess.Process, task: bytes
) -> dict[str, Any] | None:
    assert engine.stdin is not None  # noqa: S101 - both are pipes
    assert engine.stdout is not None  # noqa: S101
    engine.stdin.write(task + b"\n")
    await engine.stdin.drain()
    beat = time.monotonic()
    while said := await engine.stdout.readline():
        line = msgspec.json.decode(said, type=Line)
        if isinstance(line, Result):
            result: dict[str, Any] = msgspec.to_builtins(line)
            return result
        if time.monotonic() - beat > BEAT_SECONDS:
            beat = time.monotonic()
            if await _store_progress(resources, code, msgspec.to_builtins(line)):
                engine.stdin.write(b"x")
                await engine.stdin.drain()
    return None


async def _store_progress(resources: Resources, code: str, step: dict[str, Any]) -> bool:
    """True if somebody asked to cancel."""
    async with resources.database.transaction() as session:
        row = await commands.find(session, code)
        row.progress = step
        return row.state is ScheduleState.CANCELLING


async def apply(session: AsyncSession, event: Event, result: dict[str, Any] | None, now: datetime) -> None:
    commands.finish(await commands.find(session, event.payload["code"], lock=True), result, now=now)


HANDLERS = [Handler(commands.TOPIC, apply, prepare)]
