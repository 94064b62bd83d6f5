"""Counting a period's trading. Both ends of a period are civil days that belong to it."""

from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from core import clock
from core.workdays import WorkCalendar
from tendering.content import Content, Dates
from tendering.models import Notice, Participation, Process
from tendering.rules import Nature, NoticeKind
from tendering.statistics.rules import Contest, Counted, Deal, Publishing, Trading
from tendering.timetable import Bound, dated_rules


async def trading_between(session: AsyncSession, first: date, last: date, calendar: WorkCalendar) -> Trading:
    return Trading(
        await _deals(session, first, last),
        await _contests(session, first, last),
        await _publishings(session, first, last, calendar),
    )


async def _deals(session: AsyncSession, first: date, last: date) -> tuple[Deal, ...]:
    call = aliased(Notice)
    ceiling = (
        sa.select(col(call.amount))
        .where(
            col(call.process_id) == col(Notice.process_id),
            col(call.kind).in_([NoticeKind.TENDER, NoticeKind.CLARIFICATION]),
            col(call.published_at) <= col(Notice.published_at),
        )
        .order_by(col(call.published_at).desc(), col(call.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        counted()
        .add_columns(col(Notice.amount), ceiling.label("ceiling"))
        .where(
            col(Notice.kind) == NoticeKind.RESULT,
            col(Notice.nature) == Nature.NORMAL,
            *between(col(Notice.published_at), first, last),
        )
    )
    return tuple(Deal(counted_from(row), row.amount, row.ceiling) for row in await session.execute(statement))


async def _contests(session: AsyncSession, first: date, last: date) -> tuple[Contest, ...]:
    named = first_naming_bidders(first, last)
    statement = (
        counted()
        .add_columns(col(Participation.lot), sa.func.count().label("bidders"))
        .join(named, named.c.id == col(Notice.id))
        .join(Participation, col(Participation.notice_id) == col(Notice.id))
        .where(col(Participation.leads))
        .group_by(col(Notice.id), col(Participation.lot))
    )
    return tuple(Contest(counted_from(row), row.lot, row.bidders) for row in await session.execute(statement))


async def _publishings(
    session: AsyncSession, first: date, last: date, calendar: WorkCalendar
) -> tuple[Publishing, ...]:
    said = col(Notice.content)
    statement = (
        counted()
        .add_columns(col(Notice.kind), col(Process.opened_on), said["dates"].label("dates"))
        .add_columns(said["method"].astext.label("method"))
        .join(Process, col(Process.id) == col(Notice.process_id))
        .where(
            *between(col(Notice.published_at), first, last),
            col(Notice.nature) == Nature.NORMAL,
            col(Notice.kind).in_((NoticeKind.RESULT, NoticeKind.CONTRACT)),
            said["dates"].is_not(None),
        )
    )
    return tuple(
        Publishing(counted_from(row), each.lawful, each.rule.law, each.rule.article)
        for row in await session.execute(statement)
        for each in dated_rules(
            row.category,
            row.kind,
            Content(dates=msgspec.convert(row.dates, Dates), method=row.method),
            published_at=row.published_at,
            law_of=row.opened_on,
            calendar=calendar,
        )
        if each.field == "published" and each.lawful and each.rule and each.rule.bound is Bound.AT_MOST
    )


def first_naming_bidders(first: date, last: date) -> sa.Subquery:
    """For each process the period's first notice that names its bidders: its opening, else its candidates."""
    return (
        sa.select(col(Notice.id))
        .ext(distinct_on(col(Notice.process_id)))
        .where(
            col(Notice.kind).in_([NoticeKind.OPENING, NoticeKind.CANDIDATES]),
            *between(col(Notice.published_at), first, last),
        )
        .order_by(col(Notice.process_id), col(Notice.published_at), col(Notice.id))
        .subquery()
    )


def counted() -> Any:
    """The columns of a `Counted`, newest first."""
    return sa.select(
        col(Notice.code),
        col(Notice.title),
        col(Notice.category),
        col(Notice.district),
        col(Notice.published_at),
    ).order_by(col(Notice.published_at).desc(), col(Notice.id).desc())


def counted_from(row: Any) -> Counted:
    return Counted(row.code, row.title, row.category, row.district, row.published_at)


def between(moment: Any, first: date, last: date) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    start, end = (datetime.combine(day, time(), clock.LOCAL) for day in (first, last + timedelta(days=1)))
    return moment >= start, moment < end
