"""Joint inspections in public: the board by department, and a project from tender to inspection."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import PathParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.project_trail import ProjectTrail, project_trail
from api.v1.answers import MISSING, READ, ApiRequest, Reading, json_answer, shown
from api.v1.examples import LINE
from inspection.queries.public_board import Board, public_board

FIGURES = {"running": 12, "overdue": 1, "done": 148, "on_time": 146}
BOARD: dict[str, Any] = {
    "since": "2026-01-01",
    "today": "2026-03-04",
    "cases": FIGURES,
    "departments": [
        {
            "department": "住房和城乡建设局（消防）",
            "department_en": "Housing and Construction (fire)",
            "figures": FIGURES,
        }
    ],
}
TRAIL: dict[str, Any] = {
    "code": "2603-990102-04-01-118842",
    "name": "滨江路改造工程",
    "notices": [LINE],
    "inspections": [
        {
            "code": "LH202600042",
            "kind": "inspection",
            "state": "scheduled",
            "project_name": "滨江路改造工程",
            "segment_name": "一期",
            "accepted_on": "2026-03-03",
            "promised_by": "2026-03-12",
            "issued_on": None,
        }
    ],
}


@get(
    "/inspections/board",
    opt={"public": True, "cached": True},
    operation_class=Reading,
    tags=["联合验收"],
    summary="验收公示板：各部门今年的时限 · Public board: departments and their deadlines this year",
    responses=shown(BOARD, Board, "公示板 · Board") | READ,
)
async def get_board(request: ApiRequest, session: AsyncSession, now: datetime) -> Response[Any]:
    return json_answer(request, await public_board(session, now=now))


@get(
    "/projects/{code:str}",
    opt={"public": True, "cached": True},
    operation_class=Reading,
    tags=["联合验收"],
    summary="一个投资项目：招标、中标、合同、联合验收 · A project: tender, award, contract, inspections",
    responses=shown(TRAIL, ProjectTrail, "项目 · Project") | READ | MISSING,
)
async def get_project(
    request: ApiRequest,
    session: AsyncSession,
    code: Annotated[
        str,
        PathParameter(
            max_length=40, pattern=r"^[0-9A-Za-z-]+$", description="投资项目统一代码 · National project code"
        ),
    ],
) -> Response[Any]:
    return json_answer(request, await project_trail(session, code))


ROUTES: list[ControllerRouterHandler] = [get_board, get_project]
