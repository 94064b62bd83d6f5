"""A buyer or supplier in figures, from its published notices."""

from decimal import Decimal
from enum import StrEnum

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from tendering.models import Notice, Participation, Supplier
from tendering.rules import Nature, NoticeKind


class Role(StrEnum):
    BUYER = "buyer"
    SUPPLIER = "supplier"


class Partner(msgspec.Struct, frozen=True):
    """Whom it contracted with, how often, and for how much in yuan (results whose price is a sum)."""

    name: str
    results: int
    amount: Decimal


class PartyFigures(msgspec.Struct, frozen=True):
    """Lots bid for and won as told by bid openings, candidates and results; partners by number of results."""

    bids: int
    wins: int
    amount: Decimal
    partners: list[Partner]


PARTNERS = 10


async def figures_of(session: AsyncSession, role: Role, name: str) -> PartyFigures:
    """Corrections do not count twice: only notices that nobody corrected, and of nature normal, are read."""
    won = sa.and_(col(Participation.won), col(Notice.kind) == NoticeKind.RESULT)
    bid = col(Notice.kind).in_([NoticeKind.OPENING, NoticeKind.CANDIDATES])
    own = (col(Notice.buyer_name) if role is Role.BUYER else col(Supplier.name)) == name
    source = (
        sa.select(Notice.id)  # type: ignore[call-overload]  # a column on the class
        .join(Participation, col(Participation.notice_id) == col(Notice.id))
        .join(Supplier, col(Supplier.id) == col(Participation.supplier_id))
        .where(
            own,
            sa.or_(bid, col(Notice.kind) == NoticeKind.RESULT),
            col(Notice.nature) == Nature.NORMAL,
            col(Participation.leads),
        )
    )
    lots = sa.tuple_(col(Notice.process_id), col(Participation.lot))
    totals = source.with_only_columns(
        sa.func.count(sa.distinct(lots)).filter(bid).label("bids"),
        sa.func.count(sa.distinct(lots)).filter(won).label("wins"),
        sa.func.coalesce(sa.func.sum(col(Participation.amount)).filter(won), 0).label("amount"),
    )
    partner = col(Supplier.name) if role is Role.BUYER else col(Notice.buyer_name)
    partners = (
        source.with_only_columns(
            partner.label("name"),
            sa.func.count().label("results"),
            sa.func.coalesce(sa.func.sum(col(Participation.amount)), 0).label("amount"),
        )
        .where(won, partner.is_not(None))
        .group_by(partner)
        .order_by(sa.desc("results"), sa.desc("amount"), partner)
        .limit(PARTNERS)
    )
    row = (await session.execute(totals)).one()
    found = await session.execute(partners)
    return PartyFigures(row.bids, row.wins, row.amount, [Partner(*each) for each in found])
