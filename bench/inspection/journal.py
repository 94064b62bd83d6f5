"""What has been done already, so that a replay that was killed goes on where it was.

Each act and the entry that it is done are one transaction. Started again, the replay walks the same way from the
beginning, is told what came of the acts that are done, and does the rest.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database

T = TypeVar("T")
Act = Callable[[AsyncSession], Awaitable[T]]
MAKE = "CREATE TABLE IF NOT EXISTS replay_journal (key text PRIMARY KEY, outcome text NOT NULL)"
READ = "SELECT key, outcome FROM replay_journal"
WRITE = "INSERT INTO replay_journal VALUES (:key, :outcome)"


class Journal:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._done: dict[str, str] = {}

    async def open(self) -> None:
        async with self._database.transaction() as session:
            await session.execute(sa.text(MAKE))
            self._done = {row.key: row.outcome for row in await session.execute(sa.text(READ))}

    async def once(self, key: str, kind: type[T], act: Act[T]) -> T:
        """The outcome of the act, which is of a `kind` that msgspec can read."""
        if key in self._done:
            return msgspec.json.decode(self._done[key], type=kind)
        async with self._database.transaction() as session:
            outcome = await act(session)
            values: dict[str, Any] = {"key": key, "outcome": msgspec.json.encode(outcome).decode()}
            await session.execute(sa.text(WRITE), values)
        return outcome
