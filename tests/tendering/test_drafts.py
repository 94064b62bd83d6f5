from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import clock
from core.errors import FourEyesRequired, InvalidInput, NotFound
from core.people import Account
from tendering.commands import AgainstTimetable
from tendering.content import Content, Dates, Publication
from tendering.drafts import (
    DraftClosed,
    check_draft,
    find_draft,
    list_drafts,
    publish_draft,
    return_draft,
    save_draft,
    submit_draft,
)
from tendering.models import Notice
from tendering.rules import Category, NoticeKind
from tests.conftest import NOW


def draft(
    deadline: datetime, *, kind: NoticeKind = NoticeKind.TENDER, title: str = "滨江路改造工程"
) -> Publication:
    return Publication(
        source="portal",
        key="d1",
        process="d1",
        category=Category.WORKS,
        kind=kind,
        title=title,
        published_at=NOW,
        content=Content(dates=Dates(bid_deadline=deadline)),
    )


LAWFUL = datetime(2026, 3, 24, 9, tzinfo=clock.LOCAL)


@pytest.fixture
async def clerks(session: AsyncSession) -> tuple[int, int]:
    accounts = [
        Account(login=name, name="测试人员", password_hash="x", created_at=NOW) for name in ("one", "two")
    ]
    session.add_all(accounts)
    await session.flush()
    return accounts[0].id, accounts[1].id


async def test_writer_cannot_publish_and_another_clerk_can(
    session: AsyncSession, clerks: tuple[int, int]
) -> None:
    writer, other = clerks
    number = await save_draft(session, draft(LAWFUL), by=writer, now=NOW)
    with pytest.raises(DraftClosed):
        await publish_draft(session, number, by=other, now=NOW)
    await submit_draft(session, number, by=writer, now=NOW)
    with pytest.raises(FourEyesRequired):
        await publish_draft(session, number, by=writer, now=NOW)

    code = await publish_draft(session, number, by=other, now=NOW)

    notice = await session.scalar(sa.select(Notice).where(col(Notice.code) == code))
    assert notice is not None
    assert notice.published_at == NOW
    assert await list_drafts(session) == []
    with pytest.raises(DraftClosed):
        await publish_draft(session, number, by=other, now=NOW)


async def test_returned_draft_is_rewritten_by_its_writer_only(
    session: AsyncSession, clerks: tuple[int, int]
) -> None:
    writer, other = clerks
    number = await save_draft(session, draft(LAWFUL), by=writer, now=NOW)
    await submit_draft(session, number, by=writer, now=NOW)
    await return_draft(session, number, remark="缺少限价", by=other, now=NOW)

    with pytest.raises(FourEyesRequired):
        await save_draft(session, draft(LAWFUL), draft_id=number, by=other, now=NOW)
    await save_draft(session, draft(LAWFUL, title="改后"), draft_id=number, by=writer, now=NOW)

    assert [(line.title, line.state) for line in await list_drafts(session)] == [("改后", "draft")]


async def test_unlawful_draft_is_told_and_not_published(
    session: AsyncSession, clerks: tuple[int, int]
) -> None:
    writer, other = clerks
    number = await save_draft(session, draft(LAWFUL - timedelta(days=4)), by=writer, now=NOW)

    findings = await check_draft(session, await find_draft(session, number), now=NOW)
    await submit_draft(session, number, by=writer, now=NOW)
    with pytest.raises(AgainstTimetable):
        await publish_draft(session, number, by=other, now=NOW)

    assert [(finding.rule, str(finding.lawful)) for finding in findings] == [("GC-03", "2026-03-24")]


async def test_senseless_draft_is_refused(session: AsyncSession, clerks: tuple[int, int]) -> None:
    writer, _ = clerks
    with pytest.raises(InvalidInput):
        await save_draft(session, draft(LAWFUL, kind=NoticeKind.INTENTION, title=" "), by=writer, now=NOW)
    with pytest.raises(NotFound):
        await save_draft(session, draft(LAWFUL), process_code="NONE", by=writer, now=NOW)
