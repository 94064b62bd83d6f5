"""The audit ledger: append-only and hash-chained, so that anyone can verify an export of it offline.

Commands call `record`; the entries are chained by `seal` as the last act of the transaction, so that the lock on the
chain's head is held only for the moment of commit and never while waiting for another lock.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel, col

from core import journal
from core.tables import Timestamp

GENESIS = "0" * 64
#: Any constant serves; it names the chain's head among PostgreSQL's advisory locks.
CHAIN_LOCK = 7_041_001
_PENDING = "ledger_pending"


class LedgerEntry(SQLModel, table=True):
    """`body` holds the exact bytes that were hashed; the other columns repeat parts of it for searching."""

    __tablename__ = "ledger_entry"

    seq: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=Timestamp)
    actor: str
    action: str = Field(index=True)
    subject: str = Field(index=True)
    body: str
    hash: str = Field(sa_type=sa.CHAR(64))


@dataclass(frozen=True, slots=True)
class Record:
    """One fact: who (`account:ID`, `key:ID` or `system`) did what (`case.accept`) to what (`case:CODE`)."""

    at: datetime
    actor: str
    action: str
    subject: str
    data: Mapping[str, object]


def record(
    session: AsyncSession,
    *,
    action: str,
    subject: str,
    actor: str = "system",
    now: datetime,
    data: Mapping[str, object] | None = None,
) -> None:
    """Note a fact, to be chained when the transaction commits. `data` must be JSON without floats."""
    pending = session.info.setdefault(_PENDING, [])
    pending.append(Record(now, actor, action, subject, data or {}))


def recorded(session: Session) -> list[Record]:
    return [*session.info.get(_PENDING, ())]


def restore(session: Session, pending: list[Record]) -> None:
    """As it was when it was `recorded`."""
    session.info[_PENDING] = pending


def canonical(seq: int, entry: Record, previous: str) -> str:
    """The text whose UTF-8 bytes are hashed: JSON, keys sorted, no spaces, UTC with microseconds."""
    content = {
        "seq": seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "data": entry.data,
        "prev": previous,
    }
    return msgspec.json.encode(content, order="sorted").decode()


def digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


async def seal(session: AsyncSession) -> None:
    """Write what waits, and append what was recorded in this transaction to the chain."""
    await session.flush()
    statements, pending = journal.take(session), session.info.pop(_PENDING, [])
    if pending:
        statements += [(_LOCK, {}), (_HEAD, {})]
    if not statements:
        return
    *_, last = await journal.execute(session, statements)
    if pending:
        rows = _chained(pending, *(await last.fetchone() or (0, GENESIS)))
        await journal.execute(session, [(journal.insertion(_TABLE), journal.batch(rows))])


def _chained(pending: Iterable[Record], seq: int, previous: str) -> list[dict[str, object]]:
    """Rows that follow the entry `seq`, whose hash is `previous`."""
    rows = []
    for entry in pending:
        seq += 1
        body = canonical(seq, entry, previous)
        previous = digest(body)
        columns = {name: getattr(entry, name) for name in ("at", "actor", "action", "subject")}
        rows.append({"seq": seq, **columns, "body": body, "hash": previous})
    return rows


_TABLE: sa.Table = LedgerEntry.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
_LOCK = sa.select(sa.func.pg_advisory_xact_lock(sa.literal_column(str(CHAIN_LOCK))))
_HEAD = sa.select(_TABLE.c.seq, _TABLE.c.hash).order_by(_TABLE.c.seq.desc()).limit(sa.literal_column("1"))


async def head(session: AsyncSession) -> tuple[int, str]:
    """The last entry's number and hash; (0, GENESIS) when the ledger is empty."""
    row = (await session.execute(_HEAD)).one_or_none()
    return (row.seq, row.hash) if row else (0, GENESIS)


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the chain breaks, and how: `missing`, `changed`, `reordered` or `columns` differing from the body."""

    seq: int
    kind: str


async def entries(session: AsyncSession) -> AsyncIterator[LedgerEntry]:
    stream = await session.stream_scalars(
        sa.select(LedgerEntry).order_by(col(LedgerEntry.seq)).execution_options(yield_per=1000)
    )
    async for entry in stream:
        yield entry


async def verify(session: AsyncSession) -> tuple[int, str, list[Fault]]:
    """Walk the whole chain. Returns the number of entries, the head's hash and every fault found."""
    expected, previous, faults = 1, GENESIS, list[Fault]()
    async for entry in entries(session):
        faults += [Fault(missing, "missing") for missing in range(expected, entry.seq)]
        faults += _faults_of(entry, previous if entry.seq == expected else None)
        expected, previous = entry.seq + 1, entry.hash
    return expected - 1, previous, faults


def _faults_of(entry: LedgerEntry, previous: str | None) -> list[Fault]:
    content = json.loads(entry.body)
    if digest(entry.body) != entry.hash:
        return [Fault(entry.seq, "changed")]
    if content["seq"] != entry.seq or (previous is not None and content["prev"] != previous):
        return [Fault(entry.seq, "reordered")]
    columns = {
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
    }
    return (
        []
        if all(content[name] == value for name, value in columns.items())
        else [Fault(entry.seq, "columns")]
    )


def export_line(entry: LedgerEntry) -> str:
    """One line of an export: the hashed text and its hash, as JSON."""
    return json.dumps({"body": entry.body, "hash": entry.hash}, ensure_ascii=False)
