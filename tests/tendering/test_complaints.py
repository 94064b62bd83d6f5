from datetime import date, datetime, timedelta

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import InvalidInput, NotFound
from core.people import Account
from core.workdays import state_council_calendar
from tendering.commands import ProcessSuspended, publish_notice, publish_notices
from tendering.complaints import commands
from tendering.complaints.commands import ComplaintClosed, ComplaintHandled
from tendering.complaints.models import ComplaintState
from tendering.complaints.rules import accept_due, decide_due, window_of
from tendering.content import Content, Dates
from tendering.objections import answer_objection, raise_objection
from tendering.remedies import RemedyKind
from tendering.rules import NoticeKind
from tests.conftest import NOW
from tests.tendering.factories import publication

CALENDAR = state_council_calendar()


def local(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=clock.LOCAL)


@pytest.mark.parametrize(
    ("kind", "answered_at", "closes"),
    [
        # Works: ten days after the answer of 4 March, the last of them Saturday 14 March: rolls to Monday the 16th.
        (RemedyKind.OBJECTION, local(3, 4, 10), local(3, 17)),
        # Never answered: ten days after the period for the answer ended on the 6th.
        (RemedyKind.OBJECTION, None, local(3, 17)),
        # Procurement: fifteen working days after the period for the answer, whenever the answer came.
        (RemedyKind.CHALLENGE, local(3, 4, 10), local(3, 28)),
        (RemedyKind.CHALLENGE, None, local(3, 28)),
    ],
)
def test_window_to_complain_follows_the_law_of_its_kind(
    kind: RemedyKind, answered_at: datetime | None, closes: datetime
) -> None:
    window = window_of(kind, answer_due=date(2026, 3, 6), answered_at=answered_at, calendar=CALENDAR)

    assert window.closes == closes
    assert window.is_open(closes - timedelta(seconds=1))
    assert not window.is_open(closes)
    assert not window.is_open(local(3, 3))


def test_clocks_of_handling_follow_the_law_of_each_kind() -> None:
    received, accepted = local(3, 4, 10), local(3, 6, 10)
    dues = {
        kind: (
            accept_due(kind, received, CALENDAR),
            decide_due(kind, received_at=received, accepted_at=accepted, calendar=CALENDAR),
        )
        for kind in RemedyKind
    }

    # Qingming (4–6 April) lies within the thirty working days.
    assert dues == {
        RemedyKind.OBJECTION: (date(2026, 3, 9), date(2026, 4, 20)),
        RemedyKind.CHALLENGE: (date(2026, 3, 11), date(2026, 4, 16)),
    }


@pytest.fixture
async def people(session: AsyncSession) -> tuple[int, int]:
    accounts = [
        Account(login=name, name="测试人员", password_hash="x", created_at=NOW) for name in ("a", "b")
    ]
    session.add_all(accounts)
    await session.flush()
    return accounts[0].id, accounts[1].id


@pytest.fixture
async def objection(session: AsyncSession, people: tuple[int, int]) -> str:
    """Answered, by a bidder who may now complain."""
    item = publication(5, NoticeKind.CANDIDATES, Content(dates=Dates(publicity_to=NOW + timedelta(days=2))))
    (notice,) = await publish_notices(session, [item], now=NOW, by="system")
    code = await raise_objection(
        session, notice.code, organisation="甲公司", text="有误", by=people[0], now=NOW
    )
    await answer_objection(session, code, answer="无误。", upheld=False, by=people[1], now=NOW)
    return code


async def test_complaint_suspends_the_process_until_it_is_decided(
    session: AsyncSession, people: tuple[int, int], objection: str
) -> None:
    bidder, authority = people
    code = await commands.raise_complaint(session, objection, text="复核不当", by=bidder, now=NOW)
    await commands.accept_complaint(session, code, suspend=True, by=authority, now=NOW)
    result = msgspec.structs.replace(publication(9, NoticeKind.RESULT, Content()))
    later = NOW + timedelta(days=10)
    with pytest.raises(ProcessSuspended):
        await publish_notice(session, result, now=later, by="system")
    await commands.decide_complaint(
        session, code, decision="驳回投诉。", upheld=False, by=authority, now=later
    )
    await publish_notice(session, result, now=later, by="system")

    (line,) = await commands.list_complaints(session)
    assert (line.state, line.decision, line.upheld) == (ComplaintState.DECIDED, "驳回投诉。", False)
    assert "甲公司" not in repr(line)
    assert "复核不当" not in repr(line)


async def test_suspension_ends_by_itself_after_thirty_days(
    session: AsyncSession, people: tuple[int, int], objection: str
) -> None:
    code = await commands.raise_complaint(session, objection, text="复核不当", by=people[0], now=NOW)
    await commands.accept_complaint(session, code, suspend=True, by=people[1], now=NOW)
    result = publication(9, NoticeKind.RESULT, Content())
    with pytest.raises(ProcessSuspended):
        await publish_notice(session, result, now=NOW + timedelta(days=30), by="system")
    await publish_notice(session, result, now=NOW + timedelta(days=36), by="system")


async def test_only_who_objected_may_complain_once_and_in_time(
    session: AsyncSession, people: tuple[int, int], objection: str
) -> None:
    bidder, other = people
    with pytest.raises(NotFound):
        await commands.raise_complaint(session, objection, text="x", by=other, now=NOW)
    with pytest.raises(ComplaintClosed):
        await commands.raise_complaint(session, objection, text="x", by=bidder, now=NOW + timedelta(days=20))
    with pytest.raises(InvalidInput):
        await commands.raise_complaint(session, objection, text=" ", by=bidder, now=NOW)
    await commands.raise_complaint(session, objection, text="x", by=bidder, now=NOW)
    with pytest.raises(ComplaintClosed):
        await commands.raise_complaint(session, objection, text="x", by=bidder, now=NOW)


async def test_complaint_is_decided_only_after_it_was_accepted_and_once(
    session: AsyncSession, people: tuple[int, int], objection: str
) -> None:
    bidder, authority = people
    code = await commands.raise_complaint(session, objection, text="x", by=bidder, now=NOW)
    with pytest.raises(ComplaintHandled):
        await commands.decide_complaint(session, code, decision="x", upheld=True, by=authority, now=NOW)
    await commands.decline_complaint(session, code, reason="超出范围。", by=authority, now=NOW)
    with pytest.raises(ComplaintHandled):
        await commands.accept_complaint(session, code, suspend=False, by=authority, now=NOW)

    (own,) = await commands.own_objections(session, by=bidder)
    assert own.complaint is ComplaintState.DECLINED
