import httpx

from api.notice_sealing import seal_now
from core.db import Database
from core.settings import Settings
from tests.tendering.factories import publish_chain


async def test_a_notice_is_verified_once_sealed(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    code = (await publish_chain(database))[0]
    before = await client.get(f"/verify/notices/{code}"), await client.get(f"/api/v1/notices/{code}/proof")
    await seal_now(settings)
    after = await client.get(f"/verify/notices/{code}"), await client.get(f"/api/v1/notices/{code}/proof")
    roots = (await client.get("/api/v1/roots")).json()["roots"]

    assert [answer.status_code for answer in before] == [200, 409]
    assert "尚未计入" in before[0].text
    assert "公告与发布时一致" in after[0].text
    assert after[1].json()["tree"] == roots[0]


async def test_an_unknown_notice_has_nothing_to_verify(client: httpx.AsyncClient) -> None:
    assert (await client.get("/verify/notices/NOTHING")).status_code == 404
    assert (await client.get("/api/v1/notices/NOTHING/proof")).status_code == 404
