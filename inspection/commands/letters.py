"""Things told in writing. A letter is proof: when it was sent, when read, by when to be answered."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core import ledger, outbox
from core.errors import NotFound
from inspection import clocks
from inspection.models import Case, Letter, Party, Visit
from inspection.reckoning import reckoning
from inspection.states import LetterKind

UNREAD = "inspection.letter_unread"


async def to_applicant(
    session: AsyncSession, case: Case, kind: LetterKind, content: Mapping[str, Any], *, now: datetime
) -> Letter:
    return await _send(session, case, kind, f"account:{case.applicant_id}", content, now=now)


async def to_party(
    session: AsyncSession,
    case: Case,
    party: Party,
    kind: LetterKind,
    content: Mapping[str, Any],
    *,
    now: datetime,
    visit: Visit | None = None,
    reply_by: date | None = None,
) -> Letter:
    """Unread after four working hours, the liaison and the lead are told."""
    letter = await _send(
        session,
        case,
        kind,
        f"department:{party.department_code}",
        content,
        now=now,
        party=party,
        visit=visit,
        reply_by=reply_by,
    )
    at = await reckoning(session, now)
    outbox.emit(
        session,
        UNREAD,
        {"letter_id": letter.id},
        now=now,
        due=clocks.add_working_hours(at.calendar, now, at.rules["letter.unread"]),
        key=f"letter:{letter.id}",
    )
    return letter


async def _send(
    session: AsyncSession,
    case: Case,
    kind: LetterKind,
    recipient: str,
    content: Mapping[str, Any],
    *,
    now: datetime,
    party: Party | None = None,
    visit: Visit | None = None,
    reply_by: date | None = None,
) -> Letter:
    letter = Letter(
        case_id=case.id,
        party_id=party.id if party else None,
        visit_id=visit.id if visit else None,
        kind=kind,
        recipient=recipient,
        content=dict(content),
        sent_at=now,
        reply_by=reply_by,
    )
    session.add(letter)
    await session.flush()
    ledger.record(
        session,
        action="letter.send",
        subject=f"case:{case.code}",
        now=now,
        data={"letter": letter.id, "kind": kind.value, "recipient": recipient, "content": dict(content)},
    )
    return letter


async def read_letter(session: AsyncSession, letter_id: int, *, by: int, now: datetime) -> Letter:
    """The read receipt; reading again changes nothing. Raises `NotFound`."""
    letter = await session.get(Letter, letter_id, with_for_update=True)
    if letter is None:
        raise NotFound
    if letter.read_at is None:
        letter.read_at, letter.read_by = now, by
        await outbox.cancel(session, f"letter:{letter.id}")
        ledger.record(
            session,
            action="letter.read",
            subject=f"letter:{letter.id}",
            actor=f"account:{by}",
            now=now,
        )
    return letter
