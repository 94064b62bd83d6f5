"""Whole months of notices as files: /api/v1/bulk."""

import base64
import hashlib
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.bulk_files import FORMATS, SUMS, month_file
from api.resources import Resources
from api.v1.answers import MISSING, READ, ApiRequest, Reading, bytes_answer, json_answer, shown
from tendering.bulk import Month, list_months

TYPES = {
    "releases.jsonl.gz": "application/gzip",
    "notices.csv": "text/csv; charset=utf-8",
    "notices.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    SUMS: "text/plain; charset=utf-8",
}


class MonthFiles(msgspec.Struct):
    """A month, how many notices it has, where its files are, and where their checksums."""

    month: str
    notices: int
    files: list[str]
    checksums: str


class MonthList(msgspec.Struct):
    months: list[MonthFiles]


def files_of(month: Month) -> MonthFiles:
    place = f"/api/v1/bulk/{month.month}"
    return MonthFiles(month.month, month.notices, [f"{place}/{name}" for name in FORMATS], f"{place}/{SUMS}")


FILE = {
    200: ResponseSpec(
        bytes, description="文件 · The file", generate_examples=False, media_type="application/octet-stream"
    )
}


@get(
    "/bulk",
    opt={"public": True},
    operation_class=Reading,
    tags=["批量下载"],
    summary="按月批量下载的文件 · Files by month",
    responses=shown(
        {"months": [msgspec.to_builtins(files_of(Month("2026-03", 812)))]}, MonthList, "月份 · Months"
    )
    | READ,
)
async def get_months(request: ApiRequest, session: AsyncSession) -> Response[Any]:
    return json_answer(
        request, MonthList([files_of(month) for month in await list_months(session)]), max_age=3600
    )


@get(
    "/bulk/{month:str}/{name:str}",
    opt={"public": True},
    operation_class=Reading,
    tags=["批量下载"],
    summary="一个月的全部公告 · All notices of a month",
    description=(
        f"{SUMS} 列出该月各文件的 SHA-256；Repr-Digest 是所取文件的 SHA-256（RFC 9530）。"
        f" · {SUMS} lists the SHA-256 of the month's files, Repr-Digest tells that of this one (RFC 9530)."
    ),
    responses=FILE | READ | MISSING,
)
async def get_month_file(
    request: ApiRequest,
    session: AsyncSession,
    resources: Resources,
    month: Annotated[
        str, PathParameter(pattern=r"^(19|20)\d\d-(0[1-9]|1[0-2])$", description="月份 · Month, YYYY-MM")
    ],
    name: Annotated[str, PathParameter(max_length=20, description="、".join(TYPES))],
) -> Response[Any]:
    settings = resources.settings
    body = await month_file(session, settings.data_dir / "bulk", month, name, site=settings.base_url)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    headers = {
        "Content-Disposition": f'attachment; filename="{month}-{name}"',
        "Repr-Digest": f"sha-256=:{digest}:",
    }
    return bytes_answer(request, body, media_type=TYPES[name], max_age=3600, headers=headers)


ROUTES: list[ControllerRouterHandler] = [get_months, get_month_file]
