"""A works process with every part that a notice can have, for tests of publishing, pages and feeds."""

from datetime import datetime, timedelta
from decimal import Decimal

from core import clock
from core.db import Database
from tendering.commands import correct_notice, publish_notices
from tendering.content import Award, Bid, Content, Dates, Lot, Party, Publication
from tendering.prices import parse_price
from tendering.rules import Category, NoticeKind
from tests.conftest import NOW

OPENED = datetime(2026, 2, 2, 9, tzinfo=clock.LOCAL)
BUYER = Party("临澜市城市建设投资有限公司", "91990102MA0000001X")


def publication(number: int, kind: NoticeKind, content: Content, *, process: str = "p1") -> Publication:
    return Publication(
        source="test",
        key=f"{process}-{number}",
        process=process,
        category=Category.WORKS,
        kind=kind,
        title="滨江路10KV电力迁改工程",
        published_at=OPENED + timedelta(days=7 * number),
        district="990102",
        project_code="2603-990102-04-01-118842",
        buyer=BUYER,
        content=content,
    )


def chain() -> list[Publication]:
    """A works process from tender to result."""
    deadline = OPENED + timedelta(days=28)
    lots = (Lot("1", "一标段", ceiling=Decimal(2_000_000)),)
    price, rate = parse_price("1799255.53"), parse_price("下浮率3%")
    suppliers = (Party("甲建设有限公司"), Party("乙设计院"))
    bids = (Bid(suppliers, price, rank=1), Bid((Party("丙建设有限公司"),), rate, rank=2))
    publicity = Dates(
        publicity_from=OPENED + timedelta(days=29), publicity_to=OPENED + timedelta(days=32, hours=9)
    )
    return [
        publication(1, NoticeKind.TENDER, Content(lots=lots, dates=Dates(bid_deadline=deadline))),
        publication(4, NoticeKind.OPENING, Content(lots=lots, bids=bids)),
        publication(5, NoticeKind.CANDIDATES, Content(bids=bids, dates=publicity)),
        publication(6, NoticeKind.RESULT, Content(awards=(Award(suppliers, price),))),
    ]


async def publish_chain(database: Database) -> list[str]:
    """Publish the chain and a correction of its first notice; returns their codes."""
    async with database.transaction() as session:
        results = await publish_notices(session, chain(), now=NOW, by="system")
    async with database.transaction() as session:
        content = Content(
            lots=(Lot("1", "一标段", ceiling=Decimal(2_100_000)),),
            dates=Dates(bid_deadline=OPENED + timedelta(days=35)),
        )
        correction = await correct_notice(session, results[0].code, content, now=NOW, by="system")
    return [*(result.code for result in results), correction]
