"""Short texts by SMS or WeChat. Operators differ in every city, so each is an adapter behind one small interface.

An adapter is a class with `send`, named in the settings by a function that makes it:

    # city_sms.py, anywhere on the Python path;  SMS_GATEWAY=city_sms:gateway
    class CitySms:
        async def send(self, to: str, text: str, *, key: str) -> bool: ...

    def gateway(settings: Settings) -> CitySms: ...

Where none is named, the texts are written into a folder, one JSON file each: what a demonstration and a test need.
"""

import asyncio
import hashlib
import json
from datetime import datetime
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from sqlalchemy.ext.asyncio import AsyncSession

from core import outbox
from core.settings import Settings

TOPIC = "text.send"


class Channel(StrEnum):
    """Ways to a person besides the inbox on the site. E-mail goes through `core.mail`."""

    EMAIL = "email"
    SMS = "sms"
    WECHAT = "wechat"


class Gateway(Protocol):
    """What an adapter offers."""

    async def send(self, to: str, text: str, *, key: str) -> bool:
        """Hand one text over. True: taken. False: never deliverable (an unknown number): not tried again.

        Raises whatever where trying again may help; the outbox comes back, later each time. The same `key` may come
        twice when a connection dies, so operators that know an idempotency key should be given it.
        """
        ...


class FileGateway:
    """Writes each text into a folder; the same key twice gives one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, to: str, text: str, *, key: str) -> bool:
        await asyncio.to_thread(self._write, to, text, key)
        return True

    def _write(self, to: str, text: str, key: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        content = json.dumps({"to": to, "text": text, "key": key}, ensure_ascii=False)
        (self._folder / f"{name}.json").write_text(content, encoding="utf-8")


def gateway_for(settings: Settings, channel: Channel) -> Gateway:
    """Raises ImportError or AttributeError where the settings name something that is not there."""
    named = {Channel.SMS: settings.sms_gateway, Channel.WECHAT: settings.wechat_gateway}[channel]
    if not named:
        return FileGateway(settings.data_dir / channel.value)
    module, _, function = named.partition(":")
    return cast("Gateway", getattr(import_module(module), function)(settings))


def post(
    session: AsyncSession,
    channel: Channel,
    *,
    to: str,
    text: str,
    key: str,
    now: datetime,
    due: datetime | None = None,
) -> None:
    """Send after this transaction commits, or at `due`."""
    payload = {"channel": channel.value, "to": to, "text": text, "key": key}
    outbox.emit(session, TOPIC, payload, now=now, due=due, key=f"{channel.value}:{key}")


async def _send(resources: Any, event: outbox.Event) -> bool:
    gateway = gateway_for(resources.settings, Channel(event.payload["channel"]))
    return await gateway.send(event.payload["to"], event.payload["text"], key=event.payload["key"])


async def _sent(session: AsyncSession, event: outbox.Event, taken: bool, now: datetime) -> None:
    """The outbox's own mark says that it is done."""


HANDLERS = [outbox.Handler(TOPIC, _sent, _send)]
