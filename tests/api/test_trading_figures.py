from datetime import date, datetime
from decimal import Decimal

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from api.trading_figures import trading_figures
from core.clock import LOCAL
from inspection.figures import Period
from tendering.commands import publish_notices
from tendering.content import Award, Content, Contract, Dates, Lot, Party
from tendering.prices import parse_price
from tendering.rules import Category, NoticeKind
from tests.conftest import NOW
from tests.tendering.factories import publication

#: Ceiling and price of each trade, in yuan; signed two and three working days before the contract's notice.
TRADES = (("300000000", "268500000"), ("52000000", "50440000"))
SIGNED = (datetime(2026, 3, 5, 10, tzinfo=LOCAL), datetime(2026, 3, 4, 10, tzinfo=LOCAL))


async def test_family_13_equals_a_count_of_what_was_published(session: AsyncSession) -> None:
    items = []
    for number, ((ceiling, price), signed) in enumerate(zip(TRADES, SIGNED, strict=True)):
        process, winner = f"t{number}", (Party("丙公司"),)
        lots = (Lot("1", ceiling=Decimal(ceiling)),)
        contract = Content(
            contracts=(Contract(winner, Decimal(price), signed_at=signed),), dates=Dates(signed=signed)
        )
        items += [
            publication(1, NoticeKind.TENDER, Content(lots=lots), process=process),
            publication(
                3, NoticeKind.RESULT, Content(awards=(Award(winner, parse_price(price)),)), process=process
            ),
            msgspec.structs.replace(
                publication(5, NoticeKind.CONTRACT, contract, process=f"c{number}"),
                category=Category.PROCUREMENT,
            ),
        ]
    await publish_notices(session, items, now=NOW, by="system")

    found = await trading_figures(session, Period(date(2026, 1, 1), date(2026, 3, 31)))

    ceilings, prices = (sum(map(Decimal, column)) for column in zip(*TRADES, strict=True))
    assert {figure.code: figure.value for figure in found} == {
        "13.number": Decimal(2),
        "13.amount": round(prices / 10**8, 2),
        "13.saved": round((ceilings - prices) / 10**8, 2),
        "13.saved_rate": round(100 * (ceilings - prices) / ceilings, 2),
        "13.in_time": Decimal(50),
    }
    assert [len(figure.cases) for figure in found] == [2, 2, 2, 2, 2]
