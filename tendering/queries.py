"""Listing notices: columns into Structs, newest first, continued by key and never by offset."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine
from sqlmodel import col

from core import clock
from core.errors import Refusal
from core.tables import Timestamp
from tendering import search
from tendering.models import Notice, Process, SearchEntry, ocid_of
from tendering.rules import Category, Nature, NoticeKind, Stage

#: Above this a list says "more than": counting a million rows would cost more than it tells.
COUNT_LIMIT = 1000
#: What results are divided by.
FACETS = ("category", "stage", "district")
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
    statement = _lines(newer=place.newer)
    rows: Sequence[Any] = (await session.execute(statement, _asking(wanted, place, limit))).all()
    return rows


async def newest_texts(session: AsyncSession, wanted: NoticeFilter, *, limit: int) -> Sequence[Any]:
    """The newest entries as search reads them: `notice_id` and `text`, much cheaper than lines."""
    entry = _found(newer=False)
    statement = sa.select(entry.c.notice_id, entry.c.text)
    return (await session.execute(statement, _asking(wanted, Place(), limit))).all()


async def lines_of(session: AsyncSession, notices: Sequence[int]) -> dict[int, NoticeLine]:
    """By the notice's number."""
    statement = (
        sa.select(*LINE)
        .join_from(Notice, Process, col(Process.id) == col(Notice.process_id))
        .where(col(Notice.id).in_(notices))
    )
    return {row.key: line_of(row) for row in await session.execute(statement)}


async def count_notices(session: AsyncSession, wanted: NoticeFilter) -> int:
    """How many there are, counted up to COUNT_LIMIT + 1."""
    statement = sa.select(sa.func.count()).select_from(_found(newer=False))
    return int(await session.scalar(statement, _asking(wanted, Place(), COUNT_LIMIT + 1)) or 0)


async def count_facets(session: AsyncSession, wanted: NoticeFilter) -> Facets:
    """The count, and how it divides. Beyond COUNT_LIMIT only the newest COUNT_LIMIT notices are divided."""
    total, parts = 0, {name: dict[str, int]() for name in FACETS}
    for row in await session.execute(_facets(), _asking(wanted, Place(), COUNT_LIMIT + 1)):
        values = [(name, getattr(row, name)) for name in parts if getattr(row, name) is not None]
        if not values:
            total = max(total, row.notices)
        for name, value in values:
            parts[name][value] = row.notices
    return Facets(total, **parts)


# Statements that every search uses are made once: making one anew costs more than running it.


@cache
def _lines(*, newer: bool) -> sa.Select[Any]:
    entry = _found(newer=newer)
    return (
        sa.select(*LINE)
        .join_from(entry, Notice, col(Notice.id) == entry.c.notice_id)
        .join(Process, col(Process.id) == col(Notice.process_id))
        .order_by(*Place(newer=newer).order(Notice))
    )


@cache
def _facets() -> sa.Select[Any]:
    entry = _found(newer=False)
    facets = [entry.c[name] for name in FACETS]
    return sa.select(*facets, sa.func.count().label("notices")).group_by(
        sa.func.grouping_sets(sa.tuple_(), *(sa.tuple_(facet) for facet in facets))
    )


@cache
def _found(*, newer: bool) -> sa.TableValuedAlias:
    """The search entries that are asked for by `_asking`: `search.sql` finds them."""
    find = sa.func.find_newer if newer else sa.func.find_older
    given = [sa.cast(sa.bindparam(name, type_=kind), kind) for name, kind in _ASKED.items()]
    return find(*given).table_valued("notice_id", *FACETS, "text", name="entry")


#: What the search functions are called with.
_ASKED: dict[str, TypeEngine[Any]] = {
    "facets": postgresql.ARRAY(sa.Integer),
    "grams": postgresql.ARRAY(sa.BigInteger),
    "patterns": postgresql.ARRAY(sa.Text),
    "low": sa.Numeric(),
    "high": sa.Numeric(),
    "closes_after": Timestamp,
    "after_at": Timestamp,
    "after_id": sa.BigInteger(),
    "before_at": Timestamp,
    "before_id": sa.BigInteger(),
    "wanted": sa.Integer(),
    "walk": sa.Integer(),
}


def _asking(wanted: NoticeFilter, place: Place, limit: int) -> dict[str, Any]:
    """The parameters by which `limit` notices are found beyond the place, in its direction."""
    after = (max(_midnight(wanted.since), _START) if wanted.since else _START, 0)
    until = wanted.until or date.max
    before = (_END if until.year == date.max.year else _midnight(until + timedelta(days=1)), 0)
    if place.edge is not None and place.newer:
        after = max(after, place.edge)
    elif place.edge is not None:
        before = min(before, place.edge)
    words = sought(wanted)
    facets = asked(wanted)
    return {
        "facets": facets,
        "grams": [gram for word in words for gram in search.grams(word)],
        "patterns": [search.pattern(word) for word in words],
        "low": wanted.least,
        "high": wanted.most,
        "closes_after": wanted.open_at,
        "after_at": after[0],
        "after_id": after[1],
        "before_at": before[0],
        "before_id": before[1],
        "wanted": limit,
        "walk": search.WALK * max(1, limit // 150) if words or facets else limit,
    }


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
