"""Rows that commands only add: they wait, and are written with one statement for each table.

That is when the transaction ends, or before a statement that asks for their table (`core/db.py`), so that whoever
looks sees them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, cast

import msgspec
import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

_KEY = "journal"
#: With its parameters.
Statement = tuple[sa.Insert | sa.Delete | sa.Select[Any], dict[str, Any]]


@dataclass(slots=True)
class Waiting:
    """What is to become of one table: first `withdrawn` are deleted by `withdrawal`, then `rows` are added."""

    rows: list[Mapping[str, Any]] = field(default_factory=list)
    withdrawal: sa.Delete | None = None
    withdrawn: set[str] = field(default_factory=set)

    def statements(self, table: sa.Table) -> Iterator[Statement]:
        if self.withdrawal is not None:
            yield self.withdrawal, {"keys": sorted(self.withdrawn)}
        if self.rows:
            yield insertion(table), batch(self.rows)


def of(session: AsyncSession, table: sa.Table) -> Waiting:
    """What waits for this table, to be added to."""
    known: dict[sa.Table, Waiting] = session.info.setdefault(_KEY, {})
    return known.setdefault(table, Waiting())


def tables(session: Session) -> set[str]:
    """Names of those that something waits for."""
    return {table.name for table in session.info.get(_KEY, ())}


def copied(session: Session) -> dict[sa.Table, Waiting]:
    known: dict[sa.Table, Waiting] = session.info.get(_KEY, {})
    return {
        table: replace(each, rows=[*each.rows], withdrawn={*each.withdrawn}) for table, each in known.items()
    }


def restore(session: Session, known: dict[sa.Table, Waiting]) -> None:
    """As it was when it was `copied`."""
    session.info[_KEY] = known


def take(session: Session | AsyncSession) -> list[Statement]:
    """What is to be executed now, with its parameters; what the rows refer to is flushed before."""
    waiting: dict[sa.Table, Waiting] = session.info.pop(_KEY, {})
    return [statement for table, each in waiting.items() for statement in each.statements(table)]


async def execute(session: AsyncSession, statements: Iterable[Statement]) -> list[psycopg.AsyncCursor[Any]]:
    """All in one round trip, by the driver's pipeline; nobody else uses the connection meanwhile.

    Raises SQLAlchemy's errors, as a statement of its own would.
    """
    connection = await (await session.connection()).get_raw_connection()
    driver = cast("psycopg.AsyncConnection[Any]", connection.driver_connection)
    try:
        async with driver.pipeline():
            return [await driver.execute(_text(statement), values) for statement, values in statements]
    except psycopg.Error as error:
        raise sa.exc.DBAPIError.instance(None, None, error, psycopg.Error, dialect=_DIALECT) from error


@cache
def _text(statement: sa.ClauseElement) -> bytes:
    return str(statement.compile(dialect=_DIALECT)).encode()


_DIALECT: sa.Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


def batch(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The parameters of an `insertion`."""
    return {"rows": msgspec.json.encode(rows).decode()}


@cache
def insertion(table: sa.Table) -> sa.Insert:
    """Any number of rows by one statement with one parameter; the database counts the key where it has a sequence.

    JSON, because psycopg escapes the elements of an array one by one, which costs more than all the rest.
    """
    counted = table.autoincrement_column
    columns = [sa.column(column.name, column.type) for column in table.columns if column is not counted]
    rows = (
        sa.func.json_to_recordset(sa.cast(sa.bindparam("rows", type_=sa.Text), postgresql.JSON))
        .table_valued(*columns, name="rows")
        .render_derived(with_types=True)
    )
    return sa.insert(table).from_select([column.name for column in columns], sa.select(rows))
