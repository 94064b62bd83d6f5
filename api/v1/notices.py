"""Notices and processes as open data: /api/v1/notices and /api/v1/processes."""

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.di import Provide
from litestar.params import PathParameter, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.resources import Resources
from api.v1.answers import MISSING, READ, ApiRequest, Reading, json_answer, ocds_answer, shown
from api.v1.examples import NOTICE, NOTICE_PAGE, RECORD_PACKAGE, RELEASE_PACKAGE
from tendering import ocds
from tendering.milestones.commands import list_milestones
from tendering.queries import NoticeFilter, NoticePage, list_notices
from tendering.records import NoticeDetail, find_notice, find_process
from tendering.rules import Category, NoticeKind, Stage

PUBLISHER = "临澜市公共资源交易中心"
SEARCH_LENGTH = 100
Code = Annotated[
    str, PathParameter(max_length=40, pattern=r"^[A-Z0-9-]+$", description="公告编号 · Notice id")
]


class ReleasePackage(msgspec.Struct):
    """An OCDS 1.1 release package; see the standard for its fields."""

    uri: str
    version: str
    extensions: list[str]
    publisher: dict[str, Any]
    license: str
    publishedDate: str  # noqa: N815 - OCDS names it
    releases: list[dict[str, Any]]


class RecordPackage(msgspec.Struct):
    """An OCDS 1.1 record package: every release of a process, and what they compile to."""

    uri: str
    version: str
    extensions: list[str]
    publisher: dict[str, Any]
    license: str
    publishedDate: str  # noqa: N815 - OCDS names it
    records: list[dict[str, Any]]


def provide_filter(
    *,
    q: Annotated[
        str,
        QueryParameter(
            max_length=SEARCH_LENGTH, description="关键词，空格分隔，须全部出现 · Words that all occur"
        ),
    ] = "",
    category: Annotated[Category | None, QueryParameter(description="交易类别 · Category")] = None,
    stage: Annotated[Stage | None, QueryParameter(description="阶段 · Stage")] = None,
    kind: Annotated[NoticeKind | None, QueryParameter(description="公告种类 · Kind of notice")] = None,
    district: Annotated[
        str | None, QueryParameter(pattern=r"^\d{6}$", description="行政区划代码 GB/T 2260 · Region code")
    ] = None,
    since: Annotated[
        date | None, QueryParameter(name="from", description="发布日期起（含） · First day of publication")
    ] = None,
    until: Annotated[
        date | None, QueryParameter(name="to", description="发布日期止（含） · Last day of publication")
    ] = None,
    project: Annotated[
        str | None,
        QueryParameter(
            max_length=40, pattern=r"^[0-9A-Za-z-]*$", description="投资项目统一代码 · Project code"
        ),
    ] = None,
) -> NoticeFilter:
    return NoticeFilter(
        q=q,
        category=category,
        stage=stage,
        kind=kind,
        district=district,
        since=since,
        until=until,
        project=project,
    )


@get(
    "/notices",
    opt={"public": True, "cached": True},
    operation_class=Reading,
    tags=["交易信息"],
    summary="公告列表，由新到旧 · Notices, newest first",
    description=(
        "按游标翻页，不按页码：把 `older` 原样放进 `cursor` 取下一页。"
        " · Follow `older` by passing it as `cursor`; there are no page numbers."
    ),
    dependencies={"wanted": Provide(provide_filter, sync_to_thread=False)},
    responses=shown(NOTICE_PAGE, NoticePage, "一页公告 · One page") | READ,
)
async def get_notices(
    request: ApiRequest,
    session: AsyncSession,
    wanted: NoticeFilter,
    cursor: Annotated[
        str | None,
        QueryParameter(max_length=80, description="上一次回答中的 older 或 newer · Cursor of an answer"),
    ] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100, description="每页条数 · Page size")] = 20,
) -> Response[Any]:
    return json_answer(request, await list_notices(session, wanted, cursor=cursor, limit=limit))


@get(
    "/notices/{code:str}",
    opt={"public": True, "cached": True},
    operation_class=Reading,
    tags=["交易信息"],
    summary="一份公告及其公告链 · One notice and its chain",
    responses=shown(NOTICE, NoticeDetail, "公告 · The notice") | READ | MISSING,
)
async def get_notice(request: ApiRequest, session: AsyncSession, code: Code) -> Response[Any]:
    return json_answer(request, await find_notice(session, code))


@get(
    "/notices/{code:str}/release",
    opt={"public": True, "cached": True},
    operation_class=Reading,
    tags=["开放合同数据 OCDS"],
    summary="一份公告的 OCDS 发布包 · OCDS release package of one notice",
    responses=shown(RELEASE_PACKAGE, ReleasePackage, "OCDS 1.1 release package") | READ | MISSING,
)
async def get_release(
    request: ApiRequest, session: AsyncSession, resources: Resources, code: Code
) -> Response[Any]:
    notice = await find_notice(session, code)
    uri = f"{resources.settings.base_url}/api/v1/notices/{code}/release"
    return ocds_answer(request, ocds.release_package([notice], uri=uri, publisher=PUBLISHER))


@get(
    "/processes/{ocid:str}",
    opt={"public": True, "cached": True},
    operation_class=Reading,
    tags=["开放合同数据 OCDS"],
    summary="一个交易项目的 OCDS 记录包 · OCDS record package of a process",
    responses=shown(RECORD_PACKAGE, RecordPackage, "OCDS 1.1 record package") | READ | MISSING,
)
async def get_process(
    request: ApiRequest,
    session: AsyncSession,
    resources: Resources,
    ocid: Annotated[
        str, PathParameter(max_length=60, pattern=r"^[A-Za-z0-9-]+$", description="开放合同编号 · OCID")
    ],
) -> Response[Any]:
    process = await find_process(session, ocid)
    uri = f"{resources.settings.base_url}/api/v1/processes/{ocid}"
    milestones = await list_milestones(session, process.code)
    package = ocds.record_package(process, uri=uri, publisher=PUBLISHER, milestones=milestones)
    return ocds_answer(request, package)


ROUTES: list[ControllerRouterHandler] = [get_notices, get_notice, get_release, get_process]
