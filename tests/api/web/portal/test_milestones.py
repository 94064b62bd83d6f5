from datetime import timedelta

import httpx
import msgspec

from core import clock
from core.db import Database
from core.settings import Settings
from tendering.commands import publish_notices
from tendering.content import Content, Dates
from tendering.rules import NoticeKind
from tests.factories.worker import carry_out_due
from tests.tendering.factories import publication


async def test_process_page_tells_what_is_to_come_and_what_came(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    now = clock.now()
    dates = Dates(bid_deadline=now + timedelta(hours=3))
    item = publication(1, NoticeKind.TENDER, Content(dates=dates))
    async with database.transaction() as session:
        (result,) = await publish_notices(
            session, [msgspec.structs.replace(item, published_at=now)], now=now, by="system"
        )
    notice = (await client.get(f"/api/v1/notices/{result.code}")).json()
    await carry_out_due(settings)
    before = await client.get(f"/processes/{notice['ocid']}")
    await carry_out_due(settings, later=timedelta(hours=4))
    after = await client.get(f"/processes/{notice['ocid']}", headers={"accept-language": "en"})

    assert "投标截止并开标" in before.text
    assert "将到" in before.text
    assert "Bids close and are opened" in after.text
    assert "Reached" in after.text
