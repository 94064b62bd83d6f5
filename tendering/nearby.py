"""What is close: similar notices, what to try when nothing was found, what closes soon."""

from datetime import datetime
from itertools import pairwise

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from tendering import search
from tendering.models import Notice, Process, SearchEntry
from tendering.queries import (
    LINE,
    NoticeFilter,
    NoticeLine,
    count_notices,
    line_of,
    lines_of,
    newest_texts,
)
from tendering.records import NoticeDetail
from tendering.rules import Category, NoticeKind, Stage

#: Notices of the same category, region and stage that are compared, newest first.
COMPARED = 300
#: Titles in one place resemble each other anyway; below this share of pairs in common, nothing is similar.
ALIKE = 0.3
#: So many times more are looked at than are shown, since some are of one process.
CONSIDERED = 4
#: How many shortened words are tried before giving up.
TRIES = 6


async def similar_notices(session: AsyncSession, notice: NoticeDetail, *, limit: int = 5) -> list[NoticeLine]:
    """Of the newest notices of its category, region and stage, those whose titles share most pairs of characters
    (Dice's coefficient); other processes only, one notice of each.
    """
    wanted = NoticeFilter(category=notice.category, stage=notice.stage, district=notice.district)
    own = {a + b for a, b in pairwise(search.normalise(notice.title))}
    likeness = dict[int, float]()
    for number, text in await newest_texts(session, wanted, limit=COMPARED):
        title = text.partition(search.END)[0]
        shared = sum(pair in title for pair in own)
        likeness[number] = 2 * shared / max(len(own) + len(title) - 1, 1)
    alike = (number for number, share in likeness.items() if share >= ALIKE)
    ranked = sorted(alike, key=lambda number: -likeness[number])[: CONSIDERED * limit]
    lines = await lines_of(session, ranked)
    best: dict[str, NoticeLine] = {}
    for line in (lines[number] for number in ranked):
        if line.ocid != notice.ocid:
            best.setdefault(line.ocid, line)
    return list(best.values())[:limit]


async def closing_soon(
    session: AsyncSession, *, now: datetime, category: Category | None = None, limit: int = 30
) -> list[NoticeLine]:
    """Tenders that still take bids, the nearest deadline first. What a later notice of the process moved or ended is
    told by that notice only.
    """
    later = aliased(Notice)
    outdated = sa.select(sa.literal(1)).where(
        col(later.process_id) == col(Notice.process_id),
        col(later.ordinal) > col(Notice.ordinal),
        sa.or_(
            col(later.closes_at).is_not(None),
            col(later.about_id) == col(Notice.id),
            col(later.kind) == NoticeKind.TERMINATION,
        ),
    )
    statement = (
        sa.select(*LINE)
        .join_from(SearchEntry, Notice, col(Notice.id) == col(SearchEntry.notice_id))
        .join(Process, col(Process.id) == col(Notice.process_id))
        .where(col(SearchEntry.closes_at) > now, col(SearchEntry.stage) == Stage.TENDER, ~outdated.exists())
        .order_by(col(SearchEntry.closes_at), col(SearchEntry.notice_id))
        .limit(limit)
    )
    if category is not None:
        statement = statement.where(col(SearchEntry.category) == category)
    return [line_of(row) for row in await session.execute(statement)]


async def nearest_words(session: AsyncSession, wanted: NoticeFilter) -> str | None:
    """When no notice has all the words: the query with its longest word cut from either end until something is found.

    None when nothing near is found either.
    """
    words = search.words(wanted.q)
    for _ in range(TRIES):
        longest = max(words, key=len, default="")
        if len(longest) <= 2:  # noqa: PLR2004 - a pair is the least that means something
            return None
        shorter = [longest[:-1], longest[1:]] if len(longest) % 2 else [longest[1:], longest[:-1]]
        for cut in shorter:
            tried = [cut if word == longest else word for word in words]
            nearer = msgspec.structs.replace(wanted, q=" ".join(tried))
            if await count_notices(session, nearer):
                return nearer.q
        words = [shorter[0] if word == longest else word for word in words]
    return None
