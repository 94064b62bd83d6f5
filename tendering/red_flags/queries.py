"""A period's subjects of red flags, and what the rules say of them."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.workdays import WorkCalendar
from tendering.content import Content, Dates
from tendering.models import Notice, Participation, Process, Supplier
from tendering.red_flags.rules import (
    LOT_FLAGS,
    TIMING_FLAGS,
    WINNER_FLAGS,
    Indicator,
    Lot,
    Reason,
    RedFlag,
    Subject,
    Timing,
    Winner,
)
from tendering.rules import Nature, NoticeKind
from tendering.statistics.queries import between, first_naming_bidders
from tendering.timetable import dated_rules


class Source(msgspec.Struct, frozen=True):
    """The notice that a flag comes from; for a repeated winner the newest of its `others`."""

    id: str
    title: str
    buyer: str | None
    published_at: datetime
    others: tuple[str, ...] = ()


class Flag(msgspec.Struct, frozen=True):
    source: Source
    reason: Reason


class Assessment(msgspec.Struct, frozen=True):
    """One indicator over a period: of `examined` subjects, those flagged, newest first."""

    rule: RedFlag[Any]
    examined: int
    flags: tuple[Flag, ...]

    @property
    def indicator(self) -> Indicator:
        return self.rule.indicator


async def assess(session: AsyncSession, first: date, last: date, calendar: WorkCalendar) -> list[Assessment]:
    """Every indicator over the notices of a period, its first and last day among it."""
    lots = await _lots(session, first, last)
    timings = await _timings(session, first, last, calendar)
    winners = await _winners(session, first, last)
    return [
        *(_assessment(rule, lots) for rule in LOT_FLAGS),
        *(_assessment(rule, timings) for rule in TIMING_FLAGS),
        *(_assessment(rule, winners) for rule in WINNER_FLAGS),
    ]


def _assessment(rule: RedFlag[Subject], subjects: Iterable[tuple[Source, Subject]]) -> Assessment:
    counted = [(source, subject) for source, subject in subjects if rule.applies(subject)]
    flags = [Flag(source, reason) for source, subject in counted if (reason := rule.reason(subject))]
    return Assessment(rule, len(counted), tuple(flags))


async def _lots(session: AsyncSession, first: date, last: date) -> list[tuple[Source, Lot]]:
    named = first_naming_bidders(first, last)
    amounts = sa.func.array_agg(col(Participation.amount)).filter(col(Participation.amount).is_not(None))
    statement = (
        _sources()
        .add_columns(col(Participation.lot), sa.func.count().label("bidders"), amounts.label("prices"))
        .join(named, named.c.id == col(Notice.id))
        .join(Participation, col(Participation.notice_id) == col(Notice.id))
        .where(col(Participation.leads))
        .group_by(col(Notice.id), col(Participation.lot))
        .order_by(col(Notice.published_at).desc(), col(Notice.id).desc(), col(Participation.lot))
    )
    return [
        (_source(row), Lot(row.lot, row.bidders, tuple(row.prices or ())))
        for row in await session.execute(statement)
    ]


async def _timings(
    session: AsyncSession, first: date, last: date, calendar: WorkCalendar
) -> list[tuple[Source, Timing]]:
    """Of the notices that stand: a correction replaces what it corrects."""
    later = aliased(Notice)
    said = col(Notice.content)
    statement = (
        _sources()
        .add_columns(
            col(Notice.category),
            col(Notice.kind),
            col(Process.opened_on),
            said["dates"].label("dates"),
            said["method"].astext.label("method"),
        )
        .join(Process, col(Process.id) == col(Notice.process_id))
        .where(
            *between(col(Notice.published_at), first, last),
            col(Notice.nature) != Nature.WITHDRAWAL,
            sa.or_(said["dates"].has_key("bid_deadline"), said["dates"].has_key("publicity_to")),
            ~sa.exists().where(col(later.about_id) == col(Notice.id)),
        )
        .order_by(col(Notice.published_at).desc(), col(Notice.id).desc())
    )
    found = []
    for row in await session.execute(statement):
        content = Content(dates=msgspec.convert(row.dates, Dates), method=row.method)
        dates = dated_rules(
            row.category,
            row.kind,
            content,
            published_at=row.published_at,
            law_of=row.opened_on,
            calendar=calendar,
        )
        found.append((_source(row), Timing(tuple(dates), calendar)))
    return found


async def _winners(session: AsyncSession, first: date, last: date) -> list[tuple[Source, Winner]]:
    """For each buyer its most frequent winner."""
    lots = (
        sa.select(
            col(Notice.buyer_name).label("buyer"),
            col(Participation.supplier_id).label("supplier"),
            sa.func.count().label("won"),
            sa.cast(sa.func.sum(sa.func.count()).over(partition_by=col(Notice.buyer_name)), sa.Integer).label(
                "awarded"
            ),
            sa.func.array_agg(sa.distinct(col(Notice.code))).label("codes"),
            sa.func.max(col(Notice.id)).label("newest"),
        )
        .join(Participation, col(Participation.notice_id) == col(Notice.id))
        .where(
            *between(col(Notice.published_at), first, last),
            col(Notice.kind) == NoticeKind.RESULT,
            col(Notice.nature) == Nature.NORMAL,
            col(Notice.buyer_name).is_not(None),
            col(Participation.won),
            col(Participation.leads),
        )
        .group_by(col(Notice.buyer_name), col(Participation.supplier_id))
        .subquery()
    )
    most = (
        sa.select(lots)
        .ext(distinct_on(lots.c.buyer))
        .order_by(lots.c.buyer, lots.c.won.desc(), lots.c.supplier)
        .subquery()
    )
    statement = (
        _sources()
        .add_columns(most.c.won, most.c.awarded, most.c.codes, col(Supplier.name).label("supplier"))
        .join(most, most.c.newest == col(Notice.id))
        .join(Supplier, col(Supplier.id) == most.c.supplier)
        .order_by((most.c.won * 1.0 / most.c.awarded).desc(), most.c.won.desc(), most.c.buyer)
    )
    return [
        (_source(row, tuple(sorted(row.codes))), Winner(row.supplier, row.won, row.awarded))
        for row in await session.execute(statement)
    ]


def _sources() -> Any:
    return sa.select(col(Notice.code), col(Notice.title), col(Notice.buyer_name), col(Notice.published_at))


def _source(row: Any, others: tuple[str, ...] = ()) -> Source:
    return Source(row.code, row.title, row.buyer_name, row.published_at, others)
