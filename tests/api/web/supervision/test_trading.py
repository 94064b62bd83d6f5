import httpx

from core.access import Role
from core.db import Database
from tendering.commands import publish_notices
from tendering.content import Bid, Content, Party
from tendering.prices import parse_price
from tendering.rules import NoticeKind
from tests.api.conftest import LogIn
from tests.conftest import NOW
from tests.tendering.factories import publication

PAGE = "/supervision/trading"


async def test_supervision_is_led_from_an_indicator_to_its_notices(
    client: httpx.AsyncClient, database: Database, log_in: LogIn
) -> None:
    alone = Content(bids=(Bid((Party("丁公司"),), parse_price("1799255.53"), rank=1),))
    async with database.transaction() as session:
        (written,) = await publish_notices(
            session, [publication(1, NoticeKind.OPENING, alone)], now=NOW, by="system"
        )
    await log_in(Role.DISCIPLINE)
    overview = (await client.get(PAGE, params={"year": 2026})).text
    assert "不是结论" in overview
    assert f'href="{PAGE}/single_bidder?year=2026"' in overview
    listed = (await client.get(f"{PAGE}/single_bidder", params={"year": 2026})).text
    assert f'href="/notices/{written.code}"' in listed
    assert "标段 1 只有一家" in listed
    assert (await client.get(f"{PAGE}/nothing")).status_code == 404
