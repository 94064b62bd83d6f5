"""What is close to what somebody looks at: similar notices, and what to try when nothing was found."""

from itertools import pairwise

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from tendering import search
from tendering.queries import NoticeFilter, NoticeLine, count_notices, list_notices
from tendering.records import NoticeDetail

#: Notices of the same category, region and stage that are compared, newest first.
COMPARED = 300
#: Titles in one place resemble each other anyway; below this share of pairs in common, nothing is similar.
ALIKE = 0.3
#: How many shortened words are tried before giving up.
TRIES = 6


async def similar_notices(session: AsyncSession, notice: NoticeDetail, *, limit: int = 5) -> list[NoticeLine]:
    """Of the newest notices of its category, region and stage, those whose titles share most pairs of characters
    (Dice's coefficient); other processes only, one notice of each.
    """
    wanted = NoticeFilter(category=notice.category, stage=notice.stage, district=notice.district)
    page = await list_notices(session, wanted, limit=COMPARED)
    own = _pairs(notice.title)
    best: dict[str, tuple[float, NoticeLine]] = {}
    for line in page.items:
        other = _pairs(line.title)
        likeness = 2 * len(own & other) / max(len(own) + len(other), 1)
        if line.ocid != notice.ocid and likeness >= ALIKE and line.ocid not in best:
            best[line.ocid] = (likeness, line)
    ranked = sorted(best.values(), key=lambda entry: -entry[0])
    return [line for _, line in ranked[:limit]]


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


def _pairs(title: str) -> set[tuple[str, str]]:
    return set(pairwise(search.normalise(title)))
