"""A scheduling worker that kills itself while it solves a part: python -m tests.kill.schedule_child STEP"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from api import worker
from api.resources import Resources
from api.schedules import solving
from core import outbox
from core.outbox import Event
from core.settings import Settings

STEP = sys.argv[1]


def main() -> None:
    solving.SILENCE = timedelta(seconds=5)
    outbox.LEASE = timedelta(seconds=10)  # of what the dead relay had claimed and not yet enqueued
    keep = solving._keep

    async def keep_and_die(resources: Resources, event: Event, step: Mapping[str, Any] | None) -> bool:
        cancelled = await keep(resources, event, dict(step) if step else None)
        if STEP == "part begun" and "number" in event.payload:
            os.kill(os.getpid(), signal.SIGKILL)
        return cancelled

    solving._keep = keep_and_die
    asyncio.run(worker.serve_jobs(Settings(), solving.QUEUE))


if __name__ == "__main__":
    main()
