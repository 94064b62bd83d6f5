import httpx
import pytest


@pytest.mark.parametrize("address", ["/verify?code=a%00b", "/progress?code=a%00b"])
async def test_what_cannot_be_kept_is_said_to_be_wrong_input(client: httpx.AsyncClient, address: str) -> None:
    page = await client.get(address)
    told = await client.get(address, headers={"accept": "application/json"})

    assert (page.status_code, told.status_code) == (422, 422)
    assert "内容含有无法保存的字符或过大的数。" in page.text
    assert told.json()["code"] == "invalid_input"
