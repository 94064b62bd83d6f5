"""Objections and challenges: raised in time, answered in time, and the process waits until they are."""

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
from tendering.content import content_from
from tendering.models import Notice, Objection, Process
from tendering.remedies import RemedyKind, answer_due, remedy_of

TEXT_LIMIT = 5000
REGISTER_SIZE = 100


class TooLateToObject(Refusal):
    status = 409
    code = "too_late_to_object"
    message = "对该公告提出异议或质疑的期限已过，或依法不能提出。"


class AlreadyAnswered(Refusal):
    status = 409
    code = "objection_answered"
    message = "该异议已经答复。"


class ObjectionLine(msgspec.Struct, frozen=True):
    """An objection as the register shows it: what about, when, and how it was answered; never by whom."""

    code: str
    kind: RemedyKind
    notice: str
    title: str
    raised_at: datetime
    answer_due: date
    answered_at: datetime | None
    answer: str | None
    upheld: bool | None


class ObjectionDetail(ObjectionLine, frozen=True):
    """With what only the centre sees."""

    organisation: str
    text: str


async def raise_objection(
    session: AsyncSession, notice_code: str, *, organisation: str, text: str, by: int, now: datetime
) -> str:
    """Raise what the law allows against a notice; returns the objection's code.

    Raises NotFound, TooLateToObject, InvalidInput.
    """
    problems = [
        FieldProblem(name, "该项必填。")
        for name, value in (("organisation", organisation), ("text", text))
        if not value.strip()
    ]
    if len(text) > TEXT_LIMIT:
        problems.append(FieldProblem("text", "该项过长。"))
    if problems:
        raise InvalidInput(problems=tuple(problems))
    notice = await session.scalar(sa.select(Notice).where(col(Notice.code) == notice_code))
    if notice is None:
        raise NotFound
    await session.execute(sa.select(Process).where(col(Process.id) == notice.process_id).with_for_update())
    calendar = await load_calendar(session)
    content = content_from(notice.content)
    remedy = remedy_of(
        notice.category, notice.kind, content, published_at=notice.published_at, calendar=calendar
    )
    if remedy is None or not remedy.is_open(now):
        raise TooLateToObject
    count = await session.scalar(sa.select(sa.func.count()).where(col(Objection.notice_id) == notice.id))
    objection = Objection(
        code=f"{notice.code}-Y{(count or 0) + 1}",
        kind=remedy.kind,
        notice_id=notice.id,
        process_id=notice.process_id,
        raised_by=by,
        raised_at=now,
        organisation=organisation.strip(),
        text=text.strip(),
        answer_due=answer_due(remedy.kind, now, calendar),
        calendar_version=calendar.version,
    )
    session.add(objection)
    ledger.record(
        session,
        action=f"{remedy.kind.value}.raise",
        subject=f"objection:{objection.code}",
        actor=f"account:{by}",
        now=now,
        data={"answer_due": objection.answer_due.isoformat(), "rule": remedy.rule},
    )
    outbox.emit(session, "objection.raised", {"code": objection.code}, now=now)
    return objection.code


async def answer_objection(
    session: AsyncSession, code: str, *, answer: str, upheld: bool, by: int, now: datetime
) -> None:
    """Answer it; the answer is public at once, and the process may go on when it was the last one open."""
    if not answer.strip():
        raise InvalidInput(problems=(FieldProblem("answer", "该项必填。"),))
    objection = await session.scalar(
        sa.select(Objection).where(col(Objection.code) == code).with_for_update()
    )
    if objection is None:
        raise NotFound
    if objection.answered_at is not None:
        raise AlreadyAnswered
    objection.answer, objection.upheld = answer.strip(), upheld
    objection.answered_by, objection.answered_at = by, now
    ledger.record(
        session,
        action=f"{objection.kind.value}.answer",
        subject=f"objection:{code}",
        actor=f"account:{by}",
        now=now,
        data={"upheld": upheld, "in_time": clock.local_date(now) <= objection.answer_due},
    )
    outbox.emit(session, "objection.answered", {"code": code}, now=now)


async def list_objections(session: AsyncSession, *, notice: str | None = None) -> list[ObjectionLine]:
    """The public register, newest first."""
    statement = _lines().order_by(col(Objection.raised_at).desc(), col(Objection.id).desc())
    if notice is not None:
        statement = statement.where(col(Notice.code) == notice)
    rows: Sequence[Any] = (await session.execute(statement.limit(REGISTER_SIZE))).mappings().all()
    return [ObjectionLine(**row) for row in rows]


async def find_objection(session: AsyncSession, code: str) -> ObjectionDetail:
    """For the centre. Raises NotFound."""
    statement = _lines(col(Objection.organisation), col(Objection.text)).where(col(Objection.code) == code)
    row = (await session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return ObjectionDetail(**row)


def _lines(*more: Any) -> Any:
    return sa.select(
        col(Objection.code),
        col(Objection.kind),
        col(Notice.code).label("notice"),
        col(Notice.title),
        col(Objection.raised_at),
        col(Objection.answer_due),
        col(Objection.answered_at),
        col(Objection.answer),
        col(Objection.upheld),
        *more,
    ).join(Notice, col(Notice.id) == col(Objection.notice_id))
