"""Reading one notice with its chain, and a process with all its notices."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import NotFound
from tendering.content import Content, Party, content_from
from tendering.models import OCID_PREFIX, Draft, Notice, Process
from tendering.rules import Category, Nature, NoticeKind, Stage


class ChainEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One notice in its process's chain. `about` is the notice that it corrects or withdraws."""

    id: str
    kind: NoticeKind
    stage: Stage
    nature: Nature
    title: str
    published_at: datetime
    about: str | None


class NoticeDetail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A notice as published, with its place in the chain. `digest` is the SHA-256 of its canonical JSON."""

    id: str
    ocid: str
    title: str
    category: Category
    kind: NoticeKind
    stage: Stage
    nature: Nature
    about: str | None
    district: str | None
    project_code: str | None
    buyer: Party | None
    amount: Decimal | None
    published_at: datetime
    closes_at: datetime | None
    source: str
    digest: str
    content: Content
    chain: list[ChainEntry]


class ProcessDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A process and its notices, oldest first."""

    ocid: str
    code: str
    category: Category
    opened_on: date
    notices: list[NoticeDetail]


async def find_notice(session: AsyncSession, code: str) -> NoticeDetail:
    """Raises NotFound."""
    if not code.replace("-", "").isalnum():
        raise NotFound
    process_id = await session.scalar(sa.select(col(Notice.process_id)).where(col(Notice.code) == code))
    if process_id is None:
        raise NotFound
    notices = await _notices_of(session, process_id)
    return next(notice for notice in notices if notice.id == code)


async def find_process(session: AsyncSession, ocid: str) -> ProcessDetail:
    """Raises NotFound."""
    if not ocid.replace("-", "").isalnum():
        raise NotFound
    code = ocid.removeprefix(f"{OCID_PREFIX}-")
    process = await session.scalar(sa.select(Process).where(col(Process.code) == code))
    if process is None or ocid != process.ocid:
        raise NotFound
    return await _detail_of(session, process)


async def _detail_of(session: AsyncSession, process: Process) -> ProcessDetail:
    return ProcessDetail(
        ocid=process.ocid,
        code=process.code,
        category=process.category,
        opened_on=process.opened_on,
        notices=await _notices_of(session, process.id),
    )


async def find_process_of(session: AsyncSession, notice: str) -> ProcessDetail:
    """The process of the notice with this code. Raises NotFound."""
    if not notice.replace("-", "").isalnum():
        raise NotFound
    process = await session.scalar(
        sa.select(Process)
        .join(Notice, col(Notice.process_id) == col(Process.id))
        .where(col(Notice.code) == notice)
    )
    if process is None:
        raise NotFound
    return await _detail_of(session, process)


async def _notices_of(session: AsyncSession, process_id: int) -> list[NoticeDetail]:
    process = await session.get_one(Process, process_id)
    statement = (
        sa.select(Notice)
        .where(col(Notice.process_id) == process_id)
        .order_by(col(Notice.published_at), col(Notice.ordinal))
    )
    notices = (await session.scalars(statement)).all()
    codes = {notice.id: notice.code for notice in notices}
    chain = [
        ChainEntry(
            id=notice.code,
            kind=notice.kind,
            stage=notice.stage,
            nature=notice.nature,
            title=notice.title,
            published_at=notice.published_at,
            about=codes.get(notice.about_id or 0),
        )
        for notice in notices
    ]
    return [detail_of(notice, process.ocid, codes.get(notice.about_id or 0), chain) for notice in notices]


def detail_of(notice: Notice, ocid: str, about: str | None, chain: Sequence[ChainEntry]) -> NoticeDetail:
    return NoticeDetail(
        id=notice.code,
        ocid=ocid,
        title=notice.title,
        category=notice.category,
        kind=notice.kind,
        stage=notice.stage,
        nature=notice.nature,
        about=about,
        district=notice.district,
        project_code=notice.project_code,
        buyer=notice.buyer,
        published_at=notice.published_at,
        amount=notice.amount,
        closes_at=notice.closes_at,
        source=notice.source,
        digest=notice.digest,
        content=content_from(notice.content),
        chain=list(chain),
    )


async def named_attachments(session: AsyncSession) -> set[str]:
    """Hashes of all files that a notice or a draft names."""
    contents = (col(Notice.content), col(Draft.publication)["content"])
    path = sa.cast("$.attachments[*].sha256", JSONPATH)
    names = [sa.select(sa.func.jsonb_path_query(each, path)) for each in contents]
    return set(await session.scalars(sa.union(*names)))
