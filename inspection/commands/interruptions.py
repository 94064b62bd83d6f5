"""What stops a case: special procedures, the owner's withdrawal, termination."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotAllowed
from inspection.commands import letters
from inspection.commands.bookings import cancel_visit
from inspection.commands.transitions import move
from inspection.models import Case
from inspection.rules import Situation
from inspection.states import Event, LetterKind, SpecialProcedure


async def suspend(
    session: AsyncSession,
    case: Case,
    *,
    procedure: SpecialProcedure,
    reason: str,
    by: int,
    now: datetime,
) -> None:
    """A special procedure begins; its time is not counted, and the applicant is told so (行政许可法 art. 45)."""
    data = {"procedure": procedure.value, "reason": reason}
    before = case.state
    await move(session, case, Event.SUSPEND, by=by, now=now, situation=Situation(reason=reason), data=data)
    case.suspended_from = before.value
    await letters.to_applicant(session, case, LetterKind.SPECIAL_PROCEDURE, {**data, "begins": True}, now=now)


async def resume(session: AsyncSession, case: Case, *, by: int, now: datetime) -> None:
    """The special procedure ends; the case goes on where it stood."""
    await move(session, case, Event.RESUME, by=by, now=now)
    case.suspended_from = None
    await letters.to_applicant(session, case, LetterKind.SPECIAL_PROCEDURE, {"begins": False}, now=now)


async def withdraw(session: AsyncSession, case: Case, *, by: int, now: datetime, reason: str = "") -> None:
    """Only the owner withdraws; a visit that was booked gives its people back."""
    if by != case.applicant_id:
        raise NotAllowed
    await move(session, case, Event.WITHDRAW, by=by, now=now, data={"reason": reason})
    await cancel_visit(session, case, reason=reason or "withdrawn", now=now)


async def terminate(session: AsyncSession, case: Case, *, reason: str, by: int, now: datetime) -> None:
    await move(
        session,
        case,
        Event.TERMINATE,
        by=by,
        now=now,
        situation=Situation(reason=reason),
        data={"reason": reason},
    )
    await cancel_visit(session, case, reason=reason, now=now)
