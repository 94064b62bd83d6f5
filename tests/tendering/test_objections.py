from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import InvalidInput
from core.people import Account
from core.workdays import state_council_calendar
from tendering.commands import ProcessSuspended, publish_notice, publish_notices
from tendering.content import Content, Dates, Publication
from tendering.objections import (
    AlreadyAnswered,
    TooLateToObject,
    answer_objection,
    list_objections,
    raise_objection,
)
from tendering.remedies import RemedyKind, answer_due, remedy_of
from tendering.rules import Category, NoticeKind
from tests.conftest import NOW
from tests.tendering.factories import publication

CALENDAR = state_council_calendar()


def until(category: Category, kind: NoticeKind, dates: Dates, published: date) -> datetime | None:
    moment = datetime(published.year, published.month, published.day, 9, tzinfo=clock.LOCAL)
    remedy = remedy_of(category, kind, Content(dates=dates), published_at=moment, calendar=CALENDAR)
    return remedy.until if remedy else None


def local(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=clock.LOCAL)


def test_documents_may_be_objected_to_until_ten_days_before_the_deadline() -> None:
    dates = Dates(bid_deadline=local(date(2026, 3, 24), 9))

    assert until(Category.WORKS, NoticeKind.TENDER, dates, date(2026, 3, 4)) == local(
        date(2026, 3, 14), 23, 59, 59
    )


def test_candidates_may_be_objected_to_until_their_publicity_ends() -> None:
    dates = Dates(publicity_to=local(date(2026, 3, 9), 18))

    assert until(Category.WORKS, NoticeKind.CANDIDATES, dates, date(2026, 3, 4)) == local(
        date(2026, 3, 9), 18
    )


def test_result_of_procurement_may_be_challenged_seven_working_days_after_its_notice_period() -> None:
    # Published on Wednesday 4 March, public until Thursday 5 March, challenged until Monday 16 March.
    assert until(Category.PROCUREMENT, NoticeKind.RESULT, Dates(), date(2026, 3, 4)) == local(
        date(2026, 3, 16), 23, 59, 59
    )


@pytest.mark.parametrize(
    ("category", "kind"), [(Category.LAND, NoticeKind.TENDER), (Category.WORKS, NoticeKind.CONTRACT)]
)
def test_other_notices_give_no_remedy(category: Category, kind: NoticeKind) -> None:
    assert until(category, kind, Dates(), date(2026, 3, 4)) is None


@pytest.mark.parametrize(
    ("kind", "due"), [(RemedyKind.OBJECTION, date(2026, 3, 9)), (RemedyKind.CHALLENGE, date(2026, 3, 13))]
)
def test_answer_is_due_after_three_days_or_seven_working_days(kind: RemedyKind, due: date) -> None:
    # Three days from Wednesday 4 March end on Saturday and roll to Monday.
    assert answer_due(kind, NOW, CALENDAR) == due


def candidates() -> Publication:
    dates = Dates(publicity_from=NOW, publicity_to=NOW + timedelta(days=6))
    return publication(1, NoticeKind.CANDIDATES, Content(dates=dates))


@pytest.fixture
async def bidder(session: AsyncSession) -> int:
    account = Account(login="bidder", name="测试人员", password_hash="x", created_at=NOW)
    session.add(account)
    await session.flush()
    return account.id


async def test_open_objection_suspends_the_process_until_it_is_answered(
    session: AsyncSession, bidder: int
) -> None:
    (notice,) = await publish_notices(session, [candidates()], now=NOW, by="system")
    result = publication(9, NoticeKind.RESULT, Content())
    code = await raise_objection(
        session, notice.code, organisation="甲公司", text="排序有误", by=bidder, now=NOW
    )

    with pytest.raises(ProcessSuspended):
        await publish_notice(session, result, now=NOW, by="system")
    await answer_objection(session, code, answer="经复核，排序无误。", upheld=False, by=bidder, now=NOW)
    await publish_notice(session, result, now=NOW + timedelta(days=10), by="system")
    with pytest.raises(AlreadyAnswered):
        await answer_objection(session, code, answer="再答", upheld=True, by=bidder, now=NOW)


async def test_register_tells_the_answer_and_never_who_asked(session: AsyncSession, bidder: int) -> None:
    (notice,) = await publish_notices(session, [candidates()], now=NOW, by="system")
    code = await raise_objection(
        session, notice.code, organisation="甲公司", text="排序有误", by=bidder, now=NOW
    )

    (line,) = await list_objections(session)

    assert (line.code, line.notice, line.answered_at) == (code, notice.code, None)
    assert not hasattr(line, "organisation")
    assert not hasattr(line, "text")


async def test_objection_after_its_time_is_refused(session: AsyncSession, bidder: int) -> None:
    (notice,) = await publish_notices(session, [candidates()], now=NOW, by="system")
    late = NOW + timedelta(days=7)

    with pytest.raises(TooLateToObject):
        await raise_objection(session, notice.code, organisation="甲", text="乙", by=bidder, now=late)
    with pytest.raises(InvalidInput):
        await raise_objection(session, notice.code, organisation=" ", text="", by=bidder, now=NOW)
