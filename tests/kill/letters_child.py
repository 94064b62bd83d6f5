"""A worker for letters alone, which only notes that each was printed: python -m tests.kill.letters_child"""

import asyncio
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from api import handlers, worker
from core import outbox
from core.outbox import Event, Handler
from core.settings import Settings
from inspection.commands import letters

QUEUE = "letters"


async def note(session: AsyncSession, event: Event, _: None, __: datetime) -> None:
    await session.execute(
        sa.text("INSERT INTO printed VALUES (:letter)"), {"letter": event.payload["letter_id"]}
    )


def main() -> None:
    outbox.LEASE, outbox.LONGEST_LEASE = timedelta(seconds=1), timedelta(seconds=2)
    worker.JOB_TIMEOUT_SECONDS = 1
    worker.JOBS_AT_ONCE[QUEUE] = 2
    handlers.HANDLERS[:] = [Handler(letters.PRINT, note, queue=QUEUE)]
    asyncio.run(worker.serve_jobs(Settings(), QUEUE))


if __name__ == "__main__":
    main()
