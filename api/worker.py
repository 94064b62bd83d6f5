"""The worker process: arq jobs that carry out outbox events, and the relay that enqueues them.

Several workers may run side by side; the relay's row locks keep them from taking the same event.
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

from api.handlers import HANDLERS
from api.resources import Resources
from core import clock, log, outbox
from core.settings import Settings

QUEUE = "yichuang:jobs"
RELAY_PAUSE_SECONDS = 0.2
TROUBLE_PAUSE_SECONDS = 1.0
JOB_TIMEOUT_SECONDS = 120

Enqueue = Callable[[int], Awaitable[object]]


async def run_event(ctx: dict[Any, Any], event_id: int) -> None:
    """The arq job of one outbox event. A failure is noted beside the event, whose lease brings it back."""
    resources: Resources = ctx["resources"]
    structlog.contextvars.bind_contextvars(event_id=event_id)
    try:
        await outbox.consume(resources.database, resources, HANDLERS, event_id, now=clock.now)
    except Exception as error:  # noqa: BLE001 - any handler's failure is the event's, never the worker's
        log.log.exception("event failed")
        async with resources.database.transaction() as session:
            await outbox.note_failure(session, event_id, repr(error))
    finally:
        structlog.contextvars.clear_contextvars()


async def relay_once(resources: Resources, enqueue: Enqueue, *, now: datetime) -> int:
    """Enqueue what is due. The lease is committed before, so a crash in between only delays."""
    async with resources.database.transaction() as session:
        due = await outbox.claim_due(session, now=now)
    for event_id in due:
        await enqueue(event_id)
    return len(due)


async def relay(resources: Resources, pool: ArqRedis) -> None:
    """Relay for ever, through outages of the database or the queue."""

    async def enqueue(event_id: int) -> object:
        return await pool.enqueue_job("run_event", event_id, _job_id=f"outbox:{event_id}", _queue_name=QUEUE)

    while True:
        try:
            busy = await relay_once(resources, enqueue, now=clock.now())
        except (SQLAlchemyError, RedisError, OSError) as error:
            log.log.warning("relay waits", reason=type(error).__name__)
            await asyncio.sleep(TROUBLE_PAUSE_SECONDS)
            continue
        if not busy:
            await asyncio.sleep(RELAY_PAUSE_SECONDS)


async def serve_jobs(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT, through outages of the queue."""
    log.configure(json=settings.log_json)
    resources = Resources.open(settings)
    try:
        while await serve_until_trouble(resources):
            pass
    finally:
        await resources.close()


async def serve_until_trouble(resources: Resources) -> bool:
    """False when a signal asked to stop, True when the queue went away."""
    try:
        pool = await create_pool(RedisSettings.from_dsn(resources.settings.redis_url))
        worker = Worker(
            functions=[run_event],
            redis_pool=pool,
            queue_name=QUEUE,
            ctx={"resources": resources},
            keep_result=0,
            max_jobs=8,
            job_timeout=JOB_TIMEOUT_SECONDS,
            poll_delay=0.1,
            handle_signals=True,
        )
        relaying = asyncio.create_task(relay(resources, pool))
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
