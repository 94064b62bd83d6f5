"""The service guide as open data."""

from datetime import date, datetime
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.v1.answers import READ, ApiRequest, Reading, json_answer, shown
from core.clock import local_date
from inspection.queries.guide import Guide, service_guide
from inspection.reckoning import reckoning

On = Annotated[
    date | None,
    QueryParameter(description="某一天有效的版本，缺省为今天 · The version of a day, today's unless given"),
]
EXAMPLE: dict[str, Any] = {
    "on": "2026-03-03",
    "times": [{"profile": "ordinary", "days": 7, "source": "联合验收办结承诺（市级服务承诺）"}],
    "matters": [
        {
            "code": "fire_acceptance",
            "name_zh": "消防验收（或备案抽查）",
            "name_en": "Fire acceptance, or filing with draw",
            "department": "fire",
            "department_zh": "住房和城乡建设局（消防）",
            "department_en": "Housing and Construction (fire)",
            "drawn_in_zh": ["不属于“小型改造，免消防验收”"],
            "drawn_in_en": ["not “Small refit without fire inspection”"],
            "site": True,
            "hard_order": True,
            "deemed_consent": False,
            "content": "建筑类别、总平面、消防设施、安全疏散等",
            "basis": "消防法第十三条",
            "procedure": "受理—审查—现场验收—出具意见",
            "conditions": "消防设施检测合格",
            "promised_days": 7,
            "fee": "不收费",
            "documents": [
                {
                    "code": "fire_application",
                    "zh": "消防验收申报表",
                    "en": "Fire acceptance application",
                    "main": True,
                }
            ],
            "checklist": ["疏散指示"],
            "result_zh": "消防验收意见书或备案凭证",
            "result_en": "Fire acceptance opinion, or record of filing",
            "valid_from": "2024-01-01",
            "source": "联合验收事项目录（缺省版）",
        }
    ],
}


@get(
    "/guide",
    opt={"public": True},
    operation_class=Reading,
    tags=["联合验收"],
    summary="办事指南：事项、六公开、材料与承诺时限 · Service guide: matters with the six publics, papers and times",
    responses=shown(EXAMPLE, Guide, "指南 · Guide") | READ,
)
async def get_guide(
    request: ApiRequest, session: AsyncSession, now: datetime, on: On = None
) -> Response[Any]:
    rules = (await reckoning(session, now)).rules
    return json_answer(request, await service_guide(session, rules, on=on or local_date(now)), max_age=300)


ROUTES: list[ControllerRouterHandler] = [get_guide]
