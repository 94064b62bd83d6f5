"""One tender from plan to contract, written and approved in advance, so that the clock alone brings it about.

Each notice is a draft of one clerk that another one approved for its moment; it is checked then as any other. What
lies between them (bids close, publicity ends) are the process's own timed events.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import clock
from core.calendars import load_calendar
from core.people import Account
from core.workdays import WorkCalendar
from tendering import drafts
from tendering.commands import publish_notice
from tendering.content import Award, Bid, Content, Contract, Dates, Lot, Party, Publication
from tendering.models import ocid_of
from tendering.prices import amount_of
from tendering.publishing import process_code
from tendering.rules import Category, NoticeKind

WRITER, APPROVER = "trading", "trading2"
TITLE = "临澜市滨河绿道提升工程施工"
BUYER = Party("临澜市演示建设投资有限公司")
BIDDERS = tuple(Party(f"临澜市{name}建设有限公司") for name in ("第一", "第二", "第三", "第四"))
LOTS = (Lot("1", TITLE, ceiling=Decimal(12_000_000)),)
PRICES = (Decimal(10_860_000), Decimal(11_020_000), Decimal(11_310_000), Decimal(11_640_000))
BIDS = tuple(
    Bid((bidder,), amount_of(price), rank=rank)
    for rank, (bidder, price) in enumerate(zip(BIDDERS, PRICES, strict=True), 1)
)


async def begin_tender(session: AsyncSession, *, now: datetime) -> str:
    """Publish the plan and schedule everything after it; returns the process's ocid."""
    writer, approver = [
        (await session.execute(sa.select(col(Account.id)).where(col(Account.login) == login))).scalar_one()
        for login in (WRITER, APPROVER)
    ]
    plan = _publication(f"life-{now:%Y%m%d%H%M%S}", NoticeKind.PLAN, Content(lots=LOTS), now)
    code = process_code(plan)
    await publish_notice(session, plan, now=now, by=f"account:{writer}")
    for kind, content, at in _chain(clock.local_date(now), await load_calendar(session)):
        draft = await drafts.save_draft(
            session, _publication(code, kind, content, at), process_code=code, by=writer, now=now
        )
        await drafts.submit_draft(session, draft, by=writer, now=now)
        await drafts.schedule_draft(session, draft, at=at, by=approver, now=now)
    return ocid_of(code)


def _chain(day: date, calendar: WorkCalendar) -> Iterator[tuple[NoticeKind, Content, datetime]]:
    """Each notice after the plan, with its moment: no period is shorter than the law has it."""
    called = _at(calendar.add_working_days(day, 2), 9)
    deadline = _at(calendar.add_calendar_days(called.date(), 21), 9)
    dates = Dates(documents_from=called, bid_deadline=deadline, opening=deadline)
    yield NoticeKind.TENDER, Content(lots=LOTS, dates=dates, method="open_tender"), called
    yield NoticeKind.OPENING, Content(lots=LOTS, bids=BIDS), deadline + timedelta(hours=6)
    reported = _at(calendar.add_working_days(deadline.date(), 1), 9)
    shown = Dates(
        report_received=deadline + timedelta(hours=7),
        publicity_from=reported,
        publicity_to=_at(calendar.add_calendar_days(reported.date(), 3), 18),
    )
    yield NoticeKind.CANDIDATES, Content(bids=BIDS[:3], dates=shown), reported
    awarded = _at(calendar.add_working_days(clock.local_date(shown.publicity_to or reported), 2), 9)
    won = (Award(BIDS[0].suppliers, BIDS[0].price),)
    yield NoticeKind.RESULT, Content(awards=won, dates=Dates(award_letter=awarded)), awarded
    signed = _at(calendar.add_working_days(awarded.date(), 8), 9)
    contract = Contract(BIDS[0].suppliers, PRICES[0], signed_at=signed)
    agreed = Dates(award_letter=awarded, signed=signed)
    yield NoticeKind.CONTRACT, Content(contracts=(contract,), dates=agreed), signed + timedelta(hours=8)


def _publication(origin: str, kind: NoticeKind, content: Content, at: datetime) -> Publication:
    return Publication(
        source=drafts.SOURCE,
        key=f"{origin}-{kind.value}",
        process=origin,
        category=Category.WORKS,
        kind=kind,
        title=TITLE,
        published_at=at,
        district="990102",
        buyer=BUYER,
        content=content,
    )


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=clock.LOCAL)
