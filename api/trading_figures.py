"""Trading's figures (family 13) for the centre's report, which the areas side by side join in here."""

from datetime import datetime, time, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.calendars import load_calendar
from core.clock import LOCAL, local_date
from inspection.figures import PERCENT, Figure, Period, figure_of
from tendering.content import content_from
from tendering.models import Notice, Process
from tendering.rules import Nature, NoticeKind
from tendering.statistics import yearly_figures
from tendering.timetable import dated_rules

HUNDRED_MILLION = Decimal(100_000_000)


async def trading_figures(session: AsyncSession, period: Period) -> list[Figure]:
    """Number, amount, saving and punctuality; amounts of the civil months that begin in the period."""
    months = [
        figures
        for year in range(period.first.year, period.last.year + 1)
        for figures in await yearly_figures(session, year)
        if period.first.isoformat()[:7] <= figures.month <= period.last.isoformat()[:7]
    ]
    results = sum(month.results for month in months)
    amount, saving, base = (
        sum((getattr(month, name) for month in months), Decimal(0)) for name in ("amount", "saving", "base")
    )
    in_time, bound = await _published_in_time(session, period)
    names = ("有时限的公告按时发布率", "Notices with a limit, published in time")
    return [
        figure_of("13.number", ("交易宗数", "Trades"), "宗", (results, 1)),
        figure_of("13.amount", ("成交金额", "Amount"), "亿元", (amount / HUNDRED_MILLION, 1)),
        figure_of("13.saved", ("节约金额", "Saved"), "亿元", (saving / HUNDRED_MILLION, 1)),
        figure_of("13.saved_rate", ("节约率", "Saved, of ceilings"), PERCENT, (saving, base)),
        figure_of("13.in_time", names, PERCENT, (len(in_time), len(bound)), bound),
    ]


async def _published_in_time(session: AsyncSession, period: Period) -> tuple[list[str], list[str]]:
    """Codes of the notices that a rule gives a last day of publication, and of those that kept it."""
    start, end = (
        datetime.combine(day, time(), LOCAL) for day in (period.first, period.last + timedelta(days=1))
    )
    calendar = await load_calendar(session)
    rows = await session.execute(
        sa.select(
            col(Notice.code),
            col(Notice.category),
            col(Notice.kind),
            col(Notice.content),
            col(Notice.published_at),
            col(Process.opened_on),
        )
        .join(Process, col(Process.id) == col(Notice.process_id))
        .where(
            col(Notice.published_at) >= start,
            col(Notice.published_at) < end,
            col(Notice.nature) == Nature.NORMAL,
            col(Notice.kind).in_((NoticeKind.RESULT, NoticeKind.CONTRACT)),
        )
    )
    bound, kept = [], []
    for row in rows:
        dated = dated_rules(
            row.category,
            row.kind,
            content_from(row.content),
            published_at=row.published_at,
            law_of=row.opened_on,
            calendar=calendar,
        )
        limits = [each.lawful for each in dated if each.field == "published" and each.lawful]
        if limits:
            bound.append(row.code)
            if local_date(row.published_at) <= limits[0]:
                kept.append(row.code)
    return kept, bound
