from datetime import timedelta

import httpx
import pytest

from core import clock
from core.access import Role
from core.db import Database
from tendering.commands import publish_notices
from tendering.content import Content, Dates
from tendering.rules import NoticeKind
from tests.api.conftest import LogIn
from tests.tendering.factories import publication


@pytest.fixture
async def notice(database: Database) -> str:
    now = clock.now()
    dates = Dates(publicity_from=now, publicity_to=now + timedelta(days=2))
    async with database.transaction() as session:
        (result,) = await publish_notices(
            session, [publication(1, NoticeKind.CANDIDATES, Content(dates=dates))], now=now, by="system"
        )
    return result.code


async def post(client: httpx.AsyncClient, path: str, data: dict[str, str]) -> httpx.Response:
    await client.get("/login")
    return await client.post(path, data=data, headers={"x-csrftoken": client.cookies["csrf"]})


async def test_bidder_objects_and_clerk_answers_in_public(
    client: httpx.AsyncClient, log_in: LogIn, notice: str
) -> None:
    await log_in(Role.BIDDER, login="bidder")
    offered = await client.get(f"/notices/{notice}")
    empty = await post(client, f"/notices/{notice}/objection", {"organisation": "", "text": ""})
    raised = await post(
        client, f"/notices/{notice}/objection", {"organisation": "秘密公司", "text": "秘密理由"}
    )
    await log_in(Role.TRADING_CLERK, login="clerk")
    form = await client.get(f"/objections/{notice}-Y1")
    answered = await post(client, f"/objections/{notice}-Y1", {"answer": "经复核无误。", "upheld": "no"})
    client.cookies.clear()
    register = await client.get("/objections")
    page = await client.get(f"/notices/{notice}")

    assert "还可以提出" in offered.text
    assert empty.status_code == 422
    assert (raised.status_code, raised.headers["location"]) == (303, f"/notices/{notice}")
    assert "秘密理由" in form.text
    assert answered.status_code == 303
    for shown in (register.text, page.text):
        assert "经复核无误。" in shown
        assert "秘密" not in shown
