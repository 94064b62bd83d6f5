"""The made-up trading processes as publications, which the trading area publishes itself."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import LOCAL
from core.people import Account
from demo.processes import Bid, Process
from demo.processes import Notice as MadeUpNotice
from tendering import content
from tendering.content import Award, Content, Contract, Dates, Lot, Party, Publication
from tendering.milestones.commands import plan_milestones
from tendering.models import Notice
from tendering.openings import commands as openings
from tendering.prices import parse_price
from tendering.rules import Category, Nature, NoticeKind

SOURCE = "linlan-demo"
#: Kinds that are called differently there. Answers to objections have a register of their own.
KINDS = {
    "predisclosure": NoticeKind.PRE_DISCLOSURE,
    "deal": NoticeKind.RESULT,
    "terminated": NoticeKind.TERMINATION,
}
#: One notice in so many came out later than the law allows.
LATE_EVERY = 23
ROOMS = ("开标一室", "开标二室", "开标三室")
BOOKED_AHEAD = timedelta(days=14)
NOT_NOTICES = {"objection_answer", "challenge_answer"}


def publications(process: Process) -> Iterator[Publication]:
    """The chain, in the order of publication."""
    kinds: dict[str, NoticeKind] = {}
    for notice in process.notices:
        if notice.kind in NOT_NOTICES:
            continue
        kind = kinds[notice.amends] if notice.amends else _kind(process, notice, again=bool(kinds))
        kinds[notice.number] = kind
        yield Publication(
            source=SOURCE,
            key=notice.number,
            process=process.ocid,
            category=Category(process.category),
            kind=kind,
            nature=Nature.CORRECTION if notice.amends else Nature.NORMAL,
            about=notice.amends,
            title=notice.title,
            published_at=notice.published_at,
            district=process.district.code,
            project_code=process.project_code,
            buyer=Party(process.buyer.name, process.buyer.credit_code),
            content=_content(process, notice),
        )


async def load_rooms(session: AsyncSession, *, now: datetime) -> None:
    """Rooms for openings, and one for each of the next two weeks' openings, in turn."""
    by = await session.scalar(sa.select(col(Account.id)).where(col(Account.login) == "trading"))
    if by is None:
        raise LookupError("trading")
    rooms = [await openings.add_venue(session, name, by=by, now=now) for name in ROOMS]
    codes = await session.scalars(sa.select(col(Notice.code)).where(col(Notice.closes_at) > now))
    await plan_milestones(session, codes.all(), now=now)
    turn: dict[datetime, int] = {}
    for opening in await openings.list_openings(session, since=now, until=now + BOOKED_AHEAD):
        turn[opening.at] = number = turn.get(opening.at, -1) + 1
        if number < len(rooms):
            await openings.book_venue(session, rooms[number], opening.process, minutes=60, by=by, now=now)


def _kind(process: Process, notice: MadeUpNotice, *, again: bool) -> NoticeKind:
    """Land is announced, then listed; other property, and whatever is called a second time, is simply called."""
    if notice.kind == "announcement":
        return NoticeKind.TENDER if process.category == "land" else NoticeKind.PLAN
    if notice.kind == "listing" and (process.category != "land" or (again and "第二次" in notice.title)):
        return NoticeKind.TENDER
    return KINDS.get(notice.kind) or NoticeKind(notice.kind)


def _content(process: Process, notice: MadeUpNotice) -> Content:
    ranked = notice.kind in {"opening", "candidates"}
    return Content(
        lots=(Lot("1", process.title, ceiling=Decimal(str(process.estimate))),),
        bids=tuple(_bid(bid, ranked=notice.kind == "candidates") for bid in notice.bids) if ranked else (),
        awards=tuple(
            Award(_parties(bid), parse_price(bid.price.text))
            for bid in notice.bids[:1]
            if notice.kind in {"result", "deal"}
        ),
        contracts=_contracts(process, notice) if notice.kind == "contract" else (),
        dates=_dates(notice),
        method=process.method,
        text=notice.text,
    )


def _bid(bid: Bid, *, ranked: bool) -> content.Bid:
    return content.Bid(_parties(bid), parse_price(bid.price.text), rank=bid.rank if ranked else None)


def _parties(bid: Bid) -> tuple[Party, ...]:
    return tuple(Party(firm.name, firm.credit_code) for firm in bid.bidders)


def _contracts(process: Process, notice: MadeUpNotice) -> tuple[Contract, ...]:
    amount = Decimal(str(round(process.deal or process.estimate, 2)))
    signed = _dates(notice).signed
    return tuple(Contract(_parties(bid), amount, signed_at=signed) for bid in notice.bids[:1])


def _dates(notice: MadeUpNotice) -> Dates:
    shown = notice.publicity
    late = int(notice.number.replace("-", "")) % LATE_EVERY == 0
    before = notice.published_at - timedelta(days=9 if late else 1)
    return Dates(
        documents_from=notice.published_at if notice.deadline else None,
        bid_deadline=notice.deadline,
        opening=notice.published_at if notice.kind == "opening" else notice.deadline,
        decided=before if notice.kind in {"result", "deal"} else None,
        signed=before if notice.kind == "contract" else None,
        publicity_from=datetime.combine(shown[0], time(), LOCAL) if shown else None,
        publicity_to=datetime.combine(shown[1], time(23, 59), LOCAL) if shown else None,
    )
