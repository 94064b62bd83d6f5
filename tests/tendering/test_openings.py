import asyncio
from datetime import datetime, timedelta

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.db import Database
from core.errors import InvalidInput
from core.people import Account
from tendering.commands import correct_notice, publish_notices
from tendering.content import Content, Dates
from tendering.milestones.commands import plan_milestones
from tendering.openings import commands
from tendering.openings.commands import NothingToOpen, VenueTaken
from tendering.rules import NoticeKind
from tests.conftest import NOW
from tests.tendering.factories import publication

DEADLINE = datetime(2026, 3, 31, 9, 30, tzinfo=clock.LOCAL)
WEEK = {"since": DEADLINE - timedelta(days=3), "until": DEADLINE + timedelta(days=7)}


async def clerk(session: AsyncSession) -> int:
    account = Account(login="clerk", name="测试人员", password_hash="x", created_at=NOW)
    session.add(account)
    await session.flush()
    return account.id


async def tender(session: AsyncSession, process: str, deadline: datetime = DEADLINE) -> tuple[str, str]:
    """(notice, process) of a call for bids, its dates planned."""
    content = Content(dates=Dates(bid_deadline=deadline))
    item = publication(1, NoticeKind.TENDER, content, process=process)
    (result,) = await publish_notices(
        session, [msgspec.structs.replace(item, published_at=NOW)], now=NOW, by="system"
    )
    await plan_milestones(session, [result.code], now=NOW)
    return result.code, result.code.rsplit("-", 1)[0]


async def rooms(session: AsyncSession) -> dict[str, str | None]:
    return {opening.process: opening.venue for opening in await commands.list_openings(session, **WEEK)}


async def test_one_room_has_one_opening_at_a_time(session: AsyncSession) -> None:
    by = await clerk(session)
    venue = await commands.add_venue(session, "开标一室", by=by, now=NOW)
    _, first = await tender(session, "p1")
    _, second = await tender(session, "p2", DEADLINE + timedelta(minutes=45))
    _, third = await tender(session, "p3", DEADLINE + timedelta(minutes=60))
    await commands.book_venue(session, venue, first, minutes=60, by=by, now=NOW)
    with pytest.raises(VenueTaken):
        await commands.book_venue(session, venue, second, minutes=60, by=by, now=NOW)
    await commands.book_venue(session, venue, third, minutes=60, by=by, now=NOW)

    assert await rooms(session) == {first: "开标一室", second: None, third: "开标一室"}


async def test_booking_again_gives_the_first_room_up(session: AsyncSession) -> None:
    by = await clerk(session)
    one, two = [await commands.add_venue(session, name, by=by, now=NOW) for name in ("一室", "二室")]
    _, first = await tender(session, "p1")
    _, second = await tender(session, "p2")
    for venue in (one, two):
        await commands.book_venue(session, venue, first, minutes=60, by=by, now=NOW)
    await commands.book_venue(session, one, second, minutes=60, by=by, now=NOW)

    assert await rooms(session) == {first: "二室", second: "一室"}


async def test_deadline_that_moves_shows_beside_the_booking(session: AsyncSession) -> None:
    by = await clerk(session)
    venue = await commands.add_venue(session, "一室", by=by, now=NOW)
    notice, process = await tender(session, "p1")
    await commands.book_venue(session, venue, process, minutes=60, by=by, now=NOW)
    later = Content(dates=Dates(bid_deadline=DEADLINE + timedelta(days=2)))
    code = await correct_notice(session, notice, later, now=NOW, by="system")
    await plan_milestones(session, [code], now=NOW)

    (opening,) = await commands.list_openings(session, **WEEK)
    assert (opening.moved, opening.booked_for, opening.at) == (True, DEADLINE, DEADLINE + timedelta(days=2))


async def test_without_a_deadline_to_come_there_is_nothing_to_book(session: AsyncSession) -> None:
    by = await clerk(session)
    venue = await commands.add_venue(session, "一室", by=by, now=NOW)
    _, process = await tender(session, "p1", NOW - timedelta(days=9))
    with pytest.raises(NothingToOpen):
        await commands.book_venue(session, venue, process, minutes=60, by=by, now=NOW)
    with pytest.raises(InvalidInput):
        await commands.add_venue(session, " 一室 ", by=by, now=NOW)


async def test_clerks_booking_one_room_at_once_get_one_booking(database: Database) -> None:
    async with database.transaction() as session:
        by = await clerk(session)
        venue = await commands.add_venue(session, "一室", by=by, now=NOW)
        processes = [(await tender(session, f"p{number}"))[1] for number in range(4)]

    async def book(process: str) -> bool:
        try:
            async with database.transaction() as session:
                await commands.book_venue(session, venue, process, minutes=60, by=by, now=NOW)
        except VenueTaken:
            return False
        return True

    booked = await asyncio.gather(*map(book, processes))
    assert sum(booked) == 1
