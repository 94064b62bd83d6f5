from datetime import timedelta

import httpx
import msgspec

from core import clock
from core.access import Role
from core.db import Database
from core.settings import Settings
from tendering.commands import publish_notices
from tendering.content import Content, Dates
from tendering.rules import NoticeKind
from tests.api.conftest import LogIn
from tests.factories.worker import carry_out_due
from tests.tendering.factories import publication


async def post(client: httpx.AsyncClient, path: str, data: dict[str, str]) -> int:
    await client.get("/login")
    answer = await client.post(path, data=data, headers={"x-csrftoken": client.cookies["csrf"]})
    return answer.status_code


async def test_clerk_books_a_room_and_everybody_sees_it(
    client: httpx.AsyncClient, database: Database, settings: Settings, log_in: LogIn
) -> None:
    now = clock.now()
    item = publication(1, NoticeKind.TENDER, Content(dates=Dates(bid_deadline=now + timedelta(days=3))))
    async with database.transaction() as session:
        (result,) = await publish_notices(
            session, [msgspec.structs.replace(item, published_at=now)], now=now, by="system"
        )
    await carry_out_due(settings)
    process = result.code.rsplit("-", 1)[0]
    await log_in(Role.TRADING_CLERK)
    statuses = [
        await post(client, "/openings/venues", {"name": ""}),
        await post(client, "/openings/venues", {"name": "第三开标室"}),
        await post(client, f"/openings/{process}", {"venue": "1", "minutes": "60"}),
        await post(client, f"/openings/{process}", {"venue": "999", "minutes": "60"}),
        await post(client, "/openings/NOTHING", {"venue": "1", "minutes": "60"}),
        await post(client, f"/openings/{process}", {"venue": "9" * 20, "minutes": "60"}),
        await post(client, f"/openings/{process}", {"venue": "1", "minutes": "9" * 20}),
    ]
    client.cookies.clear()
    shown = await client.get("/openings")
    past = await client.get("/openings?from=2020-01-01", headers={"accept-language": "en"})

    assert statuses == [422, 303, 303, 404, 409, 422, 422]
    assert "第三开标室" in shown.text
    assert item.title in shown.text
    assert "No openings in these two weeks." in past.text
