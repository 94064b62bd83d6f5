"""Webhooks of API clients: /api/v1/webhooks. A key with the scope `notice.follow` is needed."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, delete, get, post
from litestar.params import Body, PathParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.v1.answers import COMMON, KEYED, MISSING, READ, ApiRequest, Reading, json_answer, refused, shown
from core.access import Action
from core.errors import LoginRequired, NotAllowed
from tendering.queries import NoticeFilter
from tendering.webhooks import commands
from tendering.webhooks.commands import Attempt, WebhookLine

WebhookId = Annotated[int, PathParameter(ge=1, le=(1 << 63) - 1, description="回调地址编号 · Webhook id")]
LINE = {
    "id": 7,
    "url": "https://info.example.org/hooks/yichuang",
    "wanted": {"category": "works", "stage": "award"},
    "createdAt": "2026-03-02T09:00:00Z",
}
ATTEMPT = {
    "message": "msg_2k3hTQ7c0n5sYwz1LmXe8rVb",
    "at": "2026-03-02T09:00:01Z",
    "milliseconds": 42,
    "status": 204,
    "error": None,
}


class WebhookWish(msgspec.Struct, frozen=True):
    """Where to, and which notices; all of them unless said."""

    url: Annotated[str, msgspec.Meta(max_length=commands.URL_LIMIT)]
    wanted: NoticeFilter = NoticeFilter()


class NewWebhook(WebhookLine, frozen=True, kw_only=True, rename="camel"):
    """With the secret that signs its messages. It is told this once."""

    secret: str


OWN: dict[str, Any] = {
    "opt": {"action": Action.NOTICE_FOLLOW},
    "operation_class": Reading,
    "tags": ["订阅推送"],
    "security": [{"key": []}],
}


@post(
    "/webhooks",
    status_code=201,
    summary="登记回调地址 · Register a webhook",
    description=(
        "新公告发布后向该地址推送，按 Standard Webhooks 签名，失败自动重试。"
        " · Told about new notices, signed as Standard Webhooks says, tried again until it answers 2xx."
    ),
    responses=shown(LINE | {"secret": "whsec_…"}, NewWebhook, "已登记 · Registered", status=201)
    | KEYED
    | COMMON
    | refused(409, "too_many_webhooks", "每个密钥最多登记 10 个回调地址。"),
    **OWN,
)
async def post_webhook(
    request: ApiRequest, session: AsyncSession, now: datetime, data: Annotated[WebhookWish, Body()]
) -> NewWebhook:
    made = await commands.register_webhook(
        session, key_id=_key(request), url=data.url, wanted=data.wanted, now=now
    )
    line = commands.line_of(made)
    return NewWebhook(
        id=line.id, url=line.url, wanted=line.wanted, created_at=line.created_at, secret=made.secret
    )


@get(
    "/webhooks",
    summary="已登记的回调地址 · Your webhooks",
    responses=shown([LINE], list[WebhookLine], "回调地址 · Webhooks") | READ | KEYED,
    **OWN,
)
async def get_webhooks(request: ApiRequest, session: AsyncSession) -> Response[Any]:
    return private(request, await commands.list_webhooks(session, key_id=_key(request)))


@get(
    "/webhooks/{webhook_id:int}/attempts",
    summary="推送记录 · What was tried",
    responses=shown([ATTEMPT], list[Attempt], "推送记录 · Attempts") | READ | KEYED | MISSING,
    **OWN,
)
async def get_attempts(request: ApiRequest, session: AsyncSession, webhook_id: WebhookId) -> Response[Any]:
    return private(request, await commands.list_attempts(session, webhook_id, key_id=_key(request)))


@delete(
    "/webhooks/{webhook_id:int}",
    status_code=204,
    summary="注销回调地址 · End a webhook",
    responses=COMMON | KEYED | MISSING,
    **OWN,
)
async def delete_webhook(
    request: ApiRequest,
    session: AsyncSession,
    now: datetime,
    webhook_id: WebhookId,
) -> None:
    await commands.end_webhook(session, webhook_id, key_id=_key(request), now=now)


def private(request: ApiRequest, value: object) -> Response[Any]:
    return json_answer(request, value, headers={"Cache-Control": "private, no-cache"})


def _key(request: ApiRequest) -> int:
    """Webhooks belong to a machine's key, not to a person."""
    caller: Principal | None = request.user
    if caller is None:
        raise LoginRequired
    if caller.key_id is None:
        raise NotAllowed
    return caller.key_id


ROUTES: list[ControllerRouterHandler] = [post_webhook, get_webhooks, get_attempts, delete_webhook]
