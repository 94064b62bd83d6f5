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
from documents.deficiencies import Deficiency
from documents.models import DeficiencyNotice

PRINT = "documents.notice"
"""Payload: {notice_id}."""
TEMPLATE = Path(__file__).parent / "templates" / "deficiency_notice.typ"


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


def items_of(told: Sequence[str], lines: Sequence[Deficiency]) -> list[NoticeItem]:
    """The items as the window told them; those that it took over from the intake with page, rule and English."""
    known = {line.text.zh: line for line in lines}
    return [_item(text, known.get(text)) for text in told]


def _item(text: str, line: Deficiency | None) -> NoticeItem:
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


async def issue(
    session: AsyncSession,
    subject: str,
    *,
    now: datetime,
    due: date | None,
    items: list[NoticeItem],
    **facts: str,
) -> DeficiencyNotice:
    """Keep what is told, under a code of its own; a worker then prints it. `facts` are the content's other parts."""
    code = verification_code()
    content = NoticeContent(code=code, issued_on=local_date(now), due=due, items=items, **facts)
    notice = DeficiencyNotice(
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
        notice = await session.get_one(DeficiencyNotice, event.payload["notice_id"])
    return await printed(notice, base_url=resources.settings.base_url)


async def printed(notice: DeficiencyNotice, *, base_url: str) -> bytes:
    """The kept rendering, or a first one."""
    if notice.pdf is not None:
        return notice.pdf
    return await asyncio.to_thread(typeset, TEMPLATE, notice.content, base_url=base_url)


async def keep(session: AsyncSession, event: Event, pdf: bytes, now: datetime) -> None:
    await keep_rendering(session, event.payload["notice_id"], pdf, now=now)


async def keep_rendering(session: AsyncSession, notice_id: int, pdf: bytes, *, now: datetime) -> bytes:
    """Keep the one rendering, its hash also in the ledger, and return it; a second one is dropped."""
    notice = await session.get_one(DeficiencyNotice, notice_id, with_for_update=True)
    if notice.pdf is not None:
        return notice.pdf
    notice.pdf, notice.sha256 = pdf, hashlib.sha256(pdf).hexdigest()
    ledger.record(
        session,
        action="notice.print",
        subject=notice.subject,
        now=now,
        data={"sha256": notice.sha256, "verification_code": notice.verification_code},
    )
    return pdf


async def latest(session: AsyncSession, subject: str) -> DeficiencyNotice | None:
    newest = (
        sa.select(DeficiencyNotice)
        .where(col(DeficiencyNotice.subject) == subject)
        .order_by(col(DeficiencyNotice.id).desc())
        .limit(1)
    )
    notice: DeficiencyNotice | None = await session.scalar(newest)
    return notice


def content_of(notice: DeficiencyNotice) -> NoticeContent:
    return msgspec.convert(notice.content, NoticeContent)


async def verify(session: AsyncSession, *, code: str = "", pdf: bytes | None = None) -> Verified | None:
    """By the printed code, by the file, or by both; None where no such notice was issued.

    A file without a code is recognised by its hash, or by the code in its metadata: then it was changed.
    """
    sha256 = hashlib.sha256(pdf).hexdigest() if pdf is not None else ""
    codes = [code.strip().upper()] if code else [found.decode() for found in CODE.findall(pdf or b"")]
    by_hash = sa.and_(sa.literal(not code), col(DeficiencyNotice.sha256) == sha256)
    notice = await session.scalar(
        sa.select(DeficiencyNotice)
        .where(sa.or_(col(DeficiencyNotice.verification_code).in_(codes), by_hash))
        .limit(1)
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
