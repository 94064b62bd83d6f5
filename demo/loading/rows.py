"""Rows on their way into an empty database, many at a time, with ids given out beforehand so that they can refer to
each other.
"""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from core.ledger import Record

Row = dict[str, Any]


class Rows:
    """Rows by table, in the order in which the tables were first used: a referred-to table comes first."""

    def __init__(self) -> None:
        self._rows: dict[type[SQLModel], list[Row]] = defaultdict(list)
        self._last: dict[type[SQLModel], int] = {}
        self.records: list[Record] = []

    async def begin(self, session: AsyncSession, *models: type[SQLModel]) -> None:
        """Go on counting where the tables' ids end, and fill them in this order."""
        for model in models:
            self._rows[model] = []
            if "id" in _table(model).c:
                column = _table(model).c.id
                self._last[model] = (
                    await session.scalar(sa.select(sa.func.coalesce(sa.func.max(column), 0))) or 0
                )

    def add(self, model: type[SQLModel], **values: Any) -> Row:
        """The row may still be changed until it is written."""
        if model in self._last:
            self._last[model] += 1
            values["id"] = self._last[model]
        self._rows[model].append(values)
        return values

    async def write(self, session: AsyncSession) -> int:
        """Insert everything; returns how many rows."""
        written = 0
        for model, rows in self._rows.items():
            if not rows:
                continue
            names = {name for row in rows for name in row}
            defaults = {name: _default(model, name) for name in names}
            complete = [{name: row.get(name, defaults[name]) for name in names} for row in rows]
            await session.execute(sa.insert(_table(model)), complete)
            if model in self._last:
                name = _table(model).name
                sequence = sa.func.pg_get_serial_sequence(name, "id")
                await session.execute(sa.select(sa.func.setval(sequence, self._last[model])))
            written += len(rows)
        return written


def _table(model: type[SQLModel]) -> sa.Table:
    table: sa.Table = model.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
    return table


def _default(model: type[SQLModel], name: str) -> Any:
    return model.model_fields[name].get_default(call_default_factory=True)
