"""After the decision: promises kept or broken, ratings (好差评) and complaints (投诉), each with its clock."""

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import outbox
from core.clock import local_date
from core.errors import FieldProblem, InvalidInput, NotAllowed, NotFound
from core.people import Right
from inspection import clocks
from inspection.commands.delegations import require_right
from inspection.commands.transitions import note
from inspection.models import Case, Complaint, ComplaintState, Promise, Rating
from inspection.reckoning import reckoning
from inspection.refusals import ReasonRequired, WrongState
from inspection.rules import ISSUED
from inspection.states import CaseState

PROMISE_TOPIC = "inspection.promise_due"
REMINDER_TOPIC = "inspection.promise_reminder"
REMINDED_BEFORE = timedelta(days=3)
OFFICE_OPENS = timedelta(hours=9)
OVERDUE_TOPIC = "inspection.aftercare_overdue"
HIGHEST = 5
#: 差评 and 很差: somebody must call back.
FOLLOWED_UP = 2
RATED = ISSUED | {CaseState.REJECTED}


def watch_promise(session: AsyncSession, due: date, *, now: datetime, case: Case | None = None) -> None:
    """Look at what is owed on the morning after its day; the owner is reminded some days before."""
    outbox.emit(session, PROMISE_TOPIC, {}, now=now, due=clocks.start_of(due + clocks.ONE_DAY))
    reminder = clocks.start_of(due - REMINDED_BEFORE) + OFFICE_OPENS
    if case is not None and reminder > now:
        payload = {"case_id": case.id, "due": due.isoformat()}
        outbox.emit(session, REMINDER_TOPIC, payload, now=now, due=reminder)


async def remind_of_promises(
    session: AsyncSession, case_id: int, due: date, *, now: datetime
) -> list[Promise]:
    """What is still owed on that day."""
    case = await session.get_one(Case, case_id)
    owed = list(
        await session.scalars(
            sa.select(Promise)
            .where(col(Promise.case_id) == case_id, col(Promise.due) == due, col(Promise.kept_at).is_(None))
            .order_by(col(Promise.id))
        )
    )
    if owed:
        data = {"due": due.isoformat(), "items": [promise.text for promise in owed]}
        note(session, case, "promise.due_soon", by=None, now=now, data=data)
    return owed


async def keep_promise(
    session: AsyncSession, case: Case, promise_id: int, *, by: int, now: datetime
) -> Promise:
    """What was owed (容缺, 告知承诺) has come."""
    promise = await session.get(Promise, promise_id)
    if promise is None or promise.case_id != case.id:
        raise NotFound
    if promise.kept_at is None:
        promise.kept_at = now
        note(session, case, "promise.kept", by=by, now=now, data={"promise": promise.id})
    return promise


async def break_overdue_promises(session: AsyncSession, *, now: datetime) -> list[Promise]:
    """Marks what is past its day and not kept; the register of the unreliable is fed from here."""
    overdue = list(
        await session.scalars(
            sa.select(Promise)
            .where(
                col(Promise.due) < local_date(now),
                col(Promise.kept_at).is_(None),
                col(Promise.broken_at).is_(None),
            )
            .order_by(col(Promise.id))
            .with_for_update(skip_locked=True)
        )
    )
    for promise in overdue:
        promise.broken_at = now
        case = await session.get_one(Case, promise.case_id)
        data = {"promise": promise.id, "kind": promise.kind.value, "due": promise.due.isoformat()}
        note(session, case, "promise.broken", by=None, now=now, data=data)
    return overdue


async def rate_case(
    session: AsyncSession, case: Case, *, level: int, text: str = "", by: int, now: datetime
) -> Rating:
    """One rating for each finished case, by its owner; a bad one is followed up within 15 working days."""
    if by != case.applicant_id:
        raise NotAllowed
    if case.state not in RATED:
        raise WrongState
    if not 1 <= level <= HIGHEST:
        raise InvalidInput(problems=(FieldProblem("level", "请选择一至五星。"),))
    if await session.scalar(sa.select(col(Rating.id)).where(col(Rating.case_id) == case.id)):
        raise WrongState
    at = await reckoning(session, now)
    due: date | None = None
    if level <= FOLLOWED_UP:
        due = at.calendar.add_working_days(local_date(now), at.rules["rating.follow_up"])
    rating = Rating(case_id=case.id, level=level, text=text, by=by, at=now, follow_up_due=due)
    session.add(rating)
    await session.flush()
    note(session, case, "rating", by=by, now=now, data={"level": level})
    if due:
        note(session, case, "rating.low", by=by, now=now, data={"level": level, "due": due.isoformat()})
        _watch(session, "rating", rating.id, due, now=now)
    return rating


async def follow_up(session: AsyncSession, case: Case, *, text: str, by: int, now: datetime) -> Rating:
    rating = await session.scalar(sa.select(Rating).where(col(Rating.case_id) == case.id))
    if rating is None:
        raise NotFound
    if rating.followed_up_at is not None:
        raise WrongState
    if not text.strip():
        raise ReasonRequired
    await outbox.cancel(session, f"rating:{rating.id}")
    rating.followed_up_at, rating.followed_up_by, rating.follow_up_text = now, by, text
    note(session, case, "rating.followed_up", by=by, now=now, data={"text": text})
    return rating


async def complain(session: AsyncSession, case: Case, *, text: str, by: int, now: datetime) -> Complaint:
    """The owner's complaint; the centre answers within the rule's period."""
    if by != case.applicant_id:
        raise NotAllowed
    if not text.strip():
        raise ReasonRequired
    at = await reckoning(session, now)
    complaint = Complaint(
        case_id=case.id,
        by=by,
        text=text,
        state=ComplaintState.RECEIVED,
        received_at=now,
        due=at.calendar.add_working_days(local_date(now), at.rules["complaint.answer"]),
        calendar_version=at.calendar.version,
    )
    session.add(complaint)
    await session.flush()
    data = {"complaint": complaint.id, "due": complaint.due.isoformat()}
    note(session, case, "complaint", by=by, now=now, data=data)
    _watch(session, "complaint", complaint.id, complaint.due, now=now)
    return complaint


async def answer_complaint(
    session: AsyncSession, case: Case, complaint_id: int, *, text: str, by: int, now: datetime
) -> Complaint:
    complaint = await session.get(Complaint, complaint_id, with_for_update=True)
    if complaint is None or complaint.case_id != case.id:
        raise NotFound
    if complaint.state is not ComplaintState.RECEIVED:
        raise WrongState
    if not text.strip():
        raise ReasonRequired
    await require_right(session, by, Right.RESPONSE, now=now)
    await outbox.cancel(session, f"complaint:{complaint.id}")
    complaint.state = ComplaintState.ANSWERED
    complaint.answer, complaint.answered_by, complaint.answered_at = text, by, now
    note(session, case, "complaint.answered", by=by, now=now, data={"complaint": complaint.id})
    return complaint


def _watch(session: AsyncSession, what: str, row: int, due: date, *, now: datetime) -> None:
    """The clock of a complaint, or of a bad rating's follow-up."""
    payload = {"what": what, "id": row}
    at = clocks.start_of(due + clocks.ONE_DAY)
    outbox.emit(session, OVERDUE_TOPIC, payload, now=now, due=at, key=f"{what}:{row}")


async def point_out_overdue(session: AsyncSession, what: str, row: int, *, now: datetime) -> None:
    """Supervision hears of what was not answered, or not followed up, in time."""
    due: date | None
    if what == "complaint":
        complaint = await session.get_one(Complaint, row)
        case_id, settled, due = complaint.case_id, complaint.answered_at, complaint.due
    else:
        rating = await session.get_one(Rating, row)
        case_id, settled, due = rating.case_id, rating.followed_up_at, rating.follow_up_due
    if settled is None and due is not None:
        case = await session.get_one(Case, case_id)
        note(session, case, f"{what}.overdue", by=None, now=now, data={"due": due.isoformat()})
