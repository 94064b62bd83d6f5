from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from core import clock
from core.db import Database
from tendering.content import content_from
from tendering.importing import CandidateNotice, import_candidates, read_candidate
from tendering.models import Notice, Participation, Process, Supplier
from tests.conftest import NOW

ITEM: dict[str, Any] = {
    "id": "n-1",
    "date": "2026-03-02",
    "title": "宜都市滨江路改造工程中标候选人公示",
    "project_name": "宜都市滨江路改造工程",
    "publicity_period": "2026年03月02日 17时00分至2026年03月05日 17时00分",
    "bidders_and_prices": [
        {"bidder": "甲建设有限公司、乙设计院联合体", "price": "1799255.53"},
        {"bidder": "丙建设有限公司", "price": "下浮率3%"},
    ],
}


def test_read_candidate_keeps_consortium_rank_form_and_period() -> None:
    publication, problems = read_candidate(ITEM, 0)

    assert problems == []
    assert publication is not None
    assert publication.district == "420581"
    assert publication.published_at == datetime(2026, 3, 2, 17, tzinfo=clock.LOCAL)
    assert publication.content.dates.publicity_to == datetime(2026, 3, 5, 17, tzinfo=clock.LOCAL)
    assert [
        ([party.name for party in bid.suppliers], bid.rank, bid.price.form)
        for bid in publication.content.bids
    ] == [(["甲建设有限公司", "乙设计院"], 1, "amount"), (["丙建设有限公司"], 2, "discount")]


@pytest.mark.parametrize(
    ("change", "field", "fatal"),
    [
        ({"date": "2026-02-30"}, "date", True),
        ({"title": " "}, "title", True),
        ({"bidders_and_prices": []}, "bidders_and_prices", True),
        ({"bidders_and_prices": None}, "bidders_and_prices", True),
        ({"publicity_period": "三天"}, "publicity_period", False),
        ({"publicity_period": "2026年03月05日 17时00分至2026年03月02日 17时00分"}, "publicity_period", False),
        (
            {"bidders_and_prices": [{"bidder": "甲公司", "price": "未提供"}]},
            "bidders_and_prices[0].price",
            False,
        ),
        (
            {"bidders_and_prices": [{"bidder": "甲公司", "price": "98.8"}]},
            "bidders_and_prices[0].price",
            False,
        ),
    ],
)
def test_read_candidate_with_a_fault_names_the_field(
    change: dict[str, Any], field: str, *, fatal: bool
) -> None:
    publication, problems = read_candidate(ITEM | change, 0)

    assert [(problem.item, problem.field, problem.fatal) for problem in problems] == [("n-1", field, fatal)]
    assert (publication is None) == fatal


def test_read_candidate_without_a_field_refuses_it() -> None:
    item = {key: value for key, value in ITEM.items() if key != "date"}

    publication, problems = read_candidate(item, 7)

    assert publication is None
    assert [(problem.item, problem.field) for problem in problems] == [("n-1", "date")]


@pytest.fixture
def real(shared: Path) -> bytes:
    return (shared / "notices/candidate_notices.json").read_bytes()


async def test_import_brings_in_all_real_notices_once(database: Database, real: bytes) -> None:
    first = await import_candidates(database, real, now=NOW)
    again = await import_candidates(database, real, now=NOW)

    assert (first.read, first.published, first.known, first.refused) == (983, 983, 0, 0)
    assert (again.read, again.published, again.known, again.refused) == (983, 0, 983, 0)
    assert first.problems == again.problems
    against = Counter(problem.field for problem in first.problems if "法定期限" in problem.message)
    assert against == {"publicity_to": 122, "bids": 71}  # lots are not told apart in this file
    async with database.transaction() as session:
        notices = (await session.scalars(sa.select(Notice))).all()
        rows = [
            await session.scalar(sa.select(sa.func.count()).select_from(model))
            for model in (Process, Supplier, Participation)
        ]
    assert len({notice.digest for notice in notices}) == 983
    forms = Counter(bid.price.form for notice in notices for bid in content_from(notice.content).bids)
    assert forms == {"amount": 2521, "parts": 239, "rate": 212, "discount": 23, "text": 66}
    assert rows == [979, 1447, 3721]


def test_import_reports_what_is_wrong_with_the_real_notices(real: bytes) -> None:
    items = msgspec.json.decode(real, type=list[CandidateNotice])

    problems = [problem for item in items for problem in read_candidate(msgspec.to_builtins(item), 0)[1]]

    assert Counter((problem.field.split(".")[-1], problem.message) for problem in problems) == {
        ("bidder", "不是单位名称：%(value)s"): 22,
        ("price", "没有报价：%(value)s"): 50,
        ("price", "报价没有单位或无法识别：%(value)s"): 16,
    }
