import csv
import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.workdays import state_council_calendar
from tendering.commands import AgainstTimetable, OutOfChain, publish_notice
from tendering.content import Bid, Content, Dates, Party, Publication
from tendering.importing import read_candidate
from tendering.prices import parse_price
from tendering.rules import Category, NoticeKind
from tendering.timetable import Bound, check_before_publication, rules_for, timetable
from tests.conftest import NOW

CALENDAR = state_council_calendar()


def at(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=clock.LOCAL)


def notice(
    kind: NoticeKind,
    dates: Dates,
    *,
    category: Category = Category.WORKS,
    method: str | None = None,
    bids: tuple[Bid, ...] = (),
    published: date = date(2026, 3, 4),
) -> Publication:
    return Publication(
        source="test",
        key="1",
        process="1",
        category=category,
        kind=kind,
        title="滨江路改造工程",
        published_at=at(published),
        content=Content(dates=dates, method=method, bids=bids),
    )


def broken(publication: Publication) -> list[tuple[str, date | None]]:
    findings = check_before_publication(publication, law_of=date(2026, 3, 4), calendar=CALENDAR)
    return [(finding.rule, finding.lawful) for finding in findings]


@pytest.mark.parametrize(
    ("deadline", "findings"),
    [
        # 20 days from 4 March end on 24 March, a Tuesday.
        (date(2026, 3, 24), []),
        (date(2026, 3, 23), [("GC-03", date(2026, 3, 24))]),
    ],
)
def test_deadline_of_a_tender_lies_twenty_days_after_its_documents(
    deadline: date, findings: list[Any]
) -> None:
    assert broken(notice(NoticeKind.TENDER, Dates(bid_deadline=at(deadline)))) == findings


def test_publicity_that_ends_on_a_day_off_rolls_to_the_next_working_day() -> None:
    # Three days from Wednesday 4 March end on Saturday 7 March and roll to Monday 9 March.
    dates = Dates(publicity_from=at(date(2026, 3, 4), 17), publicity_to=at(date(2026, 3, 7), 18))

    assert broken(notice(NoticeKind.CANDIDATES, dates)) == [("GC-14", date(2026, 3, 9))]


def test_procurement_by_inquiry_counts_working_days() -> None:
    dates = Dates(bid_deadline=at(date(2026, 3, 6)))
    inquiry = notice(NoticeKind.TENDER, dates, category=Category.PROCUREMENT, method="inquiry")

    assert broken(inquiry) == [("GP-21", date(2026, 3, 9))]


def test_unconfirmed_rules_warn_and_never_refuse() -> None:
    unconfirmed = {rule.id for rule in timetable() if not rule.confirmed}
    land = notice(
        NoticeKind.TENDER, Dates(listing_from=at(date(2026, 3, 10))), category=Category.LAND, method="listing"
    )
    findings = check_before_publication(land, law_of=date(2026, 3, 4), calendar=CALENDAR)

    assert [(finding.rule, finding.refuses) for finding in findings] == [("LD-01", False)]
    assert unconfirmed == {"LD-01", "LD-02", "LD-03", "PR-01", "PR-02", "PR-07"}


def test_rule_applies_only_from_the_day_of_its_law() -> None:
    before = rules_for(Category.PROCUREMENT, NoticeKind.RESULT, None, date(2015, 2, 28))
    after = rules_for(Category.PROCUREMENT, NoticeKind.RESULT, None, date(2017, 10, 1))

    assert [rule.id for rule in before] == []
    assert [rule.id for rule in after] == ["GP-11", "GP-12"]


@pytest.mark.parametrize(("count", "rule"), [(3, []), (4, [("GC-12", None)])])
def test_more_than_three_candidates_of_a_lot_are_refused(count: int, rule: list[Any]) -> None:
    bids = tuple(
        Bid((Party(f"甲{place}公司"),), parse_price("1799255.53"), rank=place) for place in range(count)
    )

    assert broken(notice(NoticeKind.CANDIDATES, Dates(), bids=bids)) == rule


@given(start=st.dates(date(2024, 1, 1), date(2026, 9, 1)), rule=st.sampled_from(timetable()))
def test_last_day_is_lawful_and_the_day_before_is_not(start: date, rule: Any) -> None:
    last = rule.last_day(start, CALENDAR)

    assert CALENDAR.is_working_day(last)
    if rule.unit == "workday":
        assert CALENDAR.working_days_between(start, last) == rule.value
    else:
        assert last >= start + timedelta(days=rule.value)


def test_every_rule_agrees_with_the_table_of_the_domain() -> None:
    table = Path(os.environ.get("YICHUANG_SHARED", Path(__file__).parents[3] / "shared"))
    path = table / "domain/statutory-rules.csv"
    if not path.exists():
        pytest.skip("the domain's rule table (YICHUANG_SHARED) is not here")
    rows = {row["id"]: row for row in csv.DictReader(path.open(encoding="utf-8"))}

    different = [
        rule.id
        for rule in timetable()
        if (rule.bound is not Bound.EXACTLY and str(rule.value) != rows[rule.id]["value"].split(" ")[0])
        or (rule.confirmed and not rows[rule.id]["verified"].startswith("V"))
    ]

    assert different == []


def test_real_candidate_notices_short_of_their_publicity_are_found(shared: Path) -> None:
    items = msgspec.json.decode((shared / "notices/candidate_notices.json").read_bytes(), type=list[Any])
    publications = [read for item in items if (read := read_candidate(item, 0)[0])]

    short = [
        publication
        for publication in publications
        if any(
            finding.rule == "GC-14"
            for finding in check_before_publication(
                publication, law_of=clock.local_date(publication.published_at), calendar=CALENDAR
            )
        )
    ]
    days_off = [
        publication
        for publication in publications
        if publication.content.dates.publicity_to
        and not CALENDAR.is_working_day(clock.local_date(publication.content.dates.publicity_to))
    ]

    assert (len(publications), len(short), len(days_off)) == (983, 122, 128)


async def test_publish_refuses_unlawful_dates_with_the_earliest_lawful_day(session: AsyncSession) -> None:
    unlawful = notice(NoticeKind.TENDER, Dates(bid_deadline=at(date(2026, 3, 10))))

    with pytest.raises(AgainstTimetable) as refused:
        await publish_notice(session, unlawful, now=NOW, by="system")

    (problem,) = refused.value.problems
    assert (problem.field, problem.params["day"]) == ("bid_deadline", "2026-03-24")


async def test_publish_refuses_a_notice_that_cannot_come_first(session: AsyncSession) -> None:
    with pytest.raises(OutOfChain):
        await publish_notice(session, notice(NoticeKind.CONTRACT, Dates()), now=NOW, by="system")
