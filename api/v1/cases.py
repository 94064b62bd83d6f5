"""How far a joint case is, for everybody: departments and dates, no person and no remark."""

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import PathParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.v1.answers import MISSING, READ, ApiRequest, Reading, json_answer, shown
from inspection.queries.public_progress import PublicProgress, public_progress

Code = Annotated[
    str, PathParameter(max_length=20, pattern=r"^[A-Z]{2}\d{9,12}$", description="件号 · Case code")
]
EXAMPLE: dict[str, Any] = {
    "code": "LH202600042",
    "kind": "inspection",
    "state": "scheduled",
    "project_code": "2601-990101-47-01-000001",
    "project_name": "滨江实验小学新建工程",
    "segment_name": "一期",
    "accepted_on": "2026-03-03",
    "promised_by": "2026-03-12",
    "issued_on": None,
    "parties": [
        {
            "department": "住房和城乡建设局（消防）",
            "department_en": "Housing and Construction (fire)",
            "matter": "建设工程消防验收",
            "matter_en": "Fire inspection",
            "state": "confirmed",
        }
    ],
}


@get(
    "/cases/{code:str}/public",
    opt={"public": True},
    operation_class=Reading,
    tags=["联合验收"],
    summary="联合验收件的公开进度 · Public progress of a joint inspection",
    responses=shown(EXAMPLE, PublicProgress, "进度 · Progress") | READ | MISSING,
)
async def get_progress(request: ApiRequest, session: AsyncSession, code: Code) -> Response[Any]:
    return json_answer(request, await public_progress(session, code))


ROUTES: list[ControllerRouterHandler] = [get_progress]
