"""Writing publications as rows: numbered in their processes, in one statement for each table."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import REGCLASS, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import SQLModel, col

from core import clock, ledger, outbox
from core.errors import FieldProblem, InvalidInput
from tendering import search
from tendering.content import (
    Participant,
    Party,
    Publication,
    canonical,
    closing_time,
    digest_of,
    headline_amount,
    participants,
)
from tendering.models import Notice, Participation, Process, SearchEntry, Supplier
from tendering.rules import KINDS, Category, NoticeKind

CODE_LETTERS = {
    Category.WORKS: "G",  # 工程
    Category.PROCUREMENT: "C",  # 采购
    Category.LAND: "T",  # 土地
    Category.PROPERTY: "Q",  # 产权
    Category.OTHER: "Z",
}


@dataclass(frozen=True, slots=True)
class Published:
    """What became of one publication: the notice's code, and whether it was new."""

    key: str
    code: str
    new: bool


@dataclass(frozen=True, slots=True)
class Known:
    id: int
    code: str


@dataclass(slots=True)
class Chain:
    """A locked process while notices are added to it."""

    id: int
    notices: int
    latest_kind: NoticeKind | None


Key = tuple[str, str]
#: `search.sql` says why.
SETTLE_SEARCH = sa.select(sa.func.gin_clean_pending_list(sa.literal("ix_search_entry_keys").cast(REGCLASS)))


def key_of(publication: Publication) -> Key:
    return publication.source, publication.key


def process_code(publication: Publication) -> str:
    """Category letter and a short digest of the origin: the same process always gets the same code."""
    origin = f"{publication.source}\n{publication.process}".encode()
    return f"{CODE_LETTERS[publication.category]}{hashlib.sha256(origin).hexdigest()[:12].upper()}"


async def write_notices(
    session: AsyncSession, items: Sequence[tuple[Publication, str]], *, now: datetime, by: str
) -> list[Published]:
    known = await _known_notices(session, (item for item, _ in items))
    fresh: dict[Key, tuple[Publication, str]] = {}
    for item, process in items:
        if key_of(item) not in known:
            fresh.setdefault(key_of(item), (item, process))
    if fresh:
        known |= await _write(session, list(fresh.values()), known, now=now, by=by)
    return [Published(item.key, known[key_of(item)].code, key_of(item) in fresh) for item, _ in items]


async def _write(
    session: AsyncSession,
    items: Sequence[tuple[Publication, str]],
    known: dict[Key, Known],
    *,
    now: datetime,
    by: str,
) -> dict[Key, Known]:
    chains = await _lock_processes(session, items)
    ids = await _reserve_ids(session, len(items))
    written: dict[Key, Known] = {}
    rows = []
    for notice_id, (item, process) in zip(ids, items, strict=True):
        chain = chains[process]
        chain.notices += 1
        chain.latest_kind = item.kind
        code = f"{process}-{chain.notices:02}"
        about = _about(item, known | written if item.about else {})
        rows.append(_row(item, notice_id, code, chain, about, now=now))
        written[key_of(item)] = Known(notice_id, code)
    await _insert(session, sa.insert(_table(Notice)), rows)
    entries = [_entry(item, row) for (item, _), row in zip(items, rows, strict=True)]
    await _insert(session, sa.insert(_table(SearchEntry)), entries)
    await session.execute(SETTLE_SEARCH)
    await _advance(session, chains.values())
    await _write_participations(session, zip(ids, (item for item, _ in items), strict=True))
    for (item, process), row in zip(items, rows, strict=True):
        ledger.record(
            session,
            action="notice.publish",
            subject=f"notice:{row['code']}",
            actor=by,
            now=now,
            data={
                "digest": row["digest"],
                "source": row["source"],
                "process": process,
                **_counted(item, row),
            },
        )
    outbox.emit(session, "notices.published", {"codes": [row["code"] for row in rows]}, now=now)
    return written


def _counted(item: Publication, row: Mapping[str, Any]) -> dict[str, object]:
    """What trading's figures are counted from, so that the ledger alone can tell them."""
    facts = {name: row[name] for name in ("category", "kind", "nature", "amount", "published_at")}
    dates = item.content.dates
    return facts | {"decided": dates.decided, "signed": dates.signed}


def _about(item: Publication, known: dict[Key, Known]) -> int | None:
    if item.about is None:
        return None
    target = known.get((item.source, item.about))
    if target is None:
        raise InvalidInput(problems=(FieldProblem("about", "找不到被更正的公告。"),))
    return target.id


async def _known_notices(session: AsyncSession, items: Iterable[Publication]) -> dict[Key, Known]:
    """Notices already published under these keys, and those that they are about."""
    keys: dict[str, set[str]] = {}
    for item in items:
        keys.setdefault(item.source, set()).update({item.key, item.about or item.key})
    found: dict[Key, Known] = {}
    for source, names in keys.items():
        statement = sa.select(col(Notice.source_key), col(Notice.id), col(Notice.code)).where(
            col(Notice.source) == source, _any_of(col(Notice.source_key), names)
        )
        found |= {
            (source, row.source_key): Known(row.id, row.code) for row in await session.execute(statement)
        }
    return found


async def _lock_processes(
    session: AsyncSession, items: Sequence[tuple[Publication, str]]
) -> dict[str, Chain]:
    """The processes, made where missing, locked in order of code so that two imports never deadlock."""
    first = {code: item for item, code in reversed(items)}
    await _insert(
        session,
        insert(_table(Process)).on_conflict_do_nothing(index_elements=["code"]),
        [
            {
                "code": code,
                "category": item.category,
                "opened_on": clock.local_date(item.published_at),
                "notices": 0,
            }
            for code, item in sorted(first.items())
        ],
    )
    statement = (
        sa.select(col(Process.id), col(Process.code), col(Process.notices), col(Process.latest_kind))
        .where(_any_of(col(Process.code), first))
        .order_by(col(Process.code))
        .with_for_update()
    )
    rows = await session.execute(statement)
    return {row.code: Chain(row.id, row.notices, row.latest_kind) for row in rows}


async def _reserve_ids(session: AsyncSession, count: int) -> list[int]:
    """The next ids, in order, so that notices of one batch can refer to each other."""
    sequence = sa.func.pg_get_serial_sequence("notice", "id")
    statement = sa.select(sa.func.nextval(sa.cast(sequence, REGCLASS))).select_from(
        sa.func.generate_series(1, count)
    )
    return sorted((await session.scalars(statement)).all())


async def _advance(session: AsyncSession, chains: Iterable[Chain]) -> None:
    table = _table(Process)
    rows = _recordset(
        [table.c.id, table.c.notices, table.c.latest_kind],
        [{"id": chain.id, "notices": chain.notices, "latest_kind": chain.latest_kind} for chain in chains],
    )
    await session.execute(
        sa.update(table)
        .where(table.c.id == rows.c.id)
        .values(notices=rows.c.notices, latest_kind=rows.c.latest_kind)
    )


def _row(
    item: Publication, notice_id: int, code: str, chain: Chain, about: int | None, *, now: datetime
) -> dict[str, Any]:
    content = msgspec.Raw(canonical(item.content))  # written once, for the digest and for the row
    return {
        "id": notice_id,
        "code": code,
        "process_id": chain.id,
        "ordinal": chain.notices,
        "category": item.category,
        "kind": item.kind,
        "stage": KINDS[item.kind].stage,
        "nature": item.nature,
        "about_id": about,
        "title": item.title,
        "district": item.district,
        "project_code": item.project_code,
        "buyer_name": item.buyer.name if item.buyer else None,
        "buyer_code": item.buyer.code if item.buyer else None,
        "buyer_scheme": item.buyer.scheme if item.buyer else None,
        "amount": headline_amount(item.content),
        "published_at": item.published_at,
        "closes_at": closing_time(item.content),
        "recorded_at": now,
        "source": item.source,
        "source_key": item.key,
        "content": content,
        "digest": digest_of(item, code, content=content),
    }


def _entry(item: Publication, row: Mapping[str, Any]) -> dict[str, Any]:
    day = clock.local_date(item.published_at)
    return {
        "notice_id": row["id"],
        "month": day.year * 12 + day.month - 1,
        **{
            name: row[name]
            for name in ("published_at", "closes_at", "amount", "category", "stage", "district")
        },
        "facets": search.facets(item, amount=row["amount"], closes=row["closes_at"]),
        "text": search.searchable(item, row["code"]),
    }


async def _write_participations(session: AsyncSession, notices: Iterable[tuple[int, Publication]]) -> None:
    named: dict[tuple[int, str, str], Participant] = {}
    for notice_id, item in notices:
        for participant in participants(item.content):
            party, lot, *_ = participant
            named.setdefault((notice_id, party.name, lot), participant)
    if not named:
        return
    ids = await _supplier_ids(session, [party for party, *_ in named.values()])
    rows = [
        {
            "notice_id": notice_id,
            "supplier_id": ids[name],
            "lot": lot,
            "rank": rank,
            "leads": leads,
            "won": won,
            "amount": amount,
        }
        for (notice_id, name, lot), (_, _, rank, leads, won, amount) in named.items()
    ]
    await _insert(session, sa.insert(_table(Participation)), rows)


async def _supplier_ids(session: AsyncSession, parties: Iterable[Party]) -> dict[str, int]:
    """Each supplier's id by name; who is new is written, and a code where there was none.

    Who is known well is only read: a lock on every supplier named would let imports wait for one another.
    """
    codes: dict[str, str | None] = {}
    for party in parties:
        codes[party.name] = party.code or codes.get(party.name)
    known = await _suppliers(session, codes)
    news = {name for name, code in codes.items() if name not in known or (code and not known[name].code)}
    if news:
        new = insert(_table(Supplier))
        await _insert(
            session,
            new.on_conflict_do_update(
                index_elements=["name"],
                set_={"code": new.excluded.code},
                where=sa.and_(col(Supplier.code).is_(None), new.excluded.code.is_not(None)),
            ),
            [{"name": name, "code": codes[name]} for name in sorted(news)],
        )
        known |= await _suppliers(session, news)
    return {name: supplier.id for name, supplier in known.items()}


async def _suppliers(session: AsyncSession, names: Iterable[str]) -> dict[str, Any]:
    statement = sa.select(col(Supplier.name), col(Supplier.id), col(Supplier.code)).where(
        _any_of(col(Supplier.name), names)
    )
    return {row.name: row for row in await session.execute(statement)}


async def _insert(session: AsyncSession, statement: sa.Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows in one statement with one parameter: several times faster than a statement for each."""
    table: sa.Table = statement.table  # type: ignore[assignment]  # it was made from one
    names = list(rows[0])
    source = _recordset([table.c[name] for name in names], rows)
    await session.execute(statement.from_select(names, sa.select(source)))


def _any_of(column: Mapped[str], values: Iterable[str]) -> sa.ColumnElement[bool]:
    """Out of JSON as well: psycopg escapes the elements of an array one by one."""
    document = sa.cast(sa.literal(msgspec.json.encode(list(values)).decode(), sa.Text()), postgresql.JSON())
    texts = sa.select(sa.func.json_array_elements_text(document).column_valued())
    return column == sa.any_(sa.func.array(texts.scalar_subquery()))


def _recordset(columns: Sequence[sa.Column[Any]], rows: Sequence[Mapping[str, Any]]) -> sa.TableValuedAlias:
    """The rows as a table that PostgreSQL reads out of JSON."""
    document = sa.cast(sa.literal(msgspec.json.encode(rows).decode(), sa.Text()), postgresql.JSON())
    typed = [sa.column(column.name, column.type) for column in columns]
    return (
        sa.func.json_to_recordset(document).table_valued(*typed, name="rows").render_derived(with_types=True)
    )


def _table(model: type[SQLModel]) -> sa.Table:
    table: sa.Table = model.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
    return table
