from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import clock
from core.errors import FourEyesRequired, InvalidInput
from core.outbox import OutboxEvent
from tendering.commands import AgainstTimetable
from tendering.content import Content, Dates, Publication
from tendering.drafts import (
    SCHEDULED,
    DraftClosed,
    find_draft,
    publish_draft,
    publish_scheduled,
    return_draft,
    save_draft,
    schedule_draft,
    submit_draft,
)
from tendering.models import DraftState, Notice
from tendering.rules import Category, NoticeKind
from tests.conftest import NOW
from tests.tendering.test_drafts import clerks

__all__ = ["clerks"]
TOMORROW = NOW + timedelta(days=1)


async def submitted(session: AsyncSession, writer: int, *, deadline: datetime) -> int:
    item = Publication(
        source="portal",
        key="d1",
        process="d1",
        category=Category.WORKS,
        kind=NoticeKind.TENDER,
        title="滨江路改造工程",
        published_at=NOW,
        content=Content(dates=Dates(bid_deadline=deadline)),
    )
    number = await save_draft(session, item, by=writer, now=NOW)
    await submit_draft(session, number, by=writer, now=NOW)
    return number


def local(day: int) -> datetime:
    return datetime(2026, 3, day, 9, tzinfo=clock.LOCAL)


async def test_draft_is_published_at_its_moment_and_once(
    session: AsyncSession, clerks: tuple[int, int]
) -> None:
    writer, other = clerks
    number = await submitted(session, writer, deadline=local(30))
    await schedule_draft(session, number, at=TOMORROW, by=other, now=NOW)
    due = await session.scalar(sa.select(col(OutboxEvent.due)).where(col(OutboxEvent.topic) == SCHEDULED))
    code = await publish_scheduled(session, number, now=TOMORROW)
    again = await publish_scheduled(session, number, now=TOMORROW)

    published = await session.scalar(sa.select(col(Notice.published_at)).where(col(Notice.code) == code))
    assert (due, published, again) == (TOMORROW, TOMORROW, None)


async def test_writer_cannot_schedule_and_nobody_into_the_past(
    session: AsyncSession, clerks: tuple[int, int]
) -> None:
    writer, other = clerks
    number = await submitted(session, writer, deadline=local(30))
    with pytest.raises(FourEyesRequired):
        await schedule_draft(session, number, at=TOMORROW, by=writer, now=NOW)
    with pytest.raises(InvalidInput):
        await schedule_draft(session, number, at=NOW, by=other, now=NOW)


async def test_what_would_be_unlawful_then_is_refused_now(
    session: AsyncSession, clerks: tuple[int, int]
) -> None:
    # Twenty days from 4 March end on the 24th: lawful if published today, and not in a week.
    writer, other = clerks
    number = await submitted(session, writer, deadline=local(24))
    with pytest.raises(AgainstTimetable):
        await schedule_draft(session, number, at=NOW + timedelta(days=7), by=other, now=NOW)


async def test_what_became_unlawful_meanwhile_goes_back_with_the_reason(
    session: AsyncSession, clerks: tuple[int, int]
) -> None:
    writer, other = clerks
    number = await submitted(session, writer, deadline=local(25))
    await schedule_draft(session, number, at=TOMORROW, by=other, now=NOW)
    # The service was down over the moment, until the period had become too short.
    code = await publish_scheduled(session, number, now=NOW + timedelta(days=9))

    draft = await find_draft(session, number)
    assert (code, draft.state, draft.remark) == (
        None,
        DraftState.SUBMITTED,
        "公告的时间安排不符合法定期限。",
    )


async def test_taken_back_draft_is_not_published(session: AsyncSession, clerks: tuple[int, int]) -> None:
    writer, other = clerks
    number = await submitted(session, writer, deadline=local(30))
    await schedule_draft(session, number, at=TOMORROW, by=other, now=NOW)
    with pytest.raises(DraftClosed):
        await publish_draft(session, number, by=other, now=NOW)
    await return_draft(session, number, remark="再核", by=other, now=NOW)
    pending = await session.scalar(
        sa.select(sa.func.count()).select_from(OutboxEvent).where(col(OutboxEvent.topic) == SCHEDULED)
    )

    assert (pending, await publish_scheduled(session, number, now=TOMORROW)) == (0, None)
