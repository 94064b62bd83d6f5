"""E-mail as an outbox event: whatever a command wants to send leaves after its commit, and is tried until it is gone.

    post(session, Mail(...), key="message:17", now=now)      in the command's transaction
    → worker: deliver() through SMTP_URL, or into `data_dir/mail` as .eml files where none is set
    → outbox: a failed attempt comes back, later each time (`core.outbox.LEASE`)

Nobody can promise exactly one delivery over SMTP: when the connection dies after the last dot, the letter goes again.
Its Message-ID is made from the key and stays the same, so mail systems take the second copy for the first.
"""

import asyncio
import hashlib
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from core import log, outbox
from core.clock import LOCAL
from core.settings import Settings

TOPIC = "mail.send"
TIMEOUT_SECONDS = 20
#: Replies from here on say "never"; below, a server wants us to come back (RFC 5321, 4.2.1).
PERMANENT = 500


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One letter to one address, as plain text. Line breaks in `to` or `subject` become spaces."""

    to: str
    subject: str
    text: str
    unsubscribe: str = ""
    """An address that takes a POST without login (RFC 8058); empty where the letter must be received by law."""


def post(session: AsyncSession, mail: Mail, *, key: str, now: datetime, due: datetime | None = None) -> None:
    """Send after this transaction commits, or at `due`. `key` names the letter: it is the Message-ID's source, and
    `outbox.cancel(session, "mail:" + key)` withdraws what has not gone yet.
    """
    payload = {**msgspec.to_builtins(mail), "key": key, "written_at": now.isoformat()}
    outbox.emit(session, TOPIC, payload, now=now, due=due, key=f"mail:{key}")


def message_id(key: str, sender: str) -> str:
    domain = parseaddr(sender)[1].partition("@")[2] or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def compose(mail: Mail, *, key: str, written_at: datetime, sender: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = " ".join(mail.to.split())
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(written_at.astimezone(LOCAL))
    message["Message-ID"] = message_id(key, sender)
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    return message


async def deliver(settings: Settings, message: EmailMessage) -> bool:
    """True when it left; False when the server will never take it. Raises where trying again may help."""
    if settings.smtp_url:
        return await _by_smtp(settings.smtp_url, message)
    await asyncio.to_thread(_into_folder, settings.mail_dir, message)
    return True


async def _by_smtp(url: str, message: EmailMessage) -> bool:
    """`smtp://user:password@host:587` upgrades to TLS where the server offers it; `smtps://…:465` begins with it."""
    import aiosmtplib

    server = urlsplit(url)
    try:
        await aiosmtplib.send(
            message,
            hostname=server.hostname,
            port=server.port,
            username=unquote(server.username) if server.username else None,
            password=unquote(server.password) if server.password else None,
            use_tls=server.scheme == "smtps",
            timeout=TIMEOUT_SECONDS,
        )
    except aiosmtplib.SMTPRecipientsRefused as refused:
        codes = [each.code for each in refused.recipients]
        if any(code < PERMANENT for code in codes):
            raise
        log.log.warning("mail refused", message_id=message["Message-ID"], codes=codes)
        return False
    return True


def _into_folder(folder: Path, message: EmailMessage) -> None:
    """Written beside and moved in, so that a reader of the folder never sees half a letter."""
    folder.mkdir(parents=True, exist_ok=True)
    name = message["Message-ID"].strip("<>").partition("@")[0]
    unfinished = folder / f".{name}"
    unfinished.write_bytes(message.as_bytes())
    unfinished.replace(folder / f"{name}.eml")


async def _send(resources: Any, event: outbox.Event) -> bool:
    mail = msgspec.convert({**event.payload}, Mail)
    message = compose(
        mail,
        key=event.payload["key"],
        written_at=datetime.fromisoformat(event.payload["written_at"]),
        sender=resources.settings.mail_from,
    )
    return await deliver(resources.settings, message)


async def _sent(session: AsyncSession, event: outbox.Event, delivered: bool, now: datetime) -> None:
    """The outbox's own mark says that it is done; what was refused stands in the log."""


HANDLERS = [outbox.Handler(TOPIC, _sent, _send)]
