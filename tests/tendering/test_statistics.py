from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from tendering.commands import publish_notices
from tendering.content import Award, Bid, Content, Lot, Party
from tendering.prices import parse_price
from tendering.rules import Category, NoticeKind
from tendering.statistics import Competition, Figures, yearly_competition, yearly_figures
from tests.conftest import NOW
from tests.tendering.factories import chain, publication


async def test_figures_count_sums_savings_and_what_is_no_sum(session: AsyncSession) -> None:
    rate = Content(awards=(Award((Party("丙公司"),), parse_price("下浮率3%")),))
    items = [*chain(), publication(6, NoticeKind.RESULT, rate, process="p2")]
    await publish_notices(session, items, now=NOW, by="system")

    assert await yearly_figures(session, 2026) == [
        Figures(
            month="2026-03",
            category=Category.WORKS,
            results=2,
            amount=Decimal("1799255.53"),
            without_sum=1,
            saving=Decimal("200744.47"),
            base=Decimal("2000000.00"),
        )
    ]
    assert await yearly_figures(session, 2025) == []


async def test_competition_counts_consortia_once_and_each_process_once(session: AsyncSession) -> None:
    alone = Content(lots=(Lot("1"),), bids=(Bid((Party("丁公司"),), parse_price("1799255.53"), rank=1),))
    items = [*chain(), publication(2, NoticeKind.OPENING, alone, process="p2")]
    await publish_notices(session, items, now=NOW, by="system")

    assert await yearly_competition(session, 2026) == [
        Competition(category=Category.WORKS, lots=2, bidders=3, single=1)
    ]
