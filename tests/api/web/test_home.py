import re

import httpx
import pytest

from core.access import Role
from tests.api.conftest import LogIn

HTML = {"accept": "text/html"}


async def test_about_speaks_the_readers_language(client: httpx.AsyncClient) -> None:
    english = await client.get("/about", headers=HTML | {"accept-language": "en"})
    chinese = await client.get("/about", headers=HTML | {"accept-language": "zh-CN"})
    assert (english.status_code, chinese.status_code) == (200, 200)
    assert '<html lang="en">' in english.text
    assert "<h1>About</h1>" in english.text
    assert '<html lang="zh-CN">' in chinese.text
    assert "<h1>关于本站</h1>" in chinese.text


async def test_styleguide_is_not_for_the_public(client: httpx.AsyncClient) -> None:
    assert (await client.get("/styleguide", headers=HTML)).status_code == 404


@pytest.mark.parametrize(("language", "title"), [("en", "We could not find"), ("zh", "没有找到您要的内容")])
async def test_error_page_tells_what_to_do_next(client: httpx.AsyncClient, language: str, title: str) -> None:
    answer = await client.get("/nowhere", headers=HTML | {"accept-language": language})
    assert answer.status_code == 404
    assert title in answer.text
    assert answer.headers["x-request-id"] in answer.text


async def test_home_of_an_empty_city_has_both_doors_and_no_notices(client: httpx.AsyncClient) -> None:
    answer = await client.get("/", headers=HTML | {"accept-language": "zh-CN"})
    assert answer.status_code == 200
    assert 'href="/notices?category=works"' in answer.text
    assert 'href="/cases/new"' in answer.text
    assert "还没有公告。" in answer.text


async def test_first_pages_offer_nobody_what_he_may_not_open(
    client: httpx.AsyncClient, log_in: LogIn
) -> None:
    public = {link for link in await _offered(client) if (await client.get(link)).status_code == 200}
    assert {"/notices", "/guide"} <= public
    for role in Role:
        await log_in(role, login=role)
        own = await _offered(client) - public
        assert not [link for link in sorted(own) if (await client.get(link)).status_code == 403], role


async def _offered(client: httpx.AsyncClient) -> set[str]:
    pages = [(await client.get(path, headers=HTML)).text for path in ("/", "/guide")]
    return {link for text in pages for link in re.findall(r'<a [^>]*href="(/[^"#]*)"', text)}
