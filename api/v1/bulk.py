"""Whole months of notices as files: /api/v1/bulk."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.v1.answers import (
    NOT_FOUND,
    NOT_MODIFIED,
    WRONG_INPUT,
    ApiRequest,
    Reading,
    bytes_answer,
    json_answer,
    shown,
)
from core.errors import NotFound
from tendering.bulk import Month, csv_table, json_lines, list_months, notices_of_month, xlsx_table
from tendering.records import NoticeDetail

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS: dict[str, tuple[str, Callable[[Sequence[NoticeDetail]], bytes]]] = {
    "releases.jsonl.gz": ("application/gzip", json_lines),
    "notices.csv": ("text/csv; charset=utf-8", csv_table),
    "notices.xlsx": (XLSX, xlsx_table),
}


class MonthFiles(msgspec.Struct):
    """A month, how many notices it has, and where its files are."""

    month: str
    notices: int
    files: list[str]


class MonthList(msgspec.Struct):
    months: list[MonthFiles]


EXAMPLE = {
    "months": [
        {
            "month": "2026-03",
            "notices": 812,
            "files": [f"/api/v1/bulk/2026-03/{name}" for name in FORMATS],
        }
    ]
}


@get(
    "/bulk",
    opt={"public": True},
    operation_class=Reading,
    tags=["批量下载"],
    summary="按月批量下载的文件 · Files by month",
    responses={200: shown(EXAMPLE, MonthList, "月份 · Months"), 304: NOT_MODIFIED},
)
async def get_months(request: ApiRequest, session: AsyncSession) -> Response[Any]:
    months = [_files(month) for month in await list_months(session)]
    return json_answer(request, MonthList(months), max_age=3600)


@get(
    "/bulk/{month:str}/{name:str}",
    opt={"public": True},
    operation_class=Reading,
    tags=["批量下载"],
    summary="一个月的全部公告 · All notices of a month",
    description="ETag 是文件内容 SHA-256 的前 32 位十六进制。 · The ETag is the first half of the file's SHA-256.",
    responses={
        200: ResponseSpec(
            bytes,
            description="文件 · The file",
            generate_examples=False,
            media_type="application/octet-stream",
        ),
        304: NOT_MODIFIED,
        404: NOT_FOUND,
        422: WRONG_INPUT,
    },
)
async def get_month_file(
    request: ApiRequest,
    session: AsyncSession,
    month: Annotated[
        str, PathParameter(pattern=r"^(19|20)\d\d-(0[1-9]|1[0-2])$", description="月份 · Month, YYYY-MM")
    ],
    name: Annotated[str, PathParameter(max_length=20, description="、".join(FORMATS))],
) -> Response[Any]:
    if name not in FORMATS:
        raise NotFound
    year, number = month.split("-")
    notices = await notices_of_month(session, int(year), int(number))
    if not notices:
        raise NotFound
    media_type, write = FORMATS[name]
    body = await asyncio.to_thread(write, notices)
    headers = {"Content-Disposition": f'attachment; filename="{month}-{name}"'}
    return bytes_answer(request, body, media_type=media_type, max_age=3600, headers=headers)


def _files(month: Month) -> MonthFiles:
    files = [f"/api/v1/bulk/{month.month}/{name}" for name in FORMATS]
    return MonthFiles(month.month, month.notices, files)


ROUTES: list[ControllerRouterHandler] = [get_months, get_month_file]
