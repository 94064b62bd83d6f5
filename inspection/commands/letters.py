"""Things told in writing. A letter is proof: when it was sent, when read, by when to be answered."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger, outbox
from core.errors import NotFound
from core.people import Account, Right
from inspection import clocks
from inspection.commands.delegations import require_right
from inspection.models import Case, Letter, Party, Visit
from inspection.reckoning import reckoning
from inspection.refusals import WrongState
from inspection.states import LetterKind

UNREAD = "inspection.letter_unread"
PRINT = "inspection.letter"
#: The intake issues the one-off notice on paper itself, with page and rule of each item.
PRINTED_ELSEWHERE = frozenset({LetterKind.DEFICIENCY})
#: Served on the applicant with a proof of service (行政许可法 art. 44); a receipt is given, not served.
SERVED = frozenset(LetterKind) - {LetterKind.RECEIPT, LetterKind.SERVICE}
WINDOW, LEAD_OFFICE = "office:window", "office:lead"


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
    to = f"department:{party.department_code}"
    letter = await _send(
        session, case, kind, to, content, now=now, party=party, visit=visit, reply_by=reply_by
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


async def reply(
    session: AsyncSession,
    case: Case,
    party: Party,
    visit: Visit,
    content: Mapping[str, Any],
    *,
    now: datetime,
) -> Letter:
    """反馈函: the answer to the lead. `content` is {attends, officers} or {attends, reason, alternative}."""
    said = {**content, "from": party.department_code, "starts_at": visit.starts_at.isoformat()}
    return await _send(session, case, LetterKind.REPLY, LEAD_OFFICE, said, now=now, party=party, visit=visit)


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
    if kind not in PRINTED_ELSEWHERE:
        outbox.emit(session, PRINT, {"letter_id": letter.id}, now=now)
    return letter


async def read_letter(session: AsyncSession, letter_id: int, *, by: int, now: datetime) -> Letter:
    """The read receipt, by the addressee; reading again, or by somebody else, changes nothing. Raises `NotFound`."""
    letter = await session.get(Letter, letter_id, with_for_update=True)
    if letter is None:
        raise NotFound
    if letter.read_at is None and await is_addressee(session, letter, by):
        letter.read_at, letter.read_by = now, by
        await _served(session, letter, how="site", by=by, now=now)
    return letter


async def read_by_department(session: AsyncSession, party: Party, *, by: int, now: datetime) -> None:
    """Whoever of the department opens, reviews or answers has its letters before him."""
    unread = sa.select(col(Letter.id)).where(
        col(Letter.party_id) == party.id,
        col(Letter.recipient) == f"department:{party.department_code}",
        col(Letter.read_at).is_(None),
    )
    for letter_id in list(await session.scalars(unread.order_by(col(Letter.id)))):
        await read_letter(session, letter_id, by=by, now=now)


async def hand_over(session: AsyncSession, case: Case, letter_id: int, *, by: int, now: datetime) -> Letter:
    """当面送达: the window gives the applicant the letter on paper. Raises `WrongState` where it was served before."""
    await require_right(session, by, Right.SERVICE, now=now)
    letter = await session.get(Letter, letter_id, with_for_update=True)
    if letter is None or letter.case_id != case.id or letter.recipient != f"account:{case.applicant_id}":
        raise NotFound
    if letter.read_at is not None:
        raise WrongState
    letter.read_at, letter.handed_over_by = now, by
    await _served(session, letter, how="paper", by=by, now=now)
    return letter


async def is_addressee(session: AsyncSession, letter: Letter, account_id: int) -> bool:
    kind, _, name = letter.recipient.partition(":")
    if kind == "account":
        case = await session.get_one(Case, letter.case_id)
        return account_id in {int(name), case.agent_id}
    account = await session.get(Account, account_id)
    return kind == "department" and account is not None and account.department_code == name


async def _served(session: AsyncSession, letter: Letter, *, how: str, by: int, now: datetime) -> None:
    """The proof: in the ledger, and for the applicant's letters as a paper of its own (送达回证)."""
    await outbox.cancel(session, f"letter:{letter.id}")
    case = await session.get_one(Case, letter.case_id)
    ledger.record(
        session,
        action="letter.read",
        subject=f"case:{case.code}",
        actor=f"account:{by}",
        now=now,
        data={"letter": letter.id, "how": how},
    )
    if letter.recipient.startswith("account:") and letter.kind in SERVED:
        content = {
            "of": letter.kind.value,
            "of_code": letter.verification_code,
            "how": how,
            "sent_at": letter.sent_at.isoformat(),
            "read_at": now.isoformat(),
        }
        await _send(session, case, LetterKind.SERVICE, WINDOW, content, now=now)
