from datetime import datetime
from io import BytesIO

import httpx
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from api.web.portal.sheets import COLUMNS, template
from core.access import Role
from core.db import Database
from tendering.drafts import find_draft, list_drafts
from tests.api.conftest import LogIn

HEADINGS = list(COLUMNS.values())
GOOD: dict[str, object] = {
    "公告标题": "滨江路改造工程",
    "类别": "工程建设",
    "种类": "招标公告",
    "区域": "990102",
    "最高限价": 1800000,
    "投标截止时间": datetime(2026, 12, 30, 9, 30),  # noqa: DTZ001 - a cell has no zone
}


def workbook(headings: list[str], *rows: dict[str, object]) -> bytes:
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, headings)
        for number, row in enumerate(rows, start=1):
            for column, heading in enumerate(headings):
                value = row.get(heading, "")
                if isinstance(value, datetime):
                    sheet.write_datetime(number, column, value, moment)
                else:
                    sheet.write(number, column, value)
    return buffer.getvalue()


async def send(client: httpx.AsyncClient, content: bytes, language: str = "zh-CN") -> httpx.Response:
    await client.get("/login")
    return await client.post(
        "/drafts/import",
        files={"file": ("notices.xlsx", content)},
        headers={"x-csrftoken": client.cookies["csrf"], "accept-language": language},
    )


async def test_good_rows_become_drafts_and_bad_ones_are_named(
    client: httpx.AsyncClient, database: Database, log_in: LogIn
) -> None:
    await log_in(Role.TRADING_CLERK)
    bad = GOOD | {"公告标题": "坏行", "最高限价": "很多钱", "投标截止时间": "昨天"}
    answer = await send(client, workbook(HEADINGS, GOOD, {}, bad))
    async with database.transaction() as session:
        (line,) = await list_drafts(session)
        draft = await find_draft(session, line.id)

    assert answer.status_code == 200
    assert draft.publication["title"] == "滨江路改造工程"
    assert draft.publication["content"]["lots"][0]["ceiling"] == "1800000"
    assert draft.publication["content"]["dates"]["bid_deadline"] == "2026-12-30T09:30:00+08:00"
    # The empty row is none; the bad one keeps the number that the spreadsheet shows.
    assert '<td role="cell" data-label="行" class="num">4</td>' in answer.text
    assert "投标截止时间：该项填写有误。" in answer.text
    assert "最高限价：该项填写有误。" in answer.text


async def test_english_headings_are_understood(
    client: httpx.AsyncClient, database: Database, log_in: LogIn
) -> None:
    await log_in(Role.TRADING_CLERK)
    row: dict[str, object] = {"title": "Riverside road", "category": "works", "kind": "tender"}
    await send(client, workbook(list(row), row))
    async with database.transaction() as session:
        (line,) = await list_drafts(session)

    assert line.title == "Riverside road"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a workbook", "文件无法读取，请使用 .xlsx 模板。"),
        (b"", "文件无法读取，请使用 .xlsx 模板。"),
        (workbook(["公告标题"], {"公告标题": "x"}), "缺少必要的列：公告标题、类别、种类。"),
        (workbook(HEADINGS, *[GOOD] * 501), "一次最多导入 500 行。"),
    ],
    ids=["no workbook", "empty", "columns missing", "too long"],
)
async def test_what_is_no_such_workbook_is_refused_whole(
    client: httpx.AsyncClient, database: Database, log_in: LogIn, content: bytes, message: str
) -> None:
    await log_in(Role.TRADING_CLERK)
    answer = await send(client, content)
    async with database.transaction() as session:
        drafts = await list_drafts(session)

    assert (answer.status_code, drafts) == (422, [])
    assert message in answer.text


def test_template_has_the_columns_that_are_read() -> None:
    table = CalamineWorkbook.from_filelike(BytesIO(template())).get_sheet_by_index(0).to_python()

    assert table[0] == HEADINGS
