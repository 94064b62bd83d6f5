"""A worker that kills itself while a dossier is checked: python -m tests.kill.dossier_child STEP"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from redis.asyncio import Redis

from api import worker
from core import ledger, outbox
from core.settings import Settings
from documents import handlers, progress

STEP = sys.argv[1]


def die_at(step: str) -> None:
    if step == STEP:
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    outbox.LEASE = timedelta(seconds=1)
    outbox.LONGEST_LEASE = timedelta(seconds=2)
    worker.JOB_TIMEOUT_SECONDS = 20
    handlers.ALONGSIDE = 1
    tell, seal = progress.tell, ledger.seal

    async def tell_and_die(redis: Redis, dossier_key: str, states: Mapping[int, str]) -> None:
        await tell(redis, dossier_key, states)
        if progress.READ in states.values():
            die_at("one file read")

    async def seal_and_die(session: Any) -> None:
        recorded = {entry.action for entry in session.info.get("ledger_pending", [])}
        await seal(session)
        if "dossier.check" in recorded:
            die_at("report written, not committed")

    progress.tell = tell_and_die
    ledger.seal = seal_and_die
    asyncio.run(worker.serve_jobs(Settings()))


if __name__ == "__main__":
    main()
