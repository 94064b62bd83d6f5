"""Outbox: what must happen after a commit is a row of that same commit.

    command → outbox row ┐ one transaction
                         ┘
    relay   → locks due rows (SKIP LOCKED), enqueues `outbox:ID`, pushes the row's due time back by a lease
    worker  → one transaction: the handler's effects and the mark in `outbox_done` (ON CONFLICT DO NOTHING)

An effect therefore happens once, whichever of relay, queue and worker dies in between: an event without its mark is
enqueued again when its lease ends, and a mark that is already there makes the second run do nothing. A row with a
due time in the future is a timed transition.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from core import clock, journal
from core.db import Database
from core.tables import Json, Timestamp, identity

#: How long a dispatched event may take before it is dispatched again, growing with each attempt.
LEASE = timedelta(seconds=45)
LONGEST_LEASE = timedelta(hours=1)
#: After this many started attempts an event is parked for a person to look at; it is never dropped.
ATTEMPTS_LIMIT = 12
BATCH = 200
#: The queue of all that has no workers of its own.
GENERAL = "jobs"


class OutboxEvent(SQLModel, table=True):
    __tablename__ = "outbox_event"
    __table_args__ = (
        # The relay reads only what is not yet done, in order of due time.
        sa.Index("ix_outbox_event_due", "due", "id", postgresql_where=sa.text("done_at IS NULL")),
        sa.Index(
            "uq_outbox_event_key",
            "key",
            unique=True,
            postgresql_where=sa.text("key IS NOT NULL AND done_at IS NULL"),
        ),
    )

    id: int = identity()
    topic: str
    payload: dict[str, Any] = Field(sa_type=Json)
    created_at: datetime = Field(sa_type=Timestamp)
    due: datetime = Field(sa_type=Timestamp)
    attempts: int = 0
    last_error: str | None = None
    key: str | None = None
    done_at: datetime | None = Field(default=None, sa_type=Timestamp)


class OutboxDone(SQLModel, table=True):
    """The mark that an event's effects are committed."""

    __tablename__ = "outbox_done"

    event_id: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=Timestamp)


@dataclass(frozen=True, slots=True)
class Event:
    id: int
    topic: str
    payload: Mapping[str, Any]


Apply = Callable[[AsyncSession, Event, Any, datetime], Awaitable[None]]
Prepare = Callable[[Any, Event], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Handler:
    """What one area does about one topic.

    `apply(session, event, prepared, now)` runs inside the transaction that marks the event done. Long work (reading
    a PDF, solving, sending) goes into `prepare(resources, event)`, which runs before it without a transaction, may
    run more than once, and hands its result to `apply`.
    """

    topic: str
    apply: Apply
    prepare: Prepare | None = None
    queue: str = GENERAL


def emit(
    session: AsyncSession,
    topic: str,
    payload: Mapping[str, Any],
    *,
    now: datetime,
    due: datetime | None = None,
    key: str | None = None,
) -> None:
    """Add an event to this transaction. With `due`, it is held back until then; `key` lets `cancel` find it."""
    event = {
        "topic": topic,
        "payload": dict(payload),
        "created_at": now,
        "due": due or now,
        "attempts": 0,
        "key": key,
    }
    journal.of(session, _TABLE).rows.append(event)


async def emit_once(
    session: AsyncSession, topic: str, payload: Mapping[str, Any], *, now: datetime, due: datetime, key: str
) -> None:
    """Add a timed event unless one with this key is pending already."""
    event = {
        "topic": topic,
        "payload": dict(payload),
        "created_at": now,
        "due": due,
        "attempts": 0,
        "key": key,
    }
    await session.execute(insert(OutboxEvent).values(event).on_conflict_do_nothing())


async def cancel(session: AsyncSession, *keys: str) -> None:
    """Withdraw the pending events of these keys, as far as there are any."""
    waiting = journal.of(session, _TABLE)
    waiting.rows[:] = [row for row in waiting.rows if row["key"] not in keys]
    waiting.withdrawal = _WITHDRAWAL
    waiting.withdrawn.update(keys)


_TABLE = SQLModel.metadata.tables["outbox_event"]
_WITHDRAWAL = sa.delete(_TABLE).where(
    _TABLE.c.key == sa.any_(sa.bindparam("keys", type_=sa.ARRAY(sa.Text))), _TABLE.c.done_at.is_(None)
)


async def claim_due(
    session: AsyncSession,
    *,
    now: datetime,
    limit: int = BATCH,
    topics: Collection[str] | None = None,
    except_topics: Collection[str] = (),
) -> list[int]:
    """Lock the due events, push each one's due time back by its lease, and return their ids in order.

    Of these topics if they are given, and of none of the excepted ones.
    """
    chosen = [col(OutboxEvent.topic).not_in(except_topics)]
    if topics is not None:
        chosen.append(col(OutboxEvent.topic).in_(topics))
    rows = await session.execute(
        sa.select(col(OutboxEvent.id), col(OutboxEvent.attempts))
        .where(
            col(OutboxEvent.done_at).is_(None),
            col(OutboxEvent.due) <= now,
            col(OutboxEvent.attempts) < ATTEMPTS_LIMIT,
            *chosen,
        )
        .order_by(col(OutboxEvent.due), col(OutboxEvent.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    leases = [
        {"id": row.id, "due": now + clock.lasting(min(LEASE * 2 ** min(row.attempts, 10), LONGEST_LEASE))}
        for row in rows
    ]
    if leases:
        await session.execute(sa.update(OutboxEvent), leases)
    return [int(lease["id"]) for lease in leases]


async def attempts(session: AsyncSession, event_id: int) -> int:
    """How often it was begun."""
    query = sa.select(col(OutboxEvent.attempts)).where(col(OutboxEvent.id) == event_id)
    return int((await session.execute(query)).scalar_one())


async def hold(session: AsyncSession, event_id: int, *, until: datetime) -> None:
    """Long work goes on: the event is not dispatched again before then."""
    await session.execute(
        sa.update(OutboxEvent)
        .where(col(OutboxEvent.id) == event_id, col(OutboxEvent.done_at).is_(None))
        .values(due=until)
    )


async def consume(
    database: Database,
    resources: Any,
    handlers: Iterable[Handler],
    event_id: int,
    *,
    now: Callable[[], datetime],
) -> bool:
    """Carry out one event. Returns False when it was done before (or withdrawn)."""
    async with database.transaction() as session:
        # Counted before the work, so that an event that kills its worker is parked in the end as well.
        start = (
            sa.update(OutboxEvent)
            .where(col(OutboxEvent.id) == event_id, col(OutboxEvent.done_at).is_(None))
            .values(attempts=OutboxEvent.attempts + 1)
            .returning(col(OutboxEvent.topic), col(OutboxEvent.payload))
        )
        row = (await session.execute(start)).one_or_none()
        if row is None:
            return False
        event = Event(event_id, row.topic, row.payload)
    matching = [handler for handler in handlers if handler.topic == event.topic]
    prepared = [await handler.prepare(resources, event) if handler.prepare else None for handler in matching]
    async with database.transaction() as session:
        moment = now()
        mark = insert(OutboxDone).values(event_id=event.id, at=moment).on_conflict_do_nothing()
        if (await session.execute(mark.returning(col(OutboxDone.event_id)))).one_or_none() is None:
            return False
        for handler, result in zip(matching, prepared, strict=True):
            await handler.apply(session, event, result, moment)
        await session.execute(
            sa.update(OutboxEvent)
            .where(col(OutboxEvent.id) == event.id)
            .values(done_at=moment, last_error=None)
        )
    return True


async def note_failure(session: AsyncSession, event_id: int, error: str) -> None:
    """Keep the reason of a failed attempt beside the event."""
    await session.execute(
        sa.update(OutboxEvent).where(col(OutboxEvent.id) == event_id).values(last_error=error[:2000])
    )
