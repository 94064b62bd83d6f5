"""After the decision: promises kept or broken, ratings (好差评) and complaints (投诉), each with its clock."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import outbox
from core.clock import local_date
from core.errors import FieldProblem, InvalidInput, NotAllowed, NotFound
from inspection import clocks
from inspection.commands.transitions import note
from inspection.models import Case, Complaint, ComplaintState, Promise, Rating
from inspection.reckoning import reckoning
from inspection.refusals import ReasonRequired, WrongState
from inspection.states import CaseState

PROMISE_TOPIC = "inspection.promise_due"
HIGHEST = 5
#: 差评 and 很差: somebody must call back.
FOLLOWED_UP = 2
RATED = frozenset({CaseState.ISSUED, CaseState.FILED, CaseState.ARCHIVED, CaseState.REJECTED})


def watch_promise(session: AsyncSession, due: date, *, now: datetime) -> None:
    """Look at what is owed on the morning after its day."""
    outbox.emit(session, PROMISE_TOPIC, {}, now=now, due=clocks.start_of(due + clocks.ONE_DAY))


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
    return rating


async def follow_up(session: AsyncSession, case: Case, *, text: str, by: int, now: datetime) -> Rating:
    rating = await session.scalar(sa.select(Rating).where(col(Rating.case_id) == case.id))
    if rating is None:
        raise NotFound
    if not text.strip():
        raise ReasonRequired
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
    note(session, case, "complaint", by=by, now=now, data={"complaint": complaint.id})
    return complaint


async def answer_complaint(
    session: AsyncSession, complaint_id: int, *, text: str, by: int, now: datetime
) -> Complaint:
    complaint = await session.get(Complaint, complaint_id, with_for_update=True)
    if complaint is None:
        raise NotFound
    if complaint.state is not ComplaintState.RECEIVED:
        raise WrongState
    if not text.strip():
        raise ReasonRequired
    complaint.state = ComplaintState.ANSWERED
    complaint.answer, complaint.answered_by, complaint.answered_at = text, by, now
    case = await session.get_one(Case, complaint.case_id)
    note(session, case, "complaint.answered", by=by, now=now, data={"complaint": complaint.id})
    return complaint
