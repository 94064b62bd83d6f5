"""The rules that only hint: each on its edge, then all of them over published notices."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from core.calendars import load_calendar
from core.clock import LOCAL
from core.workdays import state_council_calendar
from tendering.commands import correct_notice, publish_notices
from tendering.content import Award, Bid, Content, Dates, Party
from tendering.prices import parse_price
from tendering.red_flags.queries import assess
from tendering.red_flags.rules import (
    LOT_FLAGS,
    TIMING_FLAGS,
    Indicator,
    Lot,
    Timing,
    Winner,
    clustered_prices,
    even_prices,
    publicity_on_day_off,
    repeated_winner,
    short_deadline,
    short_publicity,
    single_bidder,
)
from tendering.rules import Category, NoticeKind
from tendering.timetable import dated_rules
from tests.conftest import NOW
from tests.tendering.factories import BUYER, publication

YEAR = date(2026, 1, 1), date(2026, 12, 31)
CALENDAR = state_council_calendar()
PUBLISHED = datetime(2026, 3, 2, 9, tzinfo=LOCAL)


def timing(kind: NoticeKind, **dates: datetime) -> Timing:
    content = Content(dates=Dates(**dates))
    dated = dated_rules(
        Category.WORKS,
        kind,
        content,
        published_at=PUBLISHED,
        law_of=PUBLISHED.date(),
        calendar=CALENDAR,
    )
    return Timing(tuple(dated), CALENDAR)


def lot(*prices: int) -> Lot:
    return Lot("1", len(prices), tuple(map(Decimal, prices)))


def test_one_bidder_is_flagged_and_two_are_not() -> None:
    assert single_bidder(lot(100)) is not None
    assert single_bidder(lot(100, 200)) is None


@pytest.mark.parametrize(
    ("prices", "flagged"),
    [
        ((1000, 1010, 1020), True),  # standard deviation 8.2 of 1010
        ((1000, 1015, 1030), False),  # 12.2 of 1015
        ((1000, 1000, 1000), True),
    ],
)
def test_prices_cluster_up_to_one_percent_of_their_mean(prices: tuple[int, ...], flagged: bool) -> None:
    assert (clustered_prices(lot(*prices)) is not None) is flagged


def test_prices_at_even_steps_are_flagged_in_any_order() -> None:
    assert even_prices(lot(1300, 1000, 1200, 1100)) is not None
    assert even_prices(lot(1000, 1100, 1200, 1302)) is None
    assert even_prices(lot(1000, 1000, 1000, 1000)) is None  # equal prices are clustered, not stepped


@settings(max_examples=30)
@given(st.lists(st.integers(1, 10**10), min_size=4, max_size=9), st.integers(2, 1000))
def test_rules_of_prices_do_not_depend_on_the_unit(prices: list[int], factor: int) -> None:
    told = [rule.reason(lot(*prices)) is None for rule in LOT_FLAGS]
    assert told == [rule.reason(lot(*(price * factor for price in prices))) is None for rule in LOT_FLAGS]


@pytest.mark.parametrize(("days", "flagged"), [(19, True), (20, True), (21, True), (22, False)])
def test_a_deadline_is_short_up_to_a_day_after_the_earliest_lawful_one(days: int, flagged: bool) -> None:
    """2 March and 20 days: Sunday 22 rolls on to Monday 23 (招标投标法 24)."""
    found = short_deadline(timing(NoticeKind.TENDER, bid_deadline=PUBLISHED + timedelta(days=days + 1)))
    assert (found is not None) is flagged
    if found is not None:
        assert (found.params["lawful"], found.params["article"]) == ("2026-03-23", "24")


def test_publicity_is_short_where_its_last_day_did_not_roll_on() -> None:
    """Three days from Thursday 5 March end on Sunday 8, which rolls on to Monday."""
    start = datetime(2026, 3, 5, 9, tzinfo=LOCAL)
    sunday = timing(NoticeKind.CANDIDATES, publicity_from=start, publicity_to=start + timedelta(days=3))
    monday = timing(NoticeKind.CANDIDATES, publicity_from=start, publicity_to=start + timedelta(days=4))
    assert [short_publicity(each) is not None for each in (sunday, monday)] == [True, False]
    assert [publicity_on_day_off(each) is not None for each in (sunday, monday)] == [True, False]


def test_an_adjusted_working_saturday_is_no_day_off() -> None:
    """Saturday 28 February 2026 was worked, by the State Council's calendar."""
    assert CALENDAR.is_working_day(date(2026, 2, 28))
    ends = datetime(2026, 2, 28, 17, tzinfo=LOCAL)
    assert publicity_on_day_off(timing(NoticeKind.CANDIDATES, publicity_to=ends)) is None


def test_a_notice_without_the_date_counts_for_no_rule_of_timing() -> None:
    assert [rule.applies(timing(NoticeKind.RESULT)) for rule in TIMING_FLAGS] == [False, False, False]


def test_half_of_a_buyers_lots_is_where_a_winner_stands_out() -> None:
    winner = Winner("甲公司", won=3, awarded=6)
    assert repeated_winner(winner) is not None
    assert repeated_winner(replace(winner, awarded=7)) is None


async def test_flags_of_a_year_lead_to_their_notices(session: AsyncSession) -> None:
    price = parse_price("1799255.53")
    alone = Content(bids=(Bid((Party("丁公司"),), price, rank=1),))
    wins = Content(awards=(Award((Party("丁公司"), Party("乙设计院")), price),))
    sunday = datetime(2026, 3, 8, 9, tzinfo=LOCAL)
    shown = Content(dates=Dates(publicity_from=sunday - timedelta(days=3), publicity_to=sunday))
    written = await publish_notices(
        session,
        [
            publication(1, NoticeKind.OPENING, alone, process="alone"),
            *(publication(6, NoticeKind.RESULT, wins, process=f"won-{number}") for number in range(5)),
            publication(4, NoticeKind.CANDIDATES, shown, process="short"),
            publication(4, NoticeKind.CANDIDATES, shown, process="moved"),
        ],
        now=NOW,
        by="system",
    )
    later = Content(dates=Dates(publicity_from=sunday, publicity_to=sunday + timedelta(days=4)))
    await correct_notice(session, written[-1].code, later, now=NOW, by="system")

    found = {each.indicator: each for each in await assess(session, *YEAR, await load_calendar(session))}

    assert {name: (len(each.flags), each.examined) for name, each in found.items()} == {
        Indicator.SINGLE_BIDDER: (1, 1),
        Indicator.CLUSTERED_PRICES: (0, 0),
        Indicator.EVEN_PRICES: (0, 0),
        Indicator.SHORT_DEADLINE: (0, 0),
        Indicator.SHORT_PUBLICITY: (1, 2),  # of the moved one only the correction counts
        Indicator.PUBLICITY_ON_DAY_OFF: (1, 2),
        Indicator.REPEATED_WINNER: (1, 1),
    }
    (single,), (repeated,) = (
        found[each].flags for each in (Indicator.SINGLE_BIDDER, Indicator.REPEATED_WINNER)
    )
    assert single.source.id == written[0].code
    assert repeated.source.buyer == BUYER.name
    assert set(repeated.source.others) == {each.code for each in written[1:6]}
    assert repeated.reason.params == {"supplier": "丁公司", "won": 5, "awarded": 5, "share": "100%"}
    assert all(
        each.flags == ()
        for each in await assess(session, date(2025, 1, 1), date(2025, 12, 31), await load_calendar(session))
    )
