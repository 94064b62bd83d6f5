"""Many drafts from one workbook: each good row becomes a draft, each bad one is named with what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Annotated, Any

import xlsxwriter
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.problems import problem_of
from api.web import words
from api.web.portal import words as portal_words
from api.web.portal.draft_form import DATE_FIELDS, DraftForm, publication_from
from api.web.portal.notices import WORDS, PageRequest
from api.web.portal.objections import refused
from api.web.rendering import page
from api.web.workbooks import BYTES_LIMIT, XLSX, open_workbook, read_sheet, wrong
from core.access import Action
from core.errors import InvalidInput
from tendering import drafts
from tendering.regions import regions
from tendering.rules import NoticeKind

ROWS_LIMIT = 500
DRAFTING: dict[str, Any] = {"opt": {"action": Action.NOTICE_DRAFT}, "include_in_schema": False}
#: A column's heading (Chinese, a message id) for each field of the form; its translation is understood too.
COLUMNS: Mapping[str, str] = {
    "title": "公告标题",
    "category": "类别",
    "kind": "种类",
    "district": "区域",
    "buyer": "招标人、采购人或转让方",
    "project_code": "投资项目代码",
    "method": "交易方式",
    "ceiling": "最高限价",
    "offers": "单位和价格",
    "text": "公告正文",
    **{name: portal_words.FIELDS[name] for name in DATE_FIELDS},
}
#: What people call the coded values, besides the codes themselves.
NAMES: Mapping[str, Mapping[str, str]] = {
    "category": {name: code.value for code, name in words.CATEGORIES.items()},
    "kind": {name: code.value for code, name in words.KINDS.items()}
    | dict.fromkeys(words.CALLS.values(), NoticeKind.TENDER.value),
    "method": {name: code for code, name in portal_words.METHODS.items()},
    "district": {name: code for code, name in regions().items()},
}
REQUIRED = ("title", "category", "kind")


@dataclass
class Sheet:
    file: UploadFile | None = None


@dataclass(frozen=True, slots=True)
class RowResult:
    """`row` is counted as the spreadsheet shows it. Either a draft's number or problems."""

    row: int
    title: str
    draft: int | None
    problems: list[tuple[str, str]]


@get("/drafts/import", **DRAFTING)
async def show_import(request: PageRequest) -> Template:
    return _page(request, [])


@get("/drafts/import/template.xlsx", **DRAFTING)
async def get_template() -> Response[bytes]:
    headers = {"Content-Disposition": 'attachment; filename="notices.xlsx"'}
    return Response(template(), media_type=XLSX, headers=headers)


@post("/drafts/import", status_code=200, **DRAFTING)
async def import_sheet(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal,
    now: datetime,
    data: Annotated[Sheet, Body(media_type=RequestEncodingType.MULTI_PART)],
) -> Template:
    try:
        rows = read_rows(await data.file.read() if data.file else b"")
    except InvalidInput as refusal:
        return _page(request, [], refusal)
    results = [await _draft(session, number, row, by=caller.person, now=now) for number, row in rows]
    return _page(request, results)


def template() -> bytes:
    """An empty workbook with the headings, and the names that may be filled in."""
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet("公告")
        sheet.write_row(0, 0, list(COLUMNS.values()), bold)
        sheet.set_column(0, len(COLUMNS) - 1, 20)
        for column, field in enumerate(COLUMNS):
            if field in NAMES:
                sheet.data_validation(
                    1, column, ROWS_LIMIT, column, {"validate": "list", "source": list(NAMES[field])[:20]}
                )
    return buffer.getvalue()


def read_rows(content: bytes) -> list[tuple[int, dict[str, str]]]:
    """The first sheet's rows as form fields, with their numbers. Raises InvalidInput for what is no such workbook."""
    sheet = open_workbook(content, otherwise="文件无法读取，请使用 .xlsx 模板。").get_sheet_by_index(0)
    if len(content) > BYTES_LIMIT or sheet.total_height > ROWS_LIMIT:
        raise wrong("一次最多导入 500 行。")
    missing = "缺少必要的列：公告标题、类别、种类。"
    return list(read_sheet(sheet, COLUMNS, needed=REQUIRED, otherwise=missing))


async def _draft(
    session: AsyncSession, number: int, row: Mapping[str, str], *, by: int, now: datetime
) -> RowResult:
    coded = {field: NAMES.get(field, {}).get(value, value) for field, value in row.items()}
    try:
        form = DraftForm(**coded)
        saved = await drafts.save_draft(session, publication_from(form, now=now), by=by, now=now)
    except InvalidInput as refusal:
        problems = [
            (COLUMNS.get(problem.field, problem.field), problem.message)
            for problem in problem_of(refusal).problems
        ]
        return RowResult(number, row.get("title", ""), None, problems)
    return RowResult(number, form.title, saved, [])


def _page(request: PageRequest, results: list[RowResult], refusal: InvalidInput | None = None) -> Template:
    return page(request, "portal/draft_import.html", results=results, **refused(refusal), **WORDS)


ROUTES: list[ControllerRouterHandler] = [show_import, get_template, import_sheet]
