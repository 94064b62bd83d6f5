"""一次性告知书 as issued: what was told is kept, printed once, and verified against that for ever."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger, outbox
from core.clock import local_date
from core.outbox import Event
from core.printed import CODE, typeset, verification_code
from documents.models import Notice
from documents.notice import NoticeLine

PRINT = "documents.notice"
"""Payload: {notice_id}."""
TEMPLATE = Path(__file__).parent / "templates" / "notice.typ"


class NoticeItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do, as told. What the window wrote by hand has Chinese text alone."""

    zh: str
    en: str = ""
    page: int | None = None
    rule: str = ""
    source: str = ""
    doubtful: bool = False


class NoticeContent(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot: later changes of project or dossier do not touch it."""

    code: str
    number: str
    """The case's."""
    project: str
    project_code: str
    owner: str
    issuer: str
    issued_on: date
    due: date | None
    items: list[NoticeItem]


class Verified(msgspec.Struct, frozen=True):
    """What anybody may see. `genuine` is false when the file is not what was registered."""

    genuine: bool
    code: str
    number: str
    project: str
    issued_on: date
    items: int
    sha256: str


def items_of(told: Sequence[str], lines: Sequence[NoticeLine]) -> list[NoticeItem]:
    """The items as the window told them; those that it took over from the intake with page, rule and English."""
    known = {line.text.zh: line for line in lines}
    return [_item(text, known.get(text)) for text in told]


def _item(text: str, line: NoticeLine | None) -> NoticeItem:
    if line is None:
        return NoticeItem(zh=text)
    return NoticeItem(
        zh=text,
        en=line.text.en,
        page=line.page,
        rule=line.rule,
        source=line.source,
        doubtful=line.doubtful,
    )


async def issue_notice(
    session: AsyncSession,
    subject: str,
    *,
    now: datetime,
    due: date | None,
    items: list[NoticeItem],
    **facts: str,
) -> Notice:
    """Keep what is told, under a code of its own; a worker then prints it. `facts` are the content's other parts."""
    code = verification_code()
    content = NoticeContent(code=code, issued_on=local_date(now), due=due, items=items, **facts)
    notice = Notice(
        subject=subject, verification_code=code, issued_at=now, content=msgspec.to_builtins(content)
    )
    session.add(notice)
    await session.flush()
    ledger.record(
        session,
        action="notice.issue",
        subject=subject,
        now=now,
        data={"verification_code": code, "items": len(items)},
    )
    outbox.emit(session, PRINT, {"notice_id": notice.id}, now=now)
    return notice


async def render(resources: Any, event: Event) -> bytes:
    async with resources.database.transaction() as session:
        notice = await session.get_one(Notice, event.payload["notice_id"])
    return await asyncio.to_thread(typeset, TEMPLATE, notice.content, base_url=resources.settings.base_url)


async def keep(session: AsyncSession, event: Event, pdf: bytes, now: datetime) -> None:
    """Keep the one rendering, its hash also in the ledger."""
    notice = await session.get_one(Notice, event.payload["notice_id"], with_for_update=True)
    notice.pdf, notice.sha256 = pdf, hashlib.sha256(pdf).hexdigest()
    ledger.record(
        session,
        action="notice.print",
        subject=notice.subject,
        now=now,
        data={"sha256": notice.sha256, "verification_code": notice.verification_code},
    )


async def latest_notice(session: AsyncSession, subject: str) -> Notice | None:
    newest = sa.select(Notice).where(col(Notice.subject) == subject).order_by(col(Notice.id).desc()).limit(1)
    notice: Notice | None = await session.scalar(newest)
    return notice


def content_of(notice: Notice) -> NoticeContent:
    return msgspec.convert(notice.content, NoticeContent)


async def verify(session: AsyncSession, *, code: str = "", pdf: bytes | None = None) -> Verified | None:
    """By the printed code, by the file, or by both; None where no such notice was issued.

    A file without a code is recognised by its hash, or by the code in its metadata: then it was changed.
    """
    sha256 = hashlib.sha256(pdf).hexdigest() if pdf is not None else ""
    codes = [code.strip().upper()] if code else [found.decode() for found in CODE.findall(pdf or b"")]
    by_hash = sa.and_(sa.literal(not code), col(Notice.sha256) == sha256)
    notice = await session.scalar(
        sa.select(Notice).where(sa.or_(col(Notice.verification_code).in_(codes), by_hash)).limit(1)
    )
    if notice is None:
        return None
    content = content_of(notice)
    return Verified(
        genuine=pdf is None or sha256 == notice.sha256,
        code=content.code,
        number=content.number,
        project=content.project,
        issued_on=content.issued_on,
        items=len(content.items),
        sha256=notice.sha256 or "",
    )
