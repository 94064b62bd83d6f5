"""Delivering webhooks: signed as Standard Webhooks says, tried until taken, never into our own network."""

import asyncio
import socket
import time
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import httpx
import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from standardwebhooks import Webhook as Signer

from api.resources import Resources
from core import clock
from core.outbox import Event, Handler
from tendering.models import Notice, Process, ocid_of
from tendering.webhooks import commands
from tendering.webhooks.models import Webhook, WebhookAttempt

TIMEOUT_SECONDS = 10
GONE = 410
ERROR_LENGTH = 300


class Undelivered(Exception):  # noqa: N818 - what the outbox notes and tries again
    """The receiver did not take the message."""


class ForbiddenAddress(Exception):  # noqa: N818 - as above
    """The name leads into a private network: whoever registers an address must not reach our neighbours with it."""


class NewsItem(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    ocid: str
    kind: str
    nature: str
    title: str
    published_at: datetime
    digest: str
    url: str


async def deliver(resources: Resources, event: Event) -> bool:
    """One attempt, logged. True when the webhook is gone for good; raises while trying again may help."""
    async with resources.database.transaction() as session:
        webhook = await session.get_one(Webhook, event.payload["webhook"])
        body = await message_body(session, event.payload["codes"], resources.settings.base_url)
    if webhook.ended_at is not None:
        return False
    began, status, error = time.perf_counter(), None, None
    try:
        status = await _post(
            webhook, event.payload["message"], body, private=resources.settings.webhooks_into_private_networks
        )
    except (httpx.HTTPError, OSError, ForbiddenAddress) as failure:
        error = f"{type(failure).__name__}: {failure}"[:ERROR_LENGTH]
    async with resources.database.transaction() as session:
        session.add(
            WebhookAttempt(
                webhook_id=webhook.id,
                message=event.payload["message"],
                at=clock.now(),
                milliseconds=round(1000 * (time.perf_counter() - began)),
                status=status,
                error=error,
            )
        )
    if status == GONE:
        return True
    if status is None or not httpx.codes.is_success(status):
        raise Undelivered(error or status)
    return False


async def message_body(session: AsyncSession, codes: list[str], base: str) -> bytes:
    """The same bytes at every attempt: published notices do not change."""
    rows: Any = await session.execute(
        sa.select(Notice, col(Process.code))
        .join(Process, col(Process.id) == col(Notice.process_id))
        .where(col(Notice.code).in_(codes))
        .order_by(col(Notice.id))
    )
    items = [
        NewsItem(
            notice.code,
            ocid_of(process),
            notice.kind,
            notice.nature,
            notice.title,
            notice.published_at,
            notice.digest,
            f"{base}/api/v1/notices/{notice.code}",
        )
        for notice, process in rows
    ]
    newest = max((item.published_at for item in items), default=None)
    return msgspec.json.encode({"type": "notices.published", "timestamp": newest, "data": {"notices": items}})


async def _post(webhook: Webhook, message: str, body: bytes, *, private: bool) -> int:
    url = httpx.URL(webhook.url)
    address = await _resolve(url, private=private)
    at = clock.now()
    headers = {
        "Host": url.netloc.decode(),
        "Content-Type": "application/json",
        "User-Agent": "Yichuang",
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Signer(webhook.secret).sign(message, at, body.decode()),
    }
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False) as client:
        # The checked address itself is connected to, so that a second look-up of the name cannot lead elsewhere.
        answer = await client.post(
            url.copy_with(host=address),
            content=body,
            headers=headers,
            extensions={"sni_hostname": url.host},
        )
    return answer.status_code


async def _resolve(url: httpx.URL, *, private: bool) -> str:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not private and not all(ip_address(address).is_global for address in addresses):
        raise ForbiddenAddress(url.host)
    return addresses[0]


async def note_delivery(session: AsyncSession, event: Event, gone: bool, now: datetime) -> None:
    if gone:
        await commands.end_gone(session, event.payload["webhook"], now=now)


async def tell_webhooks(session: AsyncSession, event: Event, _: Any, now: datetime) -> None:
    await commands.note_publication(session, event.payload["codes"], now=now)


HANDLERS = [
    Handler(commands.DELIVER, note_delivery, deliver),
    Handler("notices.published", tell_webhooks),
]
