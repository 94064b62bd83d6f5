"""The change feed: /api/v1/changes."""

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.v1.answers import READ, ApiRequest, Reading, json_answer, refused_as, shown
from api.v1.examples import CHANGE_PAGE
from tendering.changes import ChangePage, FeedRestarted, list_changes


@get(
    "/changes",
    opt={"public": True},
    operation_class=Reading,
    tags=["交易信息"],
    summary="变更序列，不漏不重 · Every notice once, without gaps",
    description=(
        "从不带 `cursor` 开始；记下回答中的 `cursor`，下次从那里继续。数据库恢复后旧游标会得到 410，须从头读取。"
        " · Start without `cursor`, keep the one answered and go on from it. After a restore, old cursors are"
        " refused with 410."
    ),
    responses=shown(CHANGE_PAGE, ChangePage, "变更 · Changes") | READ | refused_as(FeedRestarted),
)
async def get_changes(
    request: ApiRequest,
    session: AsyncSession,
    cursor: Annotated[
        str | None,
        QueryParameter(
            max_length=160, pattern=r"^[A-Za-z0-9_-]*$", description="上次回答的游标 · Last cursor"
        ),
    ] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000, description="条数 · Page size")] = 100,
) -> Response[Any]:
    return json_answer(request, await list_changes(session, cursor=cursor, limit=limit), max_age=0)


ROUTES: list[ControllerRouterHandler] = [get_changes]
