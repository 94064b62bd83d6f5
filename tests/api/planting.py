"""Markers in every column that is closed, each telling its column, so that a leak names what it leaks."""

import re
import tomllib
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from migrations.schema import metadata

#: Words, figures, degrees and days that nothing else on the site says.
WORD, FIGURE, DEGREES, FIRST_DAY = "qzx", 1_731_000_000, 7.731, date(2391, 1, 1)
MARK = re.compile(rf"{WORD}(\d{{3}})q|1731000(\d{{3}})|7\.731(\d{{3}})|\b2391\b")
#: A value's text in JSON as PostgreSQL writes it; names of fields are followed by a colon.
JSON_STRING = r'([:\[,]\s*)"(?:[^"\\]|\\.)*"(?!\s*:)'


def declared() -> dict[str, dict[str, set[str]]]:
    """Table → "public" and "closed" → columns."""
    text = (Path(__file__).parent / "disclosure.toml").read_text()
    return {
        table: {name: set(columns.split()) for name, columns in kinds.items()}
        for table, kinds in tomllib.loads(text).items()
    }


@cache
def closed_columns() -> list[sa.Column[Any]]:
    """Those that can carry a marker: keys must keep their links, and a state or a flag is no secret word."""
    classes = declared()
    return [
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name in classes[table.name].get("closed", ())
        and not column.foreign_keys
        and not isinstance(column.type, sa.Enum | sa.Boolean | sa.Time)
        and not (column.primary_key and isinstance(column.type, sa.Integer))
        and column.name != "xid"
    ]


def leaked_in(text: str) -> set[str]:
    """Columns whose markers stand in a text, however its figures are grouped."""
    columns = closed_columns()
    bare = re.sub(r"(?<=\d)[,\u00a0\u202f](?=\d)", "", text)
    numbers = {next(filter(None, hit.groups()), None) for hit in MARK.finditer(bare)}
    return {"a closed day" if number is None else str(columns[int(number)]) for number in numbers}


async def fill_empty_tables(connection: AsyncConnection) -> None:
    """Rows for every table that the story left empty, one for each of its states, hung on what is there."""
    await _set_guards_aside(connection)
    for table in metadata.sorted_tables:
        if not await connection.scalar(sa.select(sa.func.count()).select_from(table)):
            links = {column: await _first(connection, column) for column in table.columns}
            for number in range(max(len(_values(column)) for column in table.columns)):
                row = {
                    column.name: link or _values(column)[number % len(_values(column))]
                    for column, link in links.items()
                }
                await connection.execute(postgresql.insert(table).values(row).on_conflict_do_nothing())


async def _first(connection: AsyncConnection, column: sa.Column[Any]) -> Any:
    """The key that a reference points to: the table's first row, which the story made public."""
    for key in column.foreign_keys:
        return await connection.scalar(sa.select(key.column).order_by(key.column).limit(1)) or 1
    return None


def _values(column: sa.Column[Any]) -> list[Any]:
    if isinstance(column.type, sa.Enum):
        return list(column.type.enum_class or ())
    plain: dict[type[Any], Any] = {
        postgresql.JSONB: {"of": "them"},
        postgresql.ARRAY: ["one"],
        postgresql.TSTZRANGE: sa.text("tstzrange(now(), now() + interval '1 hour')"),
        sa.LargeBinary: b"bytes",
        sa.Boolean: True,
        sa.Time: sa.func.now(),
        sa.Date: sa.func.now(),
        sa.TIMESTAMP: sa.func.now(),
        sa.Integer: 1,
        sa.Numeric: 1,
        sa.String: "text",
    }
    return [next(value for kind, value in plain.items() if isinstance(_type(column), kind))]


async def plant(connection: AsyncConnection) -> None:
    """A marker in every closed column of every row."""
    await _set_guards_aside(connection)
    marks: dict[sa.Table, dict[str, Any]] = {}
    for number, column in enumerate(closed_columns()):
        marks.setdefault(column.table, {})[column.name] = _mark(number, column)
    for table, values in marks.items():
        await connection.execute(sa.update(table).values(values))


def _mark(number: int, column: sa.Column[Any]) -> Any:
    """The row's place behind it keeps unique columns unique."""
    place = sa.func.translate(sa.cast(sa.literal_column("ctid"), sa.Text), "(,)", "xxx")
    word = sa.func.concat(f"{WORD}{number:03}q", place)
    narrow = isinstance(column.type, sa.Numeric) and (column.type.precision or 99) < len(str(FIGURE))
    day = FIRST_DAY + timedelta(days=number)
    marks: dict[type[Any], Any] = {
        postgresql.JSONB: _in_json(column, word),
        postgresql.ARRAY: postgresql.array([word]),
        postgresql.TSTZRANGE: sa.text(f"tstzrange('{day}', '{day}', '[]')"),
        sa.LargeBinary: sa.func.convert_to(word, "UTF8"),
        sa.CHAR: sa.func.rpad(word, getattr(column.type, "length", 0), "0"),
        sa.String: word,
        sa.Numeric: DEGREES + number / 1_000_000 if narrow else FIGURE + number,
        sa.Integer: FIGURE + number,
        sa.Date: day,
        sa.TIMESTAMP: day,
    }
    return next(mark for kind, mark in marks.items() if isinstance(_type(column), kind))


def _type(column: sa.Column[Any]) -> Any:
    return column.type.impl_instance if isinstance(column.type, sa.TypeDecorator) else column.type


def _in_json(column: sa.Column[Any], word: Any) -> Any:
    """In place of every text; in place of everything where there is none."""
    text, quoted = sa.cast(column, sa.Text), sa.func.concat('"', word, '"')
    marked = sa.func.regexp_replace(text, JSON_STRING, sa.func.concat(r"\1", quoted), "g")
    return sa.cast(sa.case((marked == text, quoted), else_=marked), postgresql.JSONB)


async def _set_guards_aside(connection: AsyncConnection) -> None:
    """Triggers, references and checks of this one database, which is thrown away afterwards."""
    await connection.execute(sa.text("SET session_replication_role = replica"))
    await connection.execute(
        sa.text(
            "DO $$ DECLARE one record; BEGIN FOR one IN SELECT conrelid::regclass AS of, conname FROM pg_constraint"
            " WHERE contype IN ('c', 'f', 'u', 'x') AND conrelid <> 0"
            " AND connamespace = 'public'::regnamespace ORDER BY contype LOOP"
            " EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.of, one.conname); END LOOP; END $$"
        )
    )
