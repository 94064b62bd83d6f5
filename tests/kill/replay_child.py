"""Replays a small year, and dies at a chosen statement: python -m tests.kill.replay_child STAFF CASES STATEMENT HOW

`STAFF` is the pickled `Staff`; `STATEMENT` 0 lets it live; `HOW` is `process`, `connection` for one that breaks under
it, or `server` for all connections at once and a PostgreSQL that has to recover.
"""

import asyncio
import os
import pickle
import signal
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.inspection.journal import Journal
from bench.inspection.lanes import Lane
from bench.inspection.replay import build_year
from bench.inspection.staff import Staff
from bench.inspection.year import Year
from core.db import Database
from core.settings import Settings

STAFF, CASES, STATEMENT, HOW = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]


class Fate:
    def __init__(self) -> None:
        self.statements = 0

    def __call__(self, connection: Any, *_: Any) -> None:
        self.statements += 1
        if self.statements != STATEMENT:
            return
        if HOW == "process":
            os.kill(os.getpid(), signal.SIGKILL)
        cursor = connection.connection.cursor()
        if HOW == "server":
            cursor.execute("SELECT pg_read_file('postmaster.pid')")
            postmaster = int(cursor.fetchone()[0].split()[0])
            os.kill(postmaster, signal.SIGQUIT)  # its immediate shutdown
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def main(staff: Staff) -> None:
    database = Database(Settings())
    journal = Journal(database)
    await journal.open()
    year = Year(database, build_year(CASES), staff, Lane(), journal)
    year.desk.slot_limit = 60.0
    fate = Fate()
    for moment in ("before_cursor_execute", "commit"):  # the latter when all is sealed
        sa.event.listen(database.engine.sync_engine, moment, fate)
    await year.run()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(pickle.loads(STAFF.read_bytes())))  # noqa: S301 - our own parent wrote it
