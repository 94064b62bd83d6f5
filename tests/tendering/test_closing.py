"""What closes soon: the nearest deadline first, and only what still stands."""

from datetime import timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from tendering.commands import correct_notice, publish_notices
from tendering.content import Content, Dates
from tendering.nearby import closing_soon
from tendering.rules import Category, NoticeKind
from tests.conftest import NOW
from tests.tendering.factories import publication


async def test_closing_soon_tells_the_deadline_that_stands(session: AsyncSession) -> None:
    codes = dict[str, str]()
    for process, days in (("past", -1), ("late", 9), ("soon", 2), ("moved", 1), ("ended", 3)):
        dates = Dates(bid_deadline=NOW + timedelta(days=days))
        item = msgspec.structs.replace(
            publication(1, NoticeKind.TENDER, Content(dates=dates), process=process),
            published_at=NOW - timedelta(days=25),
        )
        (result,) = await publish_notices(session, [item], now=NOW, by="system")
        codes[process] = result.code
    moved = Content(dates=Dates(bid_deadline=NOW + timedelta(days=30)))
    codes["moved"] = await correct_notice(session, codes["moved"], moved, now=NOW, by="system")
    ended = msgspec.structs.replace(
        publication(9, NoticeKind.TERMINATION, Content(reason="取消"), process="ended"), published_at=NOW
    )
    await publish_notices(session, [ended], now=NOW, by="system")

    found = await closing_soon(session, now=NOW)

    assert [line.id for line in found] == [codes[name] for name in ("soon", "late", "moved")]
    assert await closing_soon(session, now=NOW, category=Category.LAND) == []
