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
from sqlmodel import col

from core import clock
from core.errors import Refusal
from core.tables import Timestamp
from tendering import search
from tendering.models import Notice, Process, SearchEntry, ocid_of
from tendering.rules import Category, Nature, NoticeKind, Stage

#: Above this a list says "more than": counting a million rows would cost more than it tells.
COUNT_LIMIT = 1000
_START, _END = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
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
    """A region's code; a city holds its districts."""
    since: date | None = None
    until: date | None = None
    buyer: str | None = None
    supplier: str | None = None
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


#: What `line_of` reads.
LINE: tuple[Any, ...] = (
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


class Facets(msgspec.Struct, frozen=True):
    """How many notices a filter finds, by category, stage and district; beyond COUNT_LIMIT, at least so many."""

    total: int
    category: dict[str, int] = {}
    stage: dict[str, int] = {}
    district: dict[str, int] = {}

    @property
    def exact(self) -> bool:
        return self.total <= COUNT_LIMIT


class NoticePage(msgspec.Struct, frozen=True):
    """One page of a list, newest first; `older` and `newer` are cursors, None at the ends."""

    items: list[NoticeLine]
    older: str | None
    newer: str | None


class Place(msgspec.Struct, frozen=True):
    """Where in the list to go on, and in which direction."""

    edge: tuple[datetime, int] | None = None
    newer: bool = False

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
        [line_of(row) for row in rows],
        older=_encode("o", last) if last is not None and has_older else None,
        newer=_encode("n", first) if first is not None and has_newer else None,
    )


async def _rows(session: AsyncSession, wanted: NoticeFilter, place: Place, limit: int) -> Sequence[Any]:
    """Up to `limit` rows beyond the place."""
    entry = _found(wanted, place, limit)
    statement: Any = (
        sa.select(*LINE)
        .join_from(entry, Notice, col(Notice.id) == entry.c.notice_id)
        .join(Process, col(Process.id) == col(Notice.process_id))
        .order_by(*place.order(Notice))
    )
    rows: Sequence[Any] = (await session.execute(statement)).all()
    return rows


async def count_notices(session: AsyncSession, wanted: NoticeFilter) -> int:
    """How many there are, counted up to COUNT_LIMIT + 1."""
    found = _found(wanted, Place(), COUNT_LIMIT + 1)
    return int(await session.scalar(sa.select(sa.func.count()).select_from(found)) or 0)


async def count_facets(session: AsyncSession, wanted: NoticeFilter) -> Facets:
    """The count, and how it divides. Beyond COUNT_LIMIT only the newest COUNT_LIMIT notices are divided."""
    found = _found(wanted, Place(), COUNT_LIMIT + 1)
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
    return Facets(total, **parts)


def _found(wanted: NoticeFilter, place: Place, limit: int) -> sa.TableValuedAlias:
    """The search entries that are wanted, beyond the place, in its direction: `search.sql` finds them."""
    after = (max(_midnight(wanted.since), _START) if wanted.since else _START, 0)
    until = wanted.until or date.max
    before = (_END if until.year == date.max.year else _midnight(until + timedelta(days=1)), 0)
    if place.edge is not None and place.newer:
        after = max(after, place.edge)
    elif place.edge is not None:
        before = min(before, place.edge)
    words = sought(wanted)
    facets = asked(wanted)
    find = sa.func.find_newer if place.newer else sa.func.find_older
    return find(
        sa.cast(facets, postgresql.ARRAY(sa.Integer)),
        sa.cast([gram for word in words for gram in search.grams(word)], postgresql.ARRAY(sa.BigInteger)),
        sa.cast([search.pattern(word) for word in words], postgresql.ARRAY(sa.Text)),
        sa.cast(wanted.least, sa.Numeric),
        sa.cast(wanted.most, sa.Numeric),
        sa.cast(wanted.open_at, Timestamp),
        *(sa.cast(after[0], Timestamp), sa.cast(after[1], sa.BigInteger)),
        *(sa.cast(before[0], Timestamp), sa.cast(before[1], sa.BigInteger)),
        sa.cast(limit, sa.Integer),
        sa.cast(search.WALK * max(1, limit // 150) if words or facets else limit, sa.Integer),
    ).table_valued("notice_id", "category", "stage", "district", name="entry")


def sought(wanted: NoticeFilter) -> list[str]:
    """Everything that the text must contain: the words, and the names in their roles."""
    roles = (
        (search.BUYER, wanted.buyer),
        (search.SUPPLIER, wanted.supplier),
        (search.PROJECT, wanted.project),
    )
    return search.words(wanted.q) + [search.named(role, name) for role, name in roles if name]


def asked(wanted: NoticeFilter) -> list[int]:
    """The facets that an entry must have."""
    values = (
        ("category", wanted.category),
        ("stage", wanted.stage),
        ("kind", wanted.kind),
        ("region", wanted.district),
        ("closes", wanted.open_at and "stated"),
    )
    chosen = [search.facet(name, value) for name, value in values if value]
    return chosen + search.amount_facets(wanted.least, wanted.most)


async def districts_present(session: AsyncSession) -> list[str]:
    """Codes of the districts that have notices, by a loose scan of the index (one probe for each)."""
    district = col(SearchEntry.district)
    first = sa.select(sa.func.min(district).label("district")).cte("found", recursive=True)
    following = sa.select(sa.func.min(district)).where(district > first.c.district).scalar_subquery()
    found = first.union_all(sa.select(following).where(first.c.district.is_not(None)))
    rows = await session.scalars(sa.select(found.c.district).where(found.c.district.is_not(None)))
    return list(rows.all())


def line_of(row: Any) -> NoticeLine:
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
