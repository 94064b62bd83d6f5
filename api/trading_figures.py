"""Trading's figures (family 13) for the centre's report, which the areas side by side join in here."""

from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from core.calendars import load_calendar
from inspection.figures import PERCENT, Figure, Period, figure_of
from tendering.statistics.queries import trading_between

HUNDRED_MILLION = Decimal(100_000_000)


async def trading_figures(session: AsyncSession, period: Period) -> list[Figure]:
    """Number, amount, saving and punctuality, each with the codes of its notices."""
    trading = await trading_between(session, period.first, period.last, await load_calendar(session))
    deals = [deal.notice.id for deal in trading.deals]
    sums = [deal.notice.id for deal in trading.deals if deal.amount is not None]
    compared = [deal.notice.id for deal in trading.deals if deal.saving is not None]
    bound = [each.notice.id for each in trading.publishings]
    names = ("有时限的公告按时发布率", "Notices with a limit, published in time")
    amount, saving = trading.amount / HUNDRED_MILLION, trading.saving / HUNDRED_MILLION
    return [
        figure_of("13.number", ("交易宗数", "Trades"), "宗", (trading.results, 1), deals),
        figure_of("13.amount", ("成交金额", "Amount"), "亿元", (amount, 1), sums),
        figure_of("13.saved", ("节约金额", "Saved"), "亿元", (saving, 1), compared),
        figure_of(
            "13.saved_rate",
            ("节约率", "Saved, of ceilings"),
            PERCENT,
            (trading.saving, trading.saved_of),
            compared,
        ),
        figure_of("13.in_time", names, PERCENT, (trading.in_time, len(bound)), bound),
    ]
