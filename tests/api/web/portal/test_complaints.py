from datetime import timedelta

import httpx
import pytest

from core import clock
from core.access import Role
from core.db import Database
from tendering.commands import publish_notices
from tendering.content import Content, Dates
from tendering.objections import answer_objection, raise_objection
from tendering.rules import NoticeKind
from tests.api.conftest import LogIn
from tests.tendering.factories import publication


async def post(client: httpx.AsyncClient, path: str, data: dict[str, str]) -> httpx.Response:
    await client.get("/login")
    return await client.post(path, data=data, headers={"x-csrftoken": client.cookies["csrf"]})


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_bidder_complains_and_the_authority_decides_in_public(
    client: httpx.AsyncClient, database: Database, log_in: LogIn, language: str
) -> None:
    now = clock.now()
    client.headers["accept-language"] = language
    bidder = await log_in(Role.BIDDER, login="bidder")
    item = publication(5, NoticeKind.CANDIDATES, Content(dates=Dates(publicity_to=now + timedelta(days=2))))
    async with database.transaction() as session:
        (notice,) = await publish_notices(session, [item], now=now, by="system")
        code = await raise_objection(
            session, notice.code, organisation="秘密公司", text="秘密", by=bidder, now=now
        )
        await answer_objection(session, code, answer="经复核无误。", upheld=False, by=bidder, now=now)
    mine = await client.get("/objections/mine")
    empty = await post(client, f"/objections/{code}/complaint", {"text": ""})
    raised = await post(client, f"/objections/{code}/complaint", {"text": "秘密理由"})
    refused = await client.get(f"/complaints/{code}-T")
    await log_in(Role.SUPERVISOR, login="authority")
    desk = await client.get(f"/complaints/{code}-T")
    await post(client, f"/complaints/{code}-T", {"act": "suspend"})
    wordless = await post(client, f"/complaints/{code}-T", {"act": "reject", "text": ""})
    await post(client, f"/complaints/{code}-T", {"act": "reject", "text": "事实清楚，驳回。"})
    client.cookies.clear()
    register = await client.get("/complaints")

    assert f"/objections/{code}/complaint" in mine.text
    statuses = (empty.status_code, raised.status_code, refused.status_code, wordless.status_code)
    assert statuses == (422, 303, 403, 422)
    assert "秘密理由" in desk.text
    assert "事实清楚，驳回。" in register.text
    assert "秘密" not in register.text
