import re
from collections.abc import Sequence

import httpx
import pytest

from tests.api.conftest import Portal


@pytest.fixture
def client(portal: Portal) -> httpx.AsyncClient:
    return portal.client


@pytest.fixture
def published(portal: Portal) -> Sequence[str]:
    return portal.codes


def notice_links(html: str) -> list[str]:
    return re.findall(r'<a href="/notices/([A-Z0-9-]+)">', html.split('<main id="main"')[1])


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("place", range(5))
async def test_notice_page_reads_in_both_languages(
    client: httpx.AsyncClient, published: Sequence[str], place: int, language: str
) -> None:
    answer = await client.get(f"/notices/{published[place]}", headers={"Accept-Language": language})

    assert answer.status_code == 200
    assert "滨江路10KV电力迁改工程" in answer.text
    untranslated = re.findall(r"[\u4e00-\u9fff]+", re.sub(r"<[^>]+>", "", answer.text))
    assert language == "zh-CN" or "公告链" not in untranslated


async def test_list_filters_and_keeps_its_state_in_the_address(
    client: httpx.AsyncClient, published: Sequence[str]
) -> None:
    found = await client.get("/notices?q=电力&stage=award&district=990102&from=2026-03-01")
    nothing = await client.get("/notices?q=电力&stage=contract")

    assert notice_links(found.text) == [published[3]]
    assert '<option value="award" selected>' in found.text
    assert notice_links(nothing.text) == []
    assert "/notices?stage=contract" in nothing.text
    assert "/notices?q=%E7%94%B5%E5%8A%9B" in nothing.text


async def test_list_with_a_senseless_address_shows_everything(
    client: httpx.AsyncClient, published: Sequence[str]
) -> None:
    answer = await client.get("/notices?category=fish&from=tomorrow&district=x")

    assert answer.status_code == 200
    assert len(notice_links(answer.text)) == len(published)


async def test_correction_says_what_changed_and_by_how_much(
    client: httpx.AsyncClient, published: Sequence[str]
) -> None:
    correction = await client.get(f"/notices/{published[4]}")
    original = await client.get(f"/notices/{published[0]}")

    said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", correction.text))
    assert "投标截止时间 2026年3月2日 09:00 2026年3月9日 09:00 推迟 7 天 0 小时" in said
    assert "最高限价 一标段 ¥2,000,000.00 ¥2,100,000.00 增加 ¥100,000.00（5.00%）" in said
    assert "本公告已被更正" in original.text


async def test_notice_page_shows_the_article_of_each_date(
    client: httpx.AsyncClient, published: Sequence[str]
) -> None:
    answer = await client.get(f"/notices/{published[2]}")

    assert "中标候选人公示期不少于三日" in answer.text
    assert "《招标投标法实施条例》第54条" in answer.text


async def test_process_page_shows_chain_outcome_and_bids(
    client: httpx.AsyncClient, published: Sequence[str]
) -> None:
    notice = (await client.get(f"/api/v1/notices/{published[0]}")).json()

    answer = await client.get(f"/processes/{notice['ocid']}")

    assert answer.status_code == 200
    assert set(notice_links(answer.text)) == set(published)
    assert "下浮率3%" in answer.text


@pytest.mark.parametrize(
    "path", ["/notices/NONE-01", "/notices/%00", "/processes/ocds-linlan-NONE", "/processes/%00"]
)
async def test_unknown_page_is_404(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_schema_page_loads_nothing_from_outside(client: httpx.AsyncClient) -> None:
    answer = await client.get("/schema")
    sources = re.findall(r'(?:src|href|data-description)="([^"]+)"', answer.text)

    assert answer.status_code == 200
    assert [source for source in sources if not source.startswith("/")] == []
    for source in sources:
        assert (await client.get(source)).status_code == 200, source
    assert "script-src" not in answer.headers["content-security-policy"]


async def test_statistics_lead_to_their_notices(client: httpx.AsyncClient, portal: Portal) -> None:
    overview = (await client.get("/statistics?year=2026")).text
    assert 'href="/statistics/amount?year=2026&amp;month=2026-03"' in overview
    for figure, codes in {
        "results": [portal.codes[3]],
        "saving": [portal.codes[3]],
        "competition": [portal.codes[1]],
        "timeliness": [],
    }.items():
        listed = (await client.get(f"/statistics/{figure}?year=2026")).text
        assert re.findall(r'href="/notices/([^"]+)"', listed) == codes, figure
    assert (await client.get("/statistics/nothing")).status_code == 404
    assert 'href="/notices/' not in (await client.get("/statistics/results?year=2025")).text


@pytest.mark.parametrize(
    ("query", "count"),
    [("least=200&most=205", 2), ("least=179.9&most=180", 2), ("least=x&most=-1", 5), ("open=1", 0)],
)
async def test_list_filters_by_amount_and_by_what_is_still_open(
    client: httpx.AsyncClient, query: str, count: int
) -> None:
    answer = await client.get(f"/notices?{query}")

    assert len(notice_links(answer.text)) == count


async def test_filters_show_how_many_notices_each_choice_holds(client: httpx.AsyncClient) -> None:
    answer = await client.get("/notices?q=电力")

    assert '<option value="tender" >招标采购（2）</option>' in answer.text
    assert '<option value="works" >工程建设（5）</option>' in answer.text
