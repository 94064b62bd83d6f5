import random
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from tendering import search
from tendering.importing import import_candidates
from tendering.queries import NoticeFilter, NoticeLine, count_notices, list_notices
from tendering.rules import Category
from tests.conftest import NOW, Clones, settings_for


@pytest.fixture(scope="module")
async def titles(
    clones: Clones, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Database, dict[str, str]]]:
    """A database with the real notices, and their titles by id."""
    shared = request.getfixturevalue("shared")
    name = clones.make()
    database = Database(settings_for(name))
    await import_candidates(database, (shared / "notices/candidate_notices.json").read_bytes(), now=NOW)
    async with database.transaction() as session:
        lines = await everything(session, NoticeFilter())
    yield database, {line.id: line.title for line in lines}
    await database.close()
    clones.drop(name)


async def everything(session: AsyncSession, wanted: NoticeFilter) -> list[NoticeLine]:
    found, cursor = list[NoticeLine](), None
    while True:
        page = await list_notices(session, wanted, cursor=cursor, limit=1000)
        found += page.items
        cursor = page.older
        if cursor is None:
            return found


def queries(titles: dict[str, str]) -> list[str]:
    """Words of every length cut out of real titles, some in pairs, and some that occur nowhere."""
    rng = random.Random(7)
    texts = sorted(titles.values())
    cut = []
    for _ in range(30):
        text = rng.choice(texts)
        start, length = rng.randrange(len(text)), rng.choice([1, 2, 2, 3, 4, 6, 9])
        cut.append(text[start : start + length])
    pairs = [f"{rng.choice(cut)} {rng.choice(cut)}" for _ in range(8)]
    return [*cut, *pairs, "不存在的词语", "鑫鑫鑫", "EPC 10KV", "（二期） 监理", "%", "_"]


@pytest.mark.parametrize("walk", [0, 300])
async def test_search_finds_exactly_the_titles_that_contain_the_words(
    titles: tuple[Database, dict[str, str]], walk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "WALK", walk)
    database, known = titles
    wrong = []
    async with database.transaction() as session:
        for query in queries(known):
            words = search.words(query)
            truth = {
                code
                for code, title in known.items()
                if all(word in search.normalise(title) for word in words)
            }
            found = {line.id for line in await everything(session, NoticeFilter(q=query))}
            # Suppliers' names are searched as well, so more may be found than titles hold, never fewer.
            extra = [code for code in found - truth if len(words) == 1 and query in known[code]]
            if not truth <= found or extra:
                wrong.append(query)

    assert wrong == []


async def test_search_with_filters_and_pages_keeps_order_and_count(
    titles: tuple[Database, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, _ = titles
    wanted = NoticeFilter(q="工程", category=Category.WORKS, district="420581")
    async with database.transaction() as session:
        walked = await everything(session, wanted)
        monkeypatch.setattr(search, "WALK", 0)
        indexed = await everything(session, wanted)
        count = await count_notices(session, wanted)

    assert indexed == walked
    assert count == len(walked) > 20
    moments = [line.published_at for line in walked]
    assert moments == sorted(moments, reverse=True)


@given(before=st.text(max_size=20), word=st.text(max_size=8), after=st.text(max_size=20))
def test_normalise_keeps_every_substring(before: str, word: str, after: str) -> None:
    parts = [search.normalise(part) for part in (before, word, after)]

    assert search.normalise(before + word + after) == "".join(parts)


@given(word=st.text(min_size=1, max_size=8), before=st.text(max_size=20))
def test_grams_of_a_word_are_among_those_of_the_text(word: str, before: str) -> None:
    text = before + word

    assert set(search.grams(word)) <= {*search.grams(text), *(ord(character) << 21 for character in text)}
