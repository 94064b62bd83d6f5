"""Complaints: raised by whoever objected first, accepted or declined, decided, and published without names."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import clock, ledger, outbox
from core.calendars import load_calendar
from core.errors import FieldProblem, InvalidInput, NotFound, Refusal
from tendering.complaints.models import Complaint, ComplaintState
from tendering.complaints.rules import SUSPENSION_DAYS, Window, accept_due, decide_due, window_of
from tendering.models import Notice, Objection
from tendering.objections import TEXT_LIMIT
from tendering.remedies import RemedyKind

REGISTER_SIZE = 100


class ComplaintClosed(Refusal):
    """Too early, too late, or raised before."""

    status = 409
    code = "complaint_closed"
    message = "现在不能投诉：须先提出异议或质疑，并在法定期限内。"


class ComplaintHandled(Refusal):
    status = 409
    code = "complaint_handled"
    message = "该投诉不在可以办理的状态。"


class ComplaintLine(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint as the register shows it: about what, when, and how it was decided; never by whom."""

    code: str
    kind: RemedyKind
    objection: str
    notice: str
    title: str
    raised_at: datetime
    state: ComplaintState
    accept_due: date
    decide_due: date | None
    suspended_until: date | None
    decided_at: datetime | None
    decision: str | None
    upheld: bool | None


class ComplaintDetail(ComplaintLine, frozen=True, kw_only=True):
    """With what only the authority sees."""

    organisation: str
    text: str


class OwnObjection(msgspec.Struct, frozen=True, kw_only=True):
    """One's own objection, and whether one may still complain."""

    code: str
    kind: RemedyKind
    notice: str
    title: str
    raised_at: datetime
    answer_due: date
    answered_at: datetime | None
    answer: str | None
    upheld: bool | None
    complaint: ComplaintState | None
    window: Window


async def raise_complaint(
    session: AsyncSession, objection_code: str, *, text: str, by: int, now: datetime
) -> str:
    """Returns the complaint's code. Raises NotFound (also for objections of others), ComplaintClosed, InvalidInput."""
    text = text.strip()
    if not text or len(text) > TEXT_LIMIT:
        message = "该项过长。" if text else "该项必填。"
        raise InvalidInput(problems=(FieldProblem("text", message),))
    objection = await session.scalar(
        sa.select(Objection).where(col(Objection.code) == objection_code).with_for_update()
    )
    if objection is None or objection.raised_by != by:
        raise NotFound
    calendar = await load_calendar(session)
    window = window_of(
        objection.kind,
        answer_due=objection.answer_due,
        answered_at=objection.answered_at,
        calendar=calendar,
    )
    raised = sa.select(sa.exists().where(col(Complaint.objection_id) == objection.id))
    if not window.is_open(now) or await session.scalar(raised):
        raise ComplaintClosed
    complaint = Complaint(
        code=f"{objection.code}-T",
        objection_id=objection.id,
        process_id=objection.process_id,
        raised_by=by,
        raised_at=now,
        text=text,
        state=ComplaintState.RECEIVED,
        accept_due=accept_due(objection.kind, now, calendar),
        calendar_version=calendar.version,
    )
    session.add(complaint)
    _record(session, complaint, "raise", by=by, now=now, accept_due=complaint.accept_due.isoformat())
    outbox.emit(session, "complaint.raised", {"code": complaint.code}, now=now)
    return complaint.code


async def accept_complaint(
    session: AsyncSession, code: str, *, suspend: bool, by: int, now: datetime
) -> None:
    """Take it up; `suspend` stops the process until the decision, thirty days at most."""
    complaint, kind = await _lock(session, code, ComplaintState.RECEIVED)
    calendar = await load_calendar(session)
    complaint.state, complaint.accepted_at, complaint.handled_by = ComplaintState.ACCEPTED, now, by
    complaint.decide_due = decide_due(
        kind, received_at=complaint.raised_at, accepted_at=now, calendar=calendar
    )
    complaint.calendar_version = calendar.version
    if suspend:
        complaint.suspended_until = calendar.add_calendar_days(clock.local_date(now), SUSPENSION_DAYS)
    _record(session, complaint, "accept", by=by, now=now, decide_due=complaint.decide_due.isoformat())


async def decline_complaint(session: AsyncSession, code: str, *, reason: str, by: int, now: datetime) -> None:
    """Not admissible; the reason is published."""
    complaint, _ = await _lock(session, code, ComplaintState.RECEIVED)
    complaint.decision = _required("reason", reason)
    complaint.state, complaint.decided_at, complaint.handled_by = ComplaintState.DECLINED, now, by
    _record(session, complaint, "decline", by=by, now=now)


async def decide_complaint(
    session: AsyncSession, code: str, *, decision: str, upheld: bool, by: int, now: datetime
) -> None:
    """Decide it: published at once, and a suspended process goes on."""
    complaint, _ = await _lock(session, code, ComplaintState.ACCEPTED)
    complaint.decision, complaint.upheld = _required("decision", decision), upheld
    complaint.state, complaint.decided_at, complaint.handled_by = ComplaintState.DECIDED, now, by
    complaint.suspended_until = None
    in_time = complaint.decide_due is None or clock.local_date(now) <= complaint.decide_due
    _record(session, complaint, "decide", by=by, now=now, upheld=upheld, in_time=in_time)
    outbox.emit(session, "complaint.decided", {"code": code}, now=now)


async def suspended(session: AsyncSession, process_id: int, *, now: datetime) -> bool:
    """Whether a complaint has stopped the process."""
    held = sa.exists().where(
        col(Complaint.process_id) == process_id, col(Complaint.suspended_until) >= clock.local_date(now)
    )
    return bool(await session.scalar(sa.select(held)))


async def list_complaints(session: AsyncSession) -> list[ComplaintLine]:
    """The public register, newest first."""
    statement = _lines().order_by(col(Complaint.raised_at).desc(), col(Complaint.id).desc())
    rows: Sequence[Any] = (await session.execute(statement.limit(REGISTER_SIZE))).mappings().all()
    return [ComplaintLine(**row) for row in rows]


async def find_complaint(session: AsyncSession, code: str) -> ComplaintDetail:
    """For the authority. Raises NotFound."""
    statement = _lines(col(Objection.organisation), col(Complaint.text)).where(col(Complaint.code) == code)
    row = (await session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return ComplaintDetail(**row)


async def own_objections(session: AsyncSession, *, by: int) -> list[OwnObjection]:
    """What this account raised, newest first, with the answer and until when one may complain."""
    calendar = await load_calendar(session)
    rows = await session.execute(
        sa.select(Objection, col(Notice.code), col(Notice.title), col(Complaint.state))
        .join(Notice, col(Notice.id) == col(Objection.notice_id))
        .outerjoin(Complaint, col(Complaint.objection_id) == col(Objection.id))
        .where(col(Objection.raised_by) == by)
        .order_by(col(Objection.raised_at).desc(), col(Objection.id).desc())
        .limit(REGISTER_SIZE)
    )
    return [
        OwnObjection(
            code=objection.code,
            kind=objection.kind,
            notice=notice,
            title=title,
            raised_at=objection.raised_at,
            answer_due=objection.answer_due,
            answered_at=objection.answered_at,
            answer=objection.answer,
            upheld=objection.upheld,
            complaint=complaint,
            window=window_of(
                objection.kind,
                answer_due=objection.answer_due,
                answered_at=objection.answered_at,
                calendar=calendar,
            ),
        )
        for objection, notice, title, complaint in rows
    ]


async def _lock(session: AsyncSession, code: str, state: ComplaintState) -> tuple[Complaint, RemedyKind]:
    row = (
        await session.execute(
            sa.select(Complaint, col(Objection.kind))
            .join(Objection, col(Objection.id) == col(Complaint.objection_id))
            .where(col(Complaint.code) == code)
            .with_for_update(of=Complaint)
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    complaint, kind = row
    if complaint.state is not state:
        raise ComplaintHandled
    return complaint, kind


def _required(field: str, text: str) -> str:
    if not text.strip():
        raise InvalidInput(problems=(FieldProblem(field, "该项必填。"),))
    return text.strip()


def _lines(*more: Any) -> Any:
    return (
        sa.select(
            col(Complaint.code),
            col(Objection.kind),
            col(Objection.code).label("objection"),
            col(Notice.code).label("notice"),
            col(Notice.title),
            col(Complaint.raised_at),
            col(Complaint.state),
            col(Complaint.accept_due),
            col(Complaint.decide_due),
            col(Complaint.suspended_until),
            col(Complaint.decided_at),
            col(Complaint.decision),
            col(Complaint.upheld),
            *more,
        )
        .join(Objection, col(Objection.id) == col(Complaint.objection_id))
        .join(Notice, col(Notice.id) == col(Objection.notice_id))
    )


def _record(
    session: AsyncSession, complaint: Complaint, act: str, *, by: int, now: datetime, **data: str | bool
) -> None:
    ledger.record(
        session,
        action=f"complaint.{act}",
        subject=f"complaint:{complaint.code}",
        actor=f"account:{by}",
        now=now,
        data=data,
    )
