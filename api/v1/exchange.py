"""Where source systems deliver notices: /api/v1/exchange. A key with the scope `notice.exchange` is needed."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import HeaderParameter, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.problems import TooLarge
from api.v1.answers import (
    COMMON,
    KEYED,
    MISSING,
    READ,
    ApiRequest,
    Reading,
    json_answer,
    refused,
    refused_as,
    shown,
)
from api.v1.signatures import check_signature
from core.access import Action
from core.errors import LoginRequired, NotAllowed
from core.people import ApiKey
from tendering.exchange.commands import DeliveryAnswer, receive_delivery, source_of
from tendering.exchange.queries import SourceHealth, source_health

ANSWER = {
    "source": "construction",
    "published": 1,
    "known": 0,
    "quarantined": 1,
    "items": [
        {"key": "G-1", "status": "published", "notice": "G5D0C3A9E71B2-01"},
        {
            "key": "G-2",
            "status": "quarantined",
            "problems": [{"field": "published", "message": "时间无法识别：昨天"}],
        },
    ],
}
HEALTH = [
    {
        "source": "construction",
        "name": "建设工程交易系统",
        "receivedAt": "2026-03-02T09:00:00Z",
        "lagSeconds": 42,
        "silent": False,
        "quarantined": 1,
    }
]


class Delivering(Reading):
    """The body is read as it comes: JSON, XML or CSV, in UTF-8 or GBK."""

    def __post_init__(self) -> None:
        super().__post_init__()
        items = Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.OBJECT))
        text = Schema(type=OpenAPIType.STRING)
        self.request_body = RequestBody(
            required=True,
            content={
                "application/json": OpenAPIMediaType(schema=items),
                "application/xml": OpenAPIMediaType(schema=text),
                "text/csv": OpenAPIMediaType(schema=text),
            },
        )


@post(
    "/exchange/notices",
    opt={"action": Action.NOTICE_EXCHANGE},
    operation_class=Delivering,
    status_code=200,
    tags=["数据交换"],
    summary="报送公告，逐条答复 · Deliver notices, answered one by one",
    description=(
        "可按 Standard Webhooks 签名，密钥由 `yichuang issue-key` 给出。"
        "每条得到 published、known 或 quarantined；隔离的条目由工作人员处理，不会丢失。"
        " · Each item is published, known already, or quarantined for a clerk; nothing is dropped."
        " May be signed as Standard Webhooks says, with the secret that `yichuang issue-key` prints."
    ),
    security=[{"key": []}],
    responses=shown(ANSWER, DeliveryAnswer, "逐条结果 · Result of each item")
    | KEYED
    | COMMON
    | MISSING
    | refused(409, "idempotency_conflict", "该幂等键已用于另一份数据。")
    | refused_as(TooLarge),
)
async def post_notices(
    request: ApiRequest,
    session: AsyncSession,
    now: datetime,
    *,
    source: Annotated[str, QueryParameter(max_length=40, description="来源系统代码 · Source system")],
    idempotency_key: Annotated[
        str,
        HeaderParameter(
            name="Idempotency-Key",
            min_length=1,
            max_length=100,
            pattern=r"^[!-~]+$",
            description="同一份数据重发时用同一个值 · The same for every retry of the same data",
        ),
    ],
) -> Response[Any]:
    caller = _caller(request, source)
    body = await request.body()
    key = await session.get_one(ApiKey, caller.key_id)
    check_signature(request.headers, body, key_hash=key.hash, required=key.must_sign, now=now)
    answer = await receive_delivery(
        session,
        source_of(source),
        body,
        media_type=request.headers.get("content-type", ""),
        idempotency_key=idempotency_key,
        now=now,
        by=caller.actor,
    )
    return json_answer(request, answer, max_age=0)


@get(
    "/exchange/sources",
    opt={"action": Action.NOTICE_EXCHANGE},
    operation_class=Reading,
    tags=["数据交换"],
    summary="各来源系统的状态 · How each source does",
    security=[{"key": []}],
    responses=shown(HEALTH, list[SourceHealth], "来源系统 · Sources") | READ | KEYED,
)
async def get_sources(request: ApiRequest, session: AsyncSession, now: datetime) -> Response[Any]:
    return json_answer(request, await source_health(session, now=now), max_age=0)


def _caller(request: ApiRequest, source: str) -> Principal:
    """The key's holder; a key delivers only for the source that its label names."""
    if request.user is None:
        raise LoginRequired
    if request.user.name != source:
        raise NotAllowed
    return request.user


ROUTES: list[ControllerRouterHandler] = [post_notices, get_sources]
