"""The change feed: every published notice once, in an order that never has gaps.

A cursor on an id or a time loses rows: a transaction that took its number early may commit late, behind a reader who
has already passed. Here the order is that of the writing transactions, and only those below the oldest one still
running are told, so nothing can appear behind the cursor. Numbers start anew when a database is restored elsewhere:
the cursor carries the database's epoch, and a cursor of another epoch is refused rather than misread.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.errors import Refusal
from tendering.models import Notice, Process, TransactionId, ocid_of
from tendering.queries import BadCursor
from tendering.rules import Category, Nature, NoticeKind, Stage

_CURSOR = re.compile(r"([0-9a-f-]{1,60}):(\d{1,19}):(\d{1,18})")
#: Cluster, database and timeline: what differs after a restore.
_EPOCH = sa.text(
    "SELECT to_hex(system_identifier) || '-' || to_hex(d.oid::bigint) || '-' || to_hex(c.timeline_id)"
    " FROM pg_control_system(), pg_control_checkpoint() AS c, pg_database AS d WHERE d.datname = current_database()"
)


class FeedRestarted(Refusal):
    status = 410
    code = "feed_restarted"
    message = "变更序列已重新开始，请不带游标从头读取。"


class Change(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One notice as it entered. `about` is the notice that it corrects or withdraws."""

    id: str
    ocid: str
    title: str
    category: Category
    kind: NoticeKind
    stage: Stage
    nature: Nature
    about: str | None
    district: str | None
    published_at: datetime
    recorded_at: datetime
    digest: str


class ChangePage(msgspec.Struct, frozen=True):
    """Changes in order. `cursor` is where to go on, now or later; `more` says whether to go on at once."""

    items: list[Change]
    cursor: str
    more: bool


async def list_changes(session: AsyncSession, *, cursor: str | None = None, limit: int = 100) -> ChangePage:
    """What entered after the cursor, oldest first.

    Raises BadCursor, and FeedRestarted when the cursor is of another epoch.
    """
    epoch = str(await session.scalar(_EPOCH))
    after = _decode(cursor, epoch) if cursor else ("0", 0)
    rows = await _rows(session, after, limit + 1)
    more, rows = len(rows) > limit, rows[:limit]
    last = (rows[-1].xid, rows[-1].key) if rows else after
    return ChangePage([_change(row) for row in rows], cursor=_encode(epoch, *last), more=more)


async def _rows(session: AsyncSession, after: tuple[str, int], limit: int) -> Sequence[Any]:
    about = aliased(Notice)
    horizon = sa.func.pg_snapshot_xmin(sa.func.pg_current_snapshot(), type_=TransactionId)
    edge = sa.tuple_(sa.cast(sa.literal(after[0], sa.Text), TransactionId), after[1])
    statement: Any = (
        sa.select(
            col(Notice.id).label("key"),
            sa.cast(col(Notice.xid), sa.Text).label("xid"),
            col(Notice.code),
            col(Process.code).label("process"),
            col(Notice.title),
            col(Notice.category),
            col(Notice.kind),
            col(Notice.stage),
            col(Notice.nature),
            about.code.label("about"),  # type: ignore[attr-defined]  # a column on the class
            col(Notice.district),
            col(Notice.published_at),
            col(Notice.recorded_at),
            col(Notice.digest),
        )
        .join(Process, col(Process.id) == col(Notice.process_id))
        .join(about, col(about.id) == col(Notice.about_id), isouter=True)
        .where(sa.tuple_(col(Notice.xid), col(Notice.id)) > edge, col(Notice.xid) < horizon)
        .order_by(col(Notice.xid), col(Notice.id))
        .limit(limit)
    )
    rows: Sequence[Any] = (await session.execute(statement)).all()
    return rows


def _change(row: Any) -> Change:
    return Change(
        id=row.code,
        ocid=ocid_of(row.process),
        title=row.title,
        category=row.category,
        kind=row.kind,
        stage=row.stage,
        nature=row.nature,
        about=row.about,
        district=row.district,
        published_at=row.published_at,
        recorded_at=row.recorded_at,
        digest=row.digest,
    )


def _encode(epoch: str, xid: str, key: int) -> str:
    return base64.urlsafe_b64encode(f"{epoch}:{xid}:{key}".encode()).decode().rstrip("=")


def _decode(cursor: str, epoch: str) -> tuple[str, int]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise BadCursor from error
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise BadCursor
    if match[1] != epoch:
        raise FeedRestarted
    return match[2], int(match[3])
