"""Figures of a year's trading, each leading back to its notices.

- results: result notices (not corrections) published in the month
- amount: the sum of their award prices; those whose price is no sum (a rate, a discount) are counted in `without_sum`
- saving: ceiling or budget of the process's call less the award price, over results where both are sums
- bidders: bidders (a consortium is one) per lot in the bid opening, or in the candidates where there was none
- single: lots with one bidder, an indicator for supervision and no finding of fault
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from core import clock
from tendering.models import Notice, Participation
from tendering.rules import Category, Nature, NoticeKind


class Figures(msgspec.Struct, frozen=True):
    """One month of one category. Amounts in yuan; `base` is what `saving` is a part of."""

    month: str
    category: Category
    results: int
    amount: Decimal
    without_sum: int
    saving: Decimal
    base: Decimal


class Competition(msgspec.Struct, frozen=True):
    """Bidders per lot of one category in a year."""

    category: Category
    lots: int
    bidders: int
    single: int


async def yearly_figures(session: AsyncSession, year: int) -> list[Figures]:
    """By month and category, in that order."""
    call, result = aliased(Notice), aliased(Notice)
    month = sa.func.to_char(sa.func.timezone(clock.LOCAL.key, col(result.published_at)), "YYYY-MM")
    limit = (
        sa.select(col(call.amount))
        .where(
            col(call.process_id) == col(result.process_id),
            col(call.kind).in_([NoticeKind.TENDER, NoticeKind.CLARIFICATION]),
            col(call.published_at) <= col(result.published_at),
        )
        .order_by(col(call.published_at).desc(), col(call.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = (
        sa.select(
            month.label("month"),
            col(result.category).label("category"),
            col(result.amount).label("amount"),
            limit.label("ceiling"),
        )
        .where(
            col(result.kind) == NoticeKind.RESULT,
            col(result.nature) == Nature.NORMAL,
            *within_year(col(result.published_at), year),
        )
        .subquery()
    )
    amount, ceiling = rows.c.amount, rows.c.ceiling
    both = sa.and_(amount.is_not(None), ceiling.is_not(None))
    statement: Any = (
        sa.select(
            rows.c.month,
            rows.c.category,
            sa.func.count().label("results"),
            sa.func.coalesce(sa.func.sum(amount), 0).label("amount"),
            sa.func.count().filter(amount.is_(None)).label("without_sum"),
            sa.func.coalesce(sa.func.sum(ceiling - amount).filter(both), 0).label("saving"),
            sa.func.coalesce(sa.func.sum(ceiling).filter(both), 0).label("base"),
        )
        .group_by(rows.c.month, rows.c.category)
        .order_by(rows.c.month, rows.c.category)
    )
    return [Figures(**row) for row in (await session.execute(statement)).mappings()]


async def yearly_competition(session: AsyncSession, year: int) -> list[Competition]:
    """By category. Each process counts once, by the first notice of the year that names its bidders."""
    first = first_naming_bidders(year)
    lots = (
        sa.select(first.c.category, sa.func.count().label("bidders"))
        .join(Participation, col(Participation.notice_id) == first.c.id)
        .where(col(Participation.leads))
        .group_by(first.c.category, first.c.id, col(Participation.lot))
        .subquery()
    )
    statement: Any = (
        sa.select(
            lots.c.category,
            sa.func.count().label("lots"),
            sa.cast(sa.func.sum(lots.c.bidders), sa.Integer).label("bidders"),
            sa.func.count().filter(lots.c.bidders == 1).label("single"),
        )
        .group_by(lots.c.category)
        .order_by(lots.c.category)
    )
    return [Competition(**row) for row in (await session.execute(statement)).mappings()]


def first_naming_bidders(year: int) -> sa.Subquery:
    """For each process the first notice of the year that names its bidders: its opening, else its candidates."""
    return (
        sa.select(col(Notice.id), col(Notice.category))
        .ext(distinct_on(col(Notice.process_id)))
        .where(
            col(Notice.kind).in_([NoticeKind.OPENING, NoticeKind.CANDIDATES]),
            *within_year(col(Notice.published_at), year),
        )
        .order_by(col(Notice.process_id), col(Notice.published_at), col(Notice.id))
        .subquery()
    )


def within_year(moment: Any, year: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    start, end = (datetime(each, 1, 1, tzinfo=clock.LOCAL) for each in (year, year + 1))
    return moment >= start, moment < end
