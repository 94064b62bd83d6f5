import re
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest
import sqlalchemy as sa

from core import clock
from core.access import Role
from core.db import Database
from tendering.exchange.commands import receive_delivery, source_of
from tendering.models import Notice
from tests.api.conftest import LogIn

FORM = {
    "title": "滨江路改造工程施工招标公告",
    "category": "works",
    "kind": "tender",
    "district": "990102",
    "buyer": "临澜市城市建设投资有限公司",
    "ceiling": "39,500,000",
    "text": "第一行\n第二行",
}


def deadline(days: int) -> str:
    return (clock.now() + timedelta(days=days)).astimezone(clock.LOCAL).strftime("%Y-%m-%dT%H:%M")


async def post(client: httpx.AsyncClient, path: str, data: dict[str, str] | None = None) -> httpx.Response:
    await client.get("/login")
    return await client.post(path, data=data or {}, headers={"x-csrftoken": client.cookies["csrf"]})


async def test_clerk_drafts_checks_and_another_publishes(client: httpx.AsyncClient, log_in: LogIn) -> None:
    await log_in(Role.TRADING_CLERK, login="writer")
    saved = await post(client, "/drafts", FORM | {"bid_deadline": deadline(5)})
    place = saved.headers["location"]
    warned = await client.get(place)
    await post(client, place, FORM | {"bid_deadline": deadline(45)})
    lawful = await client.get(place)
    await post(client, f"{place}/submit")
    own = await post(client, f"{place}/publish")
    await log_in(Role.TRADING_CLERK, login="reader")
    listed = await client.get("/drafts")
    published = await post(client, f"{place}/publish")
    shown = await client.get(published.headers["location"])

    assert "不得发布" in warned.text
    assert "招标投标法" in warned.text
    assert "没有发现不合法的期限" in lawful.text
    assert own.status_code == 403
    assert FORM["title"] in listed.text
    assert published.status_code == 303
    assert "¥39,500,000.00" in shown.text
    assert re.search(r"<p>第二行</p>", shown.text)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"ceiling": "很多"}, "ceiling"),
        ({"ceiling": "NaN"}, "ceiling"),
        ({"ceiling": "-5"}, "ceiling"),
        ({"ceiling": "1e40"}, "ceiling"),
        ({"bid_deadline": "明天"}, "bid_deadline"),
    ],
)
async def test_wrong_draft_is_shown_again_with_its_errors(
    client: httpx.AsyncClient, log_in: LogIn, change: dict[str, str], field: str
) -> None:
    await log_in(Role.TRADING_CLERK)

    answer = await post(client, "/drafts", FORM | change)

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text


async def test_clerk_corrects_a_quarantined_item(
    client: httpx.AsyncClient, log_in: LogIn, database: Database
) -> None:
    await log_in(Role.TRADING_CLERK)
    document = '[{"id": "G-1", "kind": "tender", "title": "滨江路改造", "published": "昨天"}]'
    async with database.transaction() as session:
        await receive_delivery(
            session,
            source_of("construction"),
            document.encode(),
            media_type="application/json",
            idempotency_key="k",
            now=clock.now(),
            by="key:1",
        )
    waiting = await client.get("/drafts")
    place = re.findall(r'href="(/quarantine/\d+)"', waiting.text)[0]
    shown = await client.get(place)
    fields = {"row-id": "G-1", "row-kind": "tender", "row-title": "滨江路改造"}
    still_wrong = await post(client, place, fields | {"row-published": "今天"})
    resolved = await post(client, place, fields | {"row-published": "2026-03-02 09:00"})
    async with database.transaction() as session:
        titles = (await session.scalars(sa.select(Notice.title))).all()  # type: ignore[call-overload]  # a column on the class

    assert "时间无法识别：昨天" in shown.text
    assert still_wrong.status_code == 422
    assert resolved.status_code == 303
    assert titles == ["滨江路改造"]


def main_of(page: str) -> str:
    """What the notice itself says: the left column."""
    return page.partition('<div class="stack-l">')[2].partition("<aside")[0]


async def test_preview_is_the_page_that_is_published(
    client: httpx.AsyncClient, log_in: LogIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", partial(datetime.fromtimestamp, clock.now().timestamp(), UTC))
    await log_in(Role.TRADING_CLERK, login="writer")
    begun = (await client.get("/drafts/new?category=land&kind=tender")).text
    short = await post(client, "/drafts", FORM | {"bid_deadline": deadline(5)})
    unlawful = await client.get(f"{short.headers['location']}/preview")
    form = FORM | {
        "category": "land",
        "title": "北岸片区一号地块出让公告",
        "listing_from": deadline(30),
        "listing_to": deadline(50),
    }
    place = (await post(client, "/drafts", form)).headers["location"]
    await post(client, f"{place}/submit")
    own = await client.get(f"{place}/preview")
    await log_in(Role.TRADING_CLERK, login="reader")
    preview = await client.get(f"{place}/preview")
    code = (await post(client, f"{place}/publish")).headers["location"]
    published = await client.get(code)
    following = (
        await client.get(f"/drafts/new?process={code.split('/')[2].rsplit('-', 1)[0]}&kind=result")
    ).text

    assert "出让年限与起始价" in begun
    assert re.search(r'name="listing_to"[^>]*value="20', begun)
    assert "不得发布" in unlawful.text
    assert "不能接在本项目的上一份公告之后" not in unlawful.text
    assert f"{place}/publish" not in own.text
    assert f"{place}/publish" in preview.text
    assert main_of(preview.text) == main_of(published.text)
    assert "¥39,500,000.00" in main_of(preview.text)
    assert code.split("/")[2] in preview.text
    assert 'value="北岸片区一号地块成交公示"' in following
    assert FORM["buyer"] in following


async def test_bids_awards_and_contracts_are_drafted_as_lines(
    client: httpx.AsyncClient, log_in: LogIn
) -> None:
    await log_in(Role.TRADING_CLERK)
    lines = "甲建设有限公司、乙设计院联合体｜1,799,255.53元\n2｜丙建设有限公司|下浮率3%"
    candidates = FORM | {"kind": "candidates", "offers": lines}
    place = (await post(client, "/drafts", candidates)).headers["location"]
    form, preview = (await client.get(place)).text, (await client.get(f"{place}/preview")).text
    refused = [
        await post(client, "/drafts", FORM | {"kind": kind, "offers": text})
        for kind, text in [
            ("result", "只有单位"),
            ("contract", "甲公司｜下浮率3%"),
            ("tender", "甲公司｜1万元"),
        ]
    ]
    signed = {"kind": "contract", "offers": "甲公司｜120万元", "signed": deadline(0)}
    contract = (await post(client, "/drafts", FORM | signed)).headers["location"]

    assert "不能接在本项目的上一份公告之后" in preview  # a process does not begin with its candidates
    assert "甲建设有限公司、乙设计院｜1,799,255.53元\n2｜丙建设有限公司｜下浮率3%</textarea>" in form
    assert re.search(r'id="publicity_to".*<summary>其他日期</summary>.*id="signed"', form, re.DOTALL)
    assert ("¥1,799,255.53" in preview, "联合体" in preview, "3%" in preview) == (True, True, True)
    assert [(answer.status_code, 'href="#offers"' in answer.text) for answer in refused] == [(422, True)] * 3
    assert "¥1,200,000.00" in (await client.get(f"{contract}/preview")).text
