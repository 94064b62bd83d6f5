"""The worker process: arq jobs that carry out outbox events, and the relay that enqueues them.

Several workers may run side by side; the relay's row locks keep them from taking the same event. Each serves one queue:
a topic whose handler names a queue of its own (solving a plan takes a whole processor) is left to its workers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import structlog
from arq import Worker
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from api import demo_clock, handlers
from api.resources import Resources
from api.schedules import solving
from core import clock, log, outbox
from core.settings import Settings

RELAY_PAUSE_SECONDS = 0.2
TROUBLE_PAUSE_SECONDS = 1.0
JOB_TIMEOUT_SECONDS = 120

#: Jobs that one worker carries out side by side; a solve has it to itself.
JOBS_AT_ONCE = {outbox.GENERAL: 8, solving.QUEUE: 1}

Enqueue = Callable[[int], Awaitable[object]]


async def run_event(ctx: dict[Any, Any], event_id: int) -> None:
    """The arq job of one outbox event. A failure is noted beside the event, whose lease brings it back."""
    resources: Resources = ctx["resources"]
    structlog.contextvars.bind_contextvars(event_id=event_id)
    try:
        await outbox.consume(resources.database, resources, handlers.HANDLERS, event_id, now=clock.now)
    except Exception as error:  # noqa: BLE001 - any handler's failure is the event's, never the worker's
        log.log.exception("event failed")
        async with resources.database.transaction() as session:
            await outbox.note_failure(session, event_id, repr(error))
    finally:
        structlog.contextvars.clear_contextvars()


async def relay_once(
    resources: Resources, enqueue: Enqueue, *, now: datetime, queue: str | None = None
) -> int:
    """Enqueue what is due (in this queue). The lease is committed before, so a crash in between only delays."""
    async with resources.database.transaction() as session:
        topics = {each.topic for each in handlers.HANDLERS if each.queue == queue}
        others = {each.topic for each in handlers.HANDLERS} - topics
        if queue is None:
            due = await outbox.claim_due(session, now=now)
        elif queue == outbox.GENERAL:  # also what nobody handles
            due = await outbox.claim_due(session, now=now, except_topics=others)
        else:
            due = await outbox.claim_due(session, now=now, topics=topics)
    for event_id in due:
        await enqueue(event_id)
    return len(due)


async def relay(resources: Resources, pool: ArqRedis, queue: str) -> None:
    """Relay for ever, through outages of the database or the queue."""

    async def enqueue(event_id: int) -> object:
        job = f"outbox:{event_id}"
        if queue != outbox.GENERAL:
            # Long work holds its event: one that is due again has a dead worker, whose job still seems to run.
            async with resources.database.transaction() as session:
                job += f":{await outbox.attempts(session, event_id)}"
        return await pool.enqueue_job("run_event", event_id, _job_id=job, _queue_name=f"yichuang:{queue}")

    while True:
        try:
            busy = await relay_once(resources, enqueue, now=clock.now(), queue=queue)
        except (SQLAlchemyError, RedisError, OSError) as error:
            log.log.warning("relay waits", reason=type(error).__name__)
            await asyncio.sleep(TROUBLE_PAUSE_SECONDS)
            continue
        if not busy:
            await asyncio.sleep(RELAY_PAUSE_SECONDS)


async def serve_jobs(settings: Settings, queue: str = outbox.GENERAL) -> None:
    """Run until SIGTERM or SIGINT, through outages of the queue."""
    demo_clock.follow(settings)
    log.configure(json=settings.log_json)
    resources = Resources.open(settings)
    if queue == solving.QUEUE:
        await resources.engines.keep_ready()
    try:
        while await serve_until_trouble(resources, queue):
            pass
    finally:
        await resources.close()


async def serve_until_trouble(resources: Resources, queue: str) -> bool:
    """False when a signal asked to stop, True when the queue went away."""
    try:
        pool = await create_pool(RedisSettings.from_dsn(resources.settings.redis_url))
        worker = Worker(
            functions=[run_event],
            redis_pool=pool,
            queue_name=f"yichuang:{queue}",
            ctx={"resources": resources},
            keep_result=0,
            max_jobs=JOBS_AT_ONCE[queue],
            job_timeout=JOB_TIMEOUT_SECONDS,
            poll_delay=0.1,
            handle_signals=True,
        )
        relaying = asyncio.create_task(relay(resources, pool, queue))
        try:
            await worker.async_run()
        finally:
            relaying.cancel()
            await worker.close()
    except asyncio.CancelledError:  # how arq ends on a signal
        return False
    except (RedisError, OSError) as error:
        log.log.warning("worker waits", reason=type(error).__name__)
        await asyncio.sleep(TROUBLE_PAUSE_SECONDS)
        return True
    return False
