"""The scheduling worker's part: the engine in a process of its own, its progress kept where readers find it.

solve → small: the plan
      → large: parts, each an event of its own that any worker takes → the last one done: join → the plan
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from api.resources import Resources
from api.schedules import commands
from api.schedules.models import ScheduleState
from core import clock, outbox
from core.outbox import Event, Handler
from scheduling.plan import Plan
from scheduling.problem import Problem
from scheduling.process import Failure, Line, Result
from scheduling.split import join, split
from scheduling.split_districts import split_by_district

QUEUE = "scheduling"
#: How often progress is stored and a cancellation is looked for.
BEAT_SECONDS = 0.4
#: A worker that has not been heard of for so long is taken for dead, and another begins anew.
SILENCE = timedelta(seconds=15)
#: Parts of a plan have this share of its time, the whole that is joined from them has the rest.
PARTS_SHARE = 0.6
SPLITS = {"days": split, "districts": split_by_district}


async def prepare(resources: Resources, event: Event) -> dict[str, Any] | Sequence[Problem]:
    """The engine's last word, or the parts of a large problem."""
    code = event.payload["code"]
    async with resources.database.transaction() as session:
        row = await commands.find(session, code, lock=True)
        commands.begin(row)
        problem, options = row.problem, row.options
    parts, by = options.get("parts", 1), SPLITS[options.get("split", "days")]
    if parts > 1:
        whole = msgspec.convert(problem, Problem)
        found = await asyncio.to_thread(by, whole, parts)
        if len(found) > 1:
            return found
    return await _solve(resources, event, {"problem": problem, **_share(options, 1)})


async def apply(
    session: AsyncSession, event: Event, found: dict[str, Any] | Sequence[Problem], now: datetime
) -> None:
    row = await commands.find(session, event.payload["code"], lock=True)
    if isinstance(found, dict):
        commands.finish(row, found, now=now)
    else:
        commands.divide(session, row, found, now=now)


async def prepare_part(resources: Resources, event: Event) -> dict[str, Any]:
    async with resources.database.transaction() as session:
        row = await commands.find(session, event.payload["code"])
        part = await commands.find_part(session, row, event.payload["number"])
        task = {"problem": part.problem, **_share(row.options, PARTS_SHARE)}
    return await _solve(resources, event, task)


async def apply_part(session: AsyncSession, event: Event, result: dict[str, Any], now: datetime) -> None:
    row = await commands.find(session, event.payload["code"], lock=True)
    await commands.finish_part(
        session, row, event.payload["number"], None if "failure" in result else result, now=now
    )


async def prepare_join(resources: Resources, event: Event) -> dict[str, Any]:
    """The parts' plans together, made better as a whole; what a part left out may find a place now."""
    async with resources.database.transaction() as session:
        row = await commands.find(session, event.payload["code"])
        results = await commands.part_results(session, row)
        problem, options = row.problem, _share(row.options, 1 - PARTS_SHARE)
    plans = [msgspec.convert(result["plan"], Plan) for result in results if result]
    start = await asyncio.to_thread(join, msgspec.convert(problem, Problem), plans)
    return await _solve(resources, event, {"problem": problem, "start": start, **options})


def _share(options: dict[str, Any], share: float) -> dict[str, Any]:
    return {"seed": options["seed"], "seconds": options["seconds"] * share}


async def _solve(resources: Resources, event: Event, task: dict[str, Any]) -> dict[str, Any]:
    await _keep(resources, event, None)
    memory = resources.settings.solve_memory
    engine = await resources.engines.take()
    try:
        last = await _listen(resources, event, engine, msgspec.json.encode({**task, "memory": memory}))
    finally:
        if engine.returncode is None:
            engine.kill()
        await engine.wait()
    result: dict[str, Any] = msgspec.to_builtins(last)
    return result


async def _listen(
    resources: Resources, event: Event, engine: asyncio.subprocess.Process, task: bytes
) -> Result | Failure:
    assert engine.stdin is not None  # noqa: S101 - both are pipes
    assert engine.stdout is not None  # noqa: S101
    latest: dict[str, Any] = {}
    beating = asyncio.create_task(_beat(resources, event, engine.stdin, latest))
    try:
        engine.stdin.write(task + b"\n")
        await engine.stdin.drain()
        while said := await engine.stdout.readline():
            line = msgspec.json.decode(said, type=Line)
            if isinstance(line, Result | Failure):
                await _keep(resources, event, latest)  # however short the solve was, its last word is kept
                return line
            latest |= msgspec.to_builtins(line)
    except ConnectionError:
        pass
    finally:
        beating.cancel()
    return Failure(failure="crashed")


async def _beat(
    resources: Resources, event: Event, engine: asyncio.StreamWriter, latest: dict[str, Any]
) -> None:
    """Until the solve ends: say that it goes on, and pass on a cancellation."""
    cancelled = False
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        if await _keep(resources, event, dict(latest)) and not cancelled:
            cancelled = True
            engine.write(b"x")
            await engine.drain()


async def _keep(resources: Resources, event: Event, step: dict[str, Any] | None) -> bool:
    """Hold the event and store the progress. True if somebody asked to cancel."""
    async with resources.database.transaction() as session:
        await outbox.hold(session, event.id, until=clock.now() + clock.lasting(SILENCE))
        row = await commands.find(session, event.payload["code"])
        if step:
            row.progress = {
                **step,
                **({"part": event.payload["number"]} if "number" in event.payload else {}),
            }
        return row.state is ScheduleState.CANCELLING


HANDLERS = [
    Handler(commands.SOLVE, apply, prepare, QUEUE),
    Handler(commands.SOLVE_PART, apply_part, prepare_part, QUEUE),
    Handler(commands.JOIN, apply, prepare_join, QUEUE),
]
