from datetime import date, datetime
from decimal import Decimal

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from core.calendars import load_calendar
from core.clock import LOCAL
from tendering.commands import publish_notices
from tendering.content import Award, Bid, Content, Contract, Dates, Lot, Party
from tendering.prices import parse_price
from tendering.rules import Category, NoticeKind
from tendering.statistics.queries import trading_between
from tendering.statistics.rules import Counted, Deal, Trading
from tests.conftest import NOW
from tests.tendering.factories import OPENED, chain, publication


async def trading(session: AsyncSession, year: int = 2026) -> Trading:
    return await trading_between(session, date(year, 1, 1), date(year, 12, 31), await load_calendar(session))


async def test_figures_count_sums_savings_and_what_is_no_sum(session: AsyncSession) -> None:
    rate = Content(awards=(Award((Party("丙公司"),), parse_price("下浮率3%")),))
    items = [*chain(), publication(6, NoticeKind.RESULT, rate, process="p2")]
    await publish_notices(session, items, now=NOW, by="system")

    year = await trading(session)

    assert (year.results, year.amount, year.without_sum) == (2, Decimal("1799255.53"), 1)
    assert (year.saving, year.saved_of) == (Decimal("200744.47"), Decimal("2000000.00"))
    assert {deal.notice.month for deal in year.deals} == {"2026-03"}
    assert await trading(session, 2025) == Trading()


async def test_competition_counts_consortia_once_and_each_process_once(session: AsyncSession) -> None:
    alone = Content(lots=(Lot("1"),), bids=(Bid((Party("丁公司"),), parse_price("1799255.53"), rank=1),))
    items = [*chain(), publication(2, NoticeKind.OPENING, alone, process="p2")]
    await publish_notices(session, items, now=NOW, by="system")

    year = await trading(session)

    assert (len(year.contests), year.bidders, year.single) == (2, 3, 1)


async def test_a_contract_is_in_time_within_two_working_days(session: AsyncSession) -> None:
    """政府采购法实施条例 50. Published on Monday 9 March; signed on the Thursday before, or the Wednesday."""
    signed = [datetime(2026, 3, day, 10, tzinfo=LOCAL) for day in (5, 4)]
    items = []
    for number, moment in enumerate(signed):
        contract = Contract((Party("丙公司"),), Decimal(100), signed_at=moment)
        content = Content(contracts=(contract,), dates=Dates(signed=moment))
        item = publication(5, NoticeKind.CONTRACT, content, process=f"c{number}")
        items.append(msgspec.structs.replace(item, category=Category.PROCUREMENT))
    written = await publish_notices(session, items, now=NOW, by="system")

    found = {each.notice.id: each.in_time for each in (await trading(session)).publishings}

    assert found == {written[0].code: True, written[1].code: False}


def test_parts_add_up_to_the_whole() -> None:
    deals = tuple(
        Deal(Counted(str(number), "", category, district, OPENED), Decimal(number), None)
        for number, (category, district) in enumerate(
            (category, district) for category in Category for district in ("990102", None)
        )
    )
    whole = Trading(deals)
    parts = whole.by(lambda notice: notice.district)

    assert {name: part.results for name, part in parts.items()} == {"990102": 5, None: 5}
    assert sum(part.amount for part in parts.values()) == whole.amount == Decimal(45)
