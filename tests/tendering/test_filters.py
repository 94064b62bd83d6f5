"""Every filter, alone and together, against the same question asked of plain Python objects."""

import itertools
import random
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core import clock
from core.db import Database
from tendering import search
from tendering.commands import publish_notices
from tendering.content import Award, Content, Dates, Lot, Party, Publication
from tendering.prices import amount_of
from tendering.queries import NoticeFilter, NoticeLine, count_facets, list_notices
from tendering.rules import KINDS, Category, NoticeKind, Stage
from tests.conftest import NOW, Clones, settings_for

COUNT = 180
FIRST = NOW - timedelta(days=400)
DISTRICTS = ("990102", "990103", "420581", None)
BUYERS = (Party("临澜城投"), Party("临澜城投集团"), None)
SUPPLIERS = (Party("甲公司"), Party("临澜城投"), Party("乙公司"))
KINDS_USED = (NoticeKind.TENDER, NoticeKind.RESULT, NoticeKind.CONTRACT)


def notices() -> list[Publication]:
    """Notices of a year, in every mixture."""
    rng = random.Random(3)
    made = []
    for number in range(COUNT):
        moment = FIRST + timedelta(days=2 * number, minutes=rng.randrange(600))
        amount = Decimal(rng.choice([5000, 9_999, 10_000, 450_000, 3_000_000, 29_999_999, 800_000_000]))
        made.append(
            Publication(
                source="test",
                key=str(number),
                process=str(number),
                category=rng.choice([Category.WORKS, Category.LAND]),
                kind=rng.choice(KINDS_USED),
                title=rng.choice(["滨江路改造工程", "实验小学设备采购", "江滨花园二期"]),
                published_at=moment,
                district=rng.choice(DISTRICTS),
                project_code=rng.choice(["2603-A", "2603-AB", None]),
                buyer=rng.choice(BUYERS),
                content=Content(
                    lots=(Lot("1", ceiling=amount),) if rng.random() < 0.8 else (),
                    awards=(Award((rng.choice(SUPPLIERS),), amount_of(amount)),)
                    if rng.random() < 0.5
                    else (),
                    dates=Dates(bid_deadline=moment + timedelta(days=20)) if rng.random() < 0.5 else Dates(),
                ),
            )
        )
    return made


def wanted_by(item: Publication, wanted: NoticeFilter) -> bool:
    """The filter in plain words."""
    content = item.content
    amount = (content.awards[0].price.yuan if content.awards else None) or (
        content.lots[0].ceiling if content.lots else None
    )
    day = clock.local_date(item.published_at)
    names = [item.buyer.name if item.buyer else "", *(award.suppliers[0].name for award in content.awards)]
    text = "\n".join([item.title, item.project_code or "", *names])
    deadline = content.dates.bid_deadline
    region = wanted.district and wanted.district.removesuffix("00").removesuffix("00")
    return (
        all(word in text for word in wanted.q.split())
        and wanted.category in {None, item.category}
        and wanted.kind in {None, item.kind}
        and wanted.stage in {None, KINDS[item.kind].stage}
        and (region is None or (item.district or "").startswith(region))
        and (wanted.buyer is None or names[0] == wanted.buyer)
        and (wanted.supplier is None or wanted.supplier in names[1:])
        and wanted.project in {None, item.project_code}
        and (wanted.since is None or wanted.since <= day)
        and (wanted.until is None or day <= wanted.until)
        and (wanted.least is None or (amount is not None and amount >= wanted.least))
        and (wanted.most is None or (amount is not None and amount <= wanted.most))
        and (wanted.open_at is None or (deadline is not None and deadline > wanted.open_at))
    )


def filters() -> list[NoticeFilter]:
    """Each filter alone, then random mixtures."""
    choices: dict[str, list[Any]] = {
        "q": ["滨江", "江", "滨江 城投", "实验 路", "甲公司", "没有"],
        "category": [Category.LAND],
        "stage": [Stage.AWARD],
        "kind": [NoticeKind.CONTRACT],
        "district": ["990102", "990100", "420000", "110000"],
        "buyer": ["临澜城投", "临澜城投集团"],
        "supplier": ["临澜城投", "乙公司"],
        "project": ["2603-A"],
        "since": [date(2025, 6, 1), date(1, 1, 1)],
        "until": [date(2025, 9, 15), date(9999, 12, 31)],
        "least": [Decimal(10_000), Decimal(450_000), Decimal(7)],
        "most": [Decimal(9_999), Decimal(29_999_999), Decimal(10) ** 12],
        "open_at": [FIRST + timedelta(days=200)],
    }
    alone: list[dict[str, Any]] = [{name: value} for name, values in choices.items() for value in values]
    rng = random.Random(9)
    mixed = [
        {name: rng.choice(choices[name]) for name in rng.sample(sorted(choices), rng.choice([2, 2, 3]))}
        for _ in range(30)
    ]
    return [NoticeFilter(**each) for each in (*alone, *mixed)]


@pytest.fixture(scope="module")
async def published(clones: Clones) -> AsyncIterator[tuple[Database, dict[str, Publication]]]:
    name = clones.make()
    database = Database(settings_for(name))
    items = notices()
    async with database.transaction() as session:
        results = await publish_notices(session, items, now=NOW, by="system")
    yield database, {result.code: item for result, item in zip(results, items, strict=True)}
    await database.close()
    clones.drop(name)


async def read(database: Database, wanted: NoticeFilter) -> tuple[list[NoticeLine], list[NoticeLine]]:
    """Every page onwards, and then every page back to the first."""
    onwards, back = list[NoticeLine](), list[NoticeLine]()
    async with database.transaction() as session:
        page = await list_notices(session, wanted, limit=20)
        onwards += page.items
        while page.older:
            page = await list_notices(session, wanted, cursor=page.older, limit=20)
            onwards += page.items
        back = page.items
        while page.newer:
            page = await list_notices(session, wanted, cursor=page.newer, limit=20)
            back = page.items + back
    return onwards, back


@pytest.mark.parametrize("walk", [0, 300])
async def test_every_filter_finds_what_it_says_in_both_directions(
    published: tuple[Database, dict[str, Publication]], walk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "WALK", walk)
    database, items = published
    wrong = []
    for wanted in filters():
        truth = sorted((item.published_at, code) for code, item in items.items() if wanted_by(item, wanted))
        onwards, back = await read(database, wanted)
        expected = [code for _, code in reversed(truth)]
        if [line.id for line in onwards] != expected or [line.id for line in back] != expected:
            wrong.append(wanted)

    assert wrong == []


async def test_facets_divide_what_is_found(published: tuple[Database, dict[str, Publication]]) -> None:
    database, items = published
    wanted = NoticeFilter(q="江", least=Decimal(10_000))
    found = [item for item in items.values() if wanted_by(item, wanted)]
    async with database.transaction() as session:
        facets = await count_facets(session, wanted)

    assert facets.total == len(found) > 20
    assert facets.category == {
        key: len(list(group)) for key, group in itertools.groupby(sorted(item.category for item in found))
    }
    assert sum(facets.district.values()) == sum(item.district is not None for item in found)
