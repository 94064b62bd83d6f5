"""A worker process that kills itself at a chosen step: python -m tests.kill.child STEP"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from arq import Worker
from arq.connections import create_pool
from sqlalchemy.ext.asyncio import AsyncSession

from api import handlers, worker
from core import ledger, outbox
from core.outbox import Event, Handler
from core.settings import Settings

STEP = sys.argv[1]


def die_at(step: str) -> None:
    if step == STEP:
        os.kill(os.getpid(), signal.SIGKILL)


def around(
    function: Callable[..., Awaitable[Any]], *, before: str = "", after: str = ""
) -> Callable[..., Any]:
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        die_at(before)
        result = await function(*args, **kwargs)
        die_at(after)
        return result

    return wrapped


async def prepare(_resources: object, event: Event) -> int:
    die_at("worker: in prepare")
    return int(event.payload["number"])


async def apply(session: AsyncSession, event: Event, prepared: int, now: datetime) -> None:
    """The effect: one row and one ledger entry; nothing but the outbox keeps it from happening twice."""
    await session.execute(sa.text("INSERT INTO effect VALUES (:number)"), {"number": prepared})
    ledger.record(session, action="effect", subject=f"event:{event.id}", now=now)
    die_at("worker: effect written, not committed")


def main() -> None:
    outbox.LEASE = timedelta(seconds=1)
    outbox.LONGEST_LEASE = timedelta(seconds=2)
    worker.JOB_TIMEOUT_SECONDS = 1
    handlers.HANDLERS[:] = [Handler("effect", apply=apply, prepare=prepare)]
    ledger.seal = around(ledger.seal, after="worker: ledger sealed, not committed")
    outbox.claim_due = around(outbox.claim_due, after="relay: claimed, not committed")
    outbox.consume = around(
        outbox.consume, before="worker: job taken, nothing done", after="worker: committed, queue not told"
    )
    Worker.finish_job = around(  # type: ignore[method-assign]
        Worker.finish_job, after="worker: queue told"
    )
    original = create_pool

    async def pool(*args: Any, **kwargs: Any) -> Any:
        redis = await original(*args, **kwargs)
        redis.enqueue_job = around(  # type: ignore[method-assign]
            redis.enqueue_job, before="relay: lease committed, not enqueued", after="relay: enqueued"
        )
        return redis

    worker.create_pool = pool  # type: ignore[attr-defined]
    asyncio.run(worker.serve_jobs(Settings()))


if __name__ == "__main__":
    main()
