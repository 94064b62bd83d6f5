"""Webhooks for API clients: registered with a key, told about every publication that fits, ended by either side."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger, outbox
from core.errors import FieldProblem, InvalidInput, NotFound, Refusal
from tendering.content import to_json
from tendering.following.matching import matcher
from tendering.models import Notice
from tendering.queries import NoticeFilter
from tendering.webhooks.models import Webhook, WebhookAttempt

DELIVER = "webhook.deliver"
#: Notices told in one message; a larger publication is told in several.
BATCH = 100
URL_LIMIT = 500
WEBHOOKS_LIMIT = 10
LOG_SIZE = 100


class TooManyWebhooks(Refusal):
    status = 409
    code = "too_many_webhooks"
    message = "每个密钥最多登记 %(limit)s 个回调地址。"


class WebhookLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    url: str
    wanted: NoticeFilter
    created_at: datetime


class Attempt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One attempt. `message` is the `webhook-id` that was sent; the same message keeps it through all attempts."""

    message: str
    at: datetime
    milliseconds: int
    status: int | None
    error: str | None


async def register_webhook(
    session: AsyncSession, *, key_id: int, url: str, wanted: NoticeFilter, now: datetime
) -> Webhook:
    """Raises InvalidInput, TooManyWebhooks. The secret is shown to the caller once."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or len(url) > URL_LIMIT or parts.username:
        raise InvalidInput(problems=(FieldProblem("url", "请填写 http 或 https 地址。"),))
    if len(await list_webhooks(session, key_id=key_id)) >= WEBHOOKS_LIMIT:
        raise TooManyWebhooks(limit=WEBHOOKS_LIMIT)
    webhook = Webhook(
        key_id=key_id,
        url=url,
        secret="whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
        wanted=to_json(wanted),
        created_at=now,
    )
    session.add(webhook)
    await session.flush()
    _record(session, webhook, "register", actor=f"key:{key_id}", now=now)
    return webhook


async def list_webhooks(session: AsyncSession, *, key_id: int) -> list[WebhookLine]:
    rows = await session.scalars(
        sa.select(Webhook)
        .where(col(Webhook.key_id) == key_id, col(Webhook.ended_at).is_(None))
        .order_by(col(Webhook.id))
    )
    return [line_of(row) for row in rows]


def line_of(webhook: Webhook) -> WebhookLine:
    return WebhookLine(
        id=webhook.id,
        url=webhook.url,
        wanted=msgspec.convert(webhook.wanted, NoticeFilter),
        created_at=webhook.created_at,
    )


async def list_attempts(session: AsyncSession, webhook_id: int, *, key_id: int) -> list[Attempt]:
    """The newest attempts of one's own webhook. Raises NotFound."""
    await _own(session, webhook_id, key_id)
    rows = await session.scalars(
        sa.select(WebhookAttempt)
        .where(col(WebhookAttempt.webhook_id) == webhook_id)
        .order_by(col(WebhookAttempt.id).desc())
        .limit(LOG_SIZE)
    )
    return [msgspec.convert(row, Attempt, from_attributes=True) for row in rows]


async def end_webhook(session: AsyncSession, webhook_id: int, *, key_id: int, now: datetime) -> None:
    """Raises NotFound."""
    webhook = await _own(session, webhook_id, key_id)
    webhook.ended_at = now
    _record(session, webhook, "end", actor=f"key:{key_id}", now=now)


async def end_gone(session: AsyncSession, webhook_id: int, *, now: datetime) -> None:
    """Its server answered 410 Gone: it will never want anything again."""
    webhook = await session.get_one(Webhook, webhook_id)
    if webhook.ended_at is None:
        webhook.ended_at = now
        _record(session, webhook, "gone", actor="system", now=now)


async def note_publication(session: AsyncSession, codes: Sequence[str], *, now: datetime) -> None:
    """Emit a message for each webhook that wants some of these notices."""
    webhooks = (await session.scalars(sa.select(Webhook).where(col(Webhook.ended_at).is_(None)))).all()
    if not webhooks:
        return
    statement = sa.select(Notice).where(col(Notice.code).in_(codes)).order_by(col(Notice.id))
    notices = (await session.scalars(statement)).all()
    for webhook in webhooks:
        fits = matcher(msgspec.convert(webhook.wanted, NoticeFilter))
        wanted = [notice.code for notice in notices if fits(notice)]
        for start in range(0, len(wanted), BATCH):
            message = f"msg_{secrets.token_urlsafe(18)}"
            payload = {"webhook": webhook.id, "message": message, "codes": wanted[start : start + BATCH]}
            outbox.emit(session, DELIVER, payload, now=now)


async def _own(session: AsyncSession, webhook_id: int, key_id: int) -> Webhook:
    webhook = await session.get(Webhook, webhook_id)
    if webhook is None or webhook.key_id != key_id or webhook.ended_at is not None:
        raise NotFound
    return webhook


def _record(session: AsyncSession, webhook: Webhook, act: str, *, actor: str, now: datetime) -> None:
    ledger.record(
        session,
        action=f"webhook.{act}",
        subject=f"webhook:{webhook.id}",
        actor=actor,
        now=now,
        data={"url": webhook.url},
    )
