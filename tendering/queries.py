"""Reading notices: columns into Structs, newest first, continued by key and never by offset."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import clock
from core.errors import NotFound, Refusal
from tendering import search
from tendering.content import Content, Party, content_from
from tendering.models import OCID_PREFIX, Notice, Process, ocid_of
from tendering.rules import Category, Nature, NoticeKind, Stage

#: Above this a list says "more than": counting a million rows would cost more than it tells.
COUNT_LIMIT = 1000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class BadCursor(Refusal):
    status = 422
    code = "bad_cursor"
    message = "翻页标记无效，请从第一页重新开始。"


class NoticeFilter(msgspec.Struct, frozen=True, omit_defaults=True):
    """What to list. Days are civil days, both ends included; `q` are words that must all occur."""

    q: str = ""
    category: Category | None = None
    stage: Stage | None = None
    kind: NoticeKind | None = None
    district: str | None = None
    since: date | None = None
    until: date | None = None
    buyer: str | None = None
    project: str | None = None


class NoticeLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One notice in a list. `amount` is in yuan, None where the price is no amount."""

    id: str
    ocid: str
    title: str
    category: Category
    kind: NoticeKind
    stage: Stage
    nature: Nature
    district: str | None
    buyer: str | None
    amount: Decimal | None
    published_at: datetime
    closes_at: datetime | None


class NoticePage(msgspec.Struct, frozen=True):
    """One page of a list, newest first; `older` and `newer` are cursors, None at the ends."""

    items: list[NoticeLine]
    older: str | None
    newer: str | None


class ChainEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One notice in its process's chain. `about` is the notice that it corrects or withdraws."""

    id: str
    kind: NoticeKind
    stage: Stage
    nature: Nature
    title: str
    published_at: datetime
    about: str | None


class NoticeDetail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A notice as published, with its place in the chain. `digest` is the SHA-256 of its canonical JSON."""

    id: str
    ocid: str
    title: str
    category: Category
    kind: NoticeKind
    stage: Stage
    nature: Nature
    about: str | None
    district: str | None
    project_code: str | None
    buyer: Party | None
    published_at: datetime
    closes_at: datetime | None
    source: str
    digest: str
    content: Content
    chain: list[ChainEntry]


class ProcessDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A process and its notices, oldest first."""

    ocid: str
    code: str
    category: Category
    opened_on: date
    notices: list[NoticeDetail]


_LINE: tuple[Any, ...] = (
    col(Notice.id).label("key"),
    col(Notice.code),
    col(Process.code).label("process"),
    col(Notice.title),
    col(Notice.category),
    col(Notice.kind),
    col(Notice.stage),
    col(Notice.nature),
    col(Notice.district),
    col(Notice.buyer_name),
    col(Notice.amount),
    col(Notice.published_at),
    col(Notice.closes_at),
)
_KEY = sa.tuple_(col(Notice.published_at), col(Notice.id))


async def list_notices(
    session: AsyncSession, wanted: NoticeFilter, *, cursor: str | None = None, limit: int = 20
) -> NoticePage:
    """A page of notices, newest first, from a cursor of the page before or after it.

    Raises BadCursor.
    """
    newer = cursor is not None and cursor.startswith("n")
    statement = sa.select(*_LINE).join(Process, col(Process.id) == col(Notice.process_id))
    statement = statement.where(*conditions(wanted))
    if cursor is not None:
        edge = sa.tuple_(*_decode(cursor))
        statement = statement.where(_KEY.op(">" if newer else "<")(edge))
    order = (col(Notice.published_at), col(Notice.id))
    ordered = order if newer else tuple(column.desc() for column in order)
    rows = (await session.execute(statement.order_by(*ordered).limit(limit + 1))).all()
    more, rows = len(rows) > limit, rows[:limit]
    if newer:
        rows = rows[::-1]
    first, last = (rows[0], rows[-1]) if rows else (None, None)
    has_newer, has_older = (more, True) if newer else (cursor is not None, more)
    return NoticePage(
        [_line(row) for row in rows],
        older=_encode("o", last) if last is not None and has_older else None,
        newer=_encode("n", first) if first is not None and has_newer else None,
    )


async def count_notices(session: AsyncSession, wanted: NoticeFilter) -> int:
    """How many there are, counted up to COUNT_LIMIT + 1."""
    found = sa.select(sa.literal(1)).select_from(Notice).where(*conditions(wanted)).limit(COUNT_LIMIT + 1)
    return int(await session.scalar(sa.select(sa.func.count()).select_from(found.subquery())) or 0)


def conditions(wanted: NoticeFilter) -> list[sa.ColumnElement[bool]]:
    """The filter as SQL."""
    clauses = [
        column == value
        for column, value in (
            (col(Notice.category), wanted.category),
            (col(Notice.stage), wanted.stage),
            (col(Notice.kind), wanted.kind),
            (col(Notice.district), wanted.district),
            (col(Notice.buyer_name), wanted.buyer),
            (col(Notice.project_code), wanted.project),
        )
        if value is not None
    ]
    if wanted.since is not None:
        clauses.append(col(Notice.published_at) >= _midnight(wanted.since))
    if wanted.until is not None:
        clauses.append(col(Notice.published_at) < _midnight(wanted.until) + timedelta(days=1))
    clauses += [col(Notice.search_text).contains(word, autoescape=True) for word in search.words(wanted.q)]
    return clauses


async def find_notice(session: AsyncSession, code: str) -> NoticeDetail:
    """Raises NotFound."""
    if not code.replace("-", "").isalnum():
        raise NotFound
    process_id = await session.scalar(sa.select(col(Notice.process_id)).where(col(Notice.code) == code))
    if process_id is None:
        raise NotFound
    notices = await _notices_of(session, process_id)
    return next(notice for notice in notices if notice.id == code)


async def find_process(session: AsyncSession, ocid: str) -> ProcessDetail:
    """Raises NotFound."""
    if not ocid.replace("-", "").isalnum():
        raise NotFound
    code = ocid.removeprefix(f"{OCID_PREFIX}-")
    process = await session.scalar(sa.select(Process).where(col(Process.code) == code))
    if process is None or ocid != process.ocid:
        raise NotFound
    return ProcessDetail(
        ocid=process.ocid,
        code=process.code,
        category=process.category,
        opened_on=process.opened_on,
        notices=await _notices_of(session, process.id),
    )


async def districts_present(session: AsyncSession) -> list[str]:
    """Codes of the districts that have notices, by a loose scan of the index (one probe for each)."""
    first = sa.select(sa.func.min(col(Notice.district)).label("district")).cte("found", recursive=True)
    following = (
        sa.select(sa.func.min(col(Notice.district)))
        .where(col(Notice.district) > first.c.district)
        .scalar_subquery()
    )
    found = first.union_all(sa.select(following).where(first.c.district.is_not(None)))
    rows = await session.scalars(sa.select(found.c.district).where(found.c.district.is_not(None)))
    return list(rows.all())


async def _notices_of(session: AsyncSession, process_id: int) -> list[NoticeDetail]:
    process = await session.get_one(Process, process_id)
    statement = (
        sa.select(Notice)
        .where(col(Notice.process_id) == process_id)
        .order_by(col(Notice.published_at), col(Notice.ordinal))
    )
    notices = (await session.scalars(statement)).all()
    codes = {notice.id: notice.code for notice in notices}
    chain = [
        ChainEntry(
            id=notice.code,
            kind=notice.kind,
            stage=notice.stage,
            nature=notice.nature,
            title=notice.title,
            published_at=notice.published_at,
            about=codes.get(notice.about_id or 0),
        )
        for notice in notices
    ]
    return [_detail(notice, process.ocid, chain) for notice in notices]


def _detail(notice: Notice, ocid: str, chain: Sequence[ChainEntry]) -> NoticeDetail:
    return NoticeDetail(
        id=notice.code,
        ocid=ocid,
        title=notice.title,
        category=notice.category,
        kind=notice.kind,
        stage=notice.stage,
        nature=notice.nature,
        about=next((entry.about for entry in chain if entry.id == notice.code), None),
        district=notice.district,
        project_code=notice.project_code,
        buyer=Party(notice.buyer_name, notice.buyer_code) if notice.buyer_name else None,
        published_at=notice.published_at,
        closes_at=notice.closes_at,
        source=notice.source,
        digest=notice.digest,
        content=content_from(notice.content),
        chain=list(chain),
    )


def _line(row: Any) -> NoticeLine:
    return NoticeLine(
        id=row.code,
        ocid=ocid_of(row.process),
        title=row.title,
        category=row.category,
        kind=row.kind,
        stage=row.stage,
        nature=row.nature,
        district=row.district,
        buyer=row.buyer_name,
        amount=row.amount,
        published_at=row.published_at,
        closes_at=row.closes_at,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=clock.LOCAL)


def _encode(direction: str, row: Any) -> str:
    text = f"{(row.published_at - EPOCH) // MICROSECOND}.{row.key}"
    return direction + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[datetime, int]:
    direction, body = cursor[:1], cursor[1:]
    try:
        text = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode("ascii")
        moment, _, key = text.partition(".")
        if direction not in {"o", "n"}:
            raise BadCursor
        number = int(key)
        if number >= 1 << 63:
            raise BadCursor
        return EPOCH + int(moment) * MICROSECOND, number
    except (binascii.Error, ValueError, OverflowError) as error:
        raise BadCursor from error
