"""Listing notices: columns into Structs, newest first, continued by key and never by offset."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from core import clock
from core.errors import Refusal
from tendering import search
from tendering.models import Notice, Process, ocid_of
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
    least: Decimal | None = None
    most: Decimal | None = None
    open_at: datetime | None = None
    """Only what closes after this moment: bids still taken, publicity still running."""


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


class Facets(msgspec.Struct, frozen=True):
    """How many notices a filter finds, by category, stage and district."""

    total: int
    category: dict[str, int] = {}
    stage: dict[str, int] = {}
    district: dict[str, int] = {}


class NoticePage(msgspec.Struct, frozen=True):
    """One page of a list, newest first; `older` and `newer` are cursors, None at the ends."""

    items: list[NoticeLine]
    older: str | None
    newer: str | None


class Place(msgspec.Struct, frozen=True):
    """Where in the list to go on, and in which direction."""

    edge: tuple[datetime, int] | None = None
    newer: bool = False

    def beyond(self, source: Any) -> list[sa.ColumnElement[bool]]:
        if self.edge is None:
            return []
        compare = sa.tuple_(source.published_at, source.id).op(">" if self.newer else "<", is_comparison=True)
        return [compare(sa.tuple_(*self.edge))]

    def order(self, source: Any) -> tuple[Any, ...]:
        key = (source.published_at, source.id)
        return key if self.newer else tuple(column.desc() for column in key)


async def list_notices(
    session: AsyncSession, wanted: NoticeFilter, *, cursor: str | None = None, limit: int = 20
) -> NoticePage:
    """A page of notices, newest first, from a cursor of the page before or after it.

    Raises BadCursor.
    """
    place = _decode(cursor) if cursor else Place()
    rows = await _rows(session, wanted, place, limit + 1)
    more, rows = len(rows) > limit, rows[:limit]
    if place.newer:
        rows = rows[::-1]
    first, last = (rows[0], rows[-1]) if rows else (None, None)
    has_newer, has_older = (more, True) if place.newer else (place.edge is not None, more)
    return NoticePage(
        [_line(row) for row in rows],
        older=_encode("o", last) if last is not None and has_older else None,
        newer=_encode("n", first) if first is not None and has_newer else None,
    )


async def _rows(session: AsyncSession, wanted: NoticeFilter, place: Place, limit: int) -> Sequence[Any]:
    """Up to `limit` rows beyond the place; words are looked for as `search` explains."""
    if not search.words(wanted.q):
        return await _lines(session, Notice, [*conditions(wanted), *place.beyond(Notice)], place, limit)
    rows = await _walked(session, wanted, place, limit, search.WALK)
    if search.FEW <= len(rows) < limit:
        rows = await _walked(session, wanted, place, limit, 2 * search.WALK * limit // len(rows))
    if len(rows) == limit:
        return rows
    hits = (
        sa.select(col(Notice.id), col(Notice.published_at))
        .where(*conditions(wanted), *place.beyond(Notice), _indexed(wanted))
        .cte("hits")
        .prefix_with("MATERIALIZED")
    )
    best = sa.select(hits.c.id).order_by(*place.order(hits.c)).limit(limit)
    return await _lines(session, Notice, [col(Notice.id).in_(best)], place, limit)


async def _walked(
    session: AsyncSession, wanted: NoticeFilter, place: Place, limit: int, far: int
) -> Sequence[Any]:
    """What is found among the next `far` rows."""
    walk = sa.select(Notice).where(*place.beyond(Notice)).order_by(*place.order(Notice)).limit(far)
    recent = aliased(Notice, walk.subquery("recent"))
    return await _lines(session, recent, conditions(wanted, recent), place, limit)


async def _lines(
    session: AsyncSession, source: Any, clauses: Sequence[sa.ColumnElement[bool]], place: Place, limit: int
) -> Sequence[Any]:
    statement = (
        sa.select(
            source.id.label("key"),
            source.code,
            Process.code.label("process"),  # type: ignore[attr-defined]  # a column on the class
            source.title,
            source.category,
            source.kind,
            source.stage,
            source.nature,
            source.district,
            source.buyer_name,
            source.amount,
            source.published_at,
            source.closes_at,
        )
        .join(Process, col(Process.id) == source.process_id)
        .where(*clauses)
        .order_by(*place.order(source))
        .limit(limit)
    )
    return (await session.execute(statement)).all()


def _indexed(wanted: NoticeFilter) -> sa.ColumnElement[bool]:
    """The candidates of the index: every character pair of every word occurs."""
    needed = sorted({gram for word in search.words(wanted.q) for gram in search.grams(word)})
    return sa.func.notice_grams(col(Notice.search_text)).op("@>", is_comparison=True)(
        sa.cast(needed, postgresql.ARRAY(sa.Text))
    )


async def count_notices(session: AsyncSession, wanted: NoticeFilter) -> int:
    """How many there are, counted up to COUNT_LIMIT + 1."""
    return int(await session.scalar(sa.select(sa.func.count()).select_from(_counted(wanted))) or 0)


async def count_facets(session: AsyncSession, wanted: NoticeFilter) -> Facets:
    """The count, and how it divides; beyond COUNT_LIMIT nothing is divided, since a part would mislead."""
    found = _counted(wanted)
    facets = (found.c.category, found.c.stage, found.c.district)
    statement = sa.select(*facets, sa.func.count().label("notices")).group_by(
        sa.func.grouping_sets(sa.tuple_(), *(sa.tuple_(facet) for facet in facets))
    )
    total, parts = 0, {name: dict[str, int]() for name in ("category", "stage", "district")}
    for row in await session.execute(statement):
        values = [(name, getattr(row, name)) for name in parts if getattr(row, name) is not None]
        if not values:
            total = max(total, row.notices)
        for name, value in values:
            parts[name][value] = row.notices
    return Facets(total, **parts) if total <= COUNT_LIMIT else Facets(total)


def _counted(wanted: NoticeFilter) -> sa.Subquery:
    clauses = conditions(wanted)
    if search.words(wanted.q):
        clauses.append(_indexed(wanted))
    columns = (col(Notice.category), col(Notice.stage), col(Notice.district))
    return sa.select(*columns).where(*clauses).limit(COUNT_LIMIT + 1).subquery("found")


def conditions(wanted: NoticeFilter, source: Any = Notice) -> list[sa.ColumnElement[bool]]:
    """The filter as SQL."""
    clauses: list[sa.ColumnElement[bool]] = [
        column == value
        for column, value in (
            (source.category, wanted.category),
            (source.stage, wanted.stage),
            (source.kind, wanted.kind),
            (source.district, wanted.district),
            (source.buyer_name, wanted.buyer),
            (source.project_code, wanted.project),
        )
        if value is not None
    ]
    if wanted.least is not None:
        clauses.append(source.amount >= wanted.least)
    if wanted.most is not None:
        clauses.append(source.amount <= wanted.most)
    if wanted.open_at is not None:
        clauses.append(source.closes_at > wanted.open_at)
    if wanted.since is not None:
        clauses.append(source.published_at >= _midnight(wanted.since))
    if wanted.until is not None:
        clauses.append(source.published_at < _midnight(wanted.until) + timedelta(days=1))
    clauses += [source.search_text.contains(word, autoescape=True) for word in search.words(wanted.q)]
    return clauses


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


def _decode(cursor: str) -> Place:
    direction, body = cursor[:1], cursor[1:]
    try:
        text = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode("ascii")
        moment, _, key = text.partition(".")
        if direction not in {"o", "n"}:
            raise BadCursor
        number = int(key)
        if number >= 1 << 63:
            raise BadCursor
        return Place((EPOCH + int(moment) * MICROSECOND, number), newer=direction == "n")
    except (binascii.Error, ValueError, OverflowError) as error:
        raise BadCursor from error
