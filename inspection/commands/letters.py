"""Things told in writing. A letter is proof: when it was sent, when read, by when to be answered."""

from collections.abc import Collection, Iterable, Mapping
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
    letter = Letter(
        case_id=case.id,
        kind=kind,
        recipient=f"account:{case.applicant_id}",
        content=dict(content),
        sent_at=now,
    )
    await _send(session, case, (letter,), now=now)
    return letter


async def to_parties(
    session: AsyncSession,
    case: Case,
    kind: LetterKind,
    contents: Iterable[tuple[Party, Mapping[str, Any]]],
    *,
    now: datetime,
    visit: Visit | None = None,
    reply_by: date | None = None,
) -> None:
    """To each its own. Unread after four working hours, the liaison and the lead are told."""
    at = await reckoning(session, now)
    sent = [
        Letter(
            case_id=case.id,
            party_id=party.id,
            visit_id=visit.id if visit else None,
            kind=kind,
            recipient=f"department:{party.department_code}",
            content=dict(content),
            sent_at=now,
            reply_by=reply_by,
        )
        for party, content in contents
    ]
    await _send(session, case, sent, now=now)
    due = clocks.add_working_hours(at.calendar, now, at.rules["letter.unread"])
    for letter in sent:
        outbox.emit(session, UNREAD, {"letter_id": letter.id}, now=now, due=due, key=f"letter:{letter.id}")


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
    letter = Letter(
        case_id=case.id,
        party_id=party.id,
        visit_id=visit.id,
        kind=LetterKind.REPLY,
        recipient=LEAD_OFFICE,
        content={**content, "from": party.department_code, "starts_at": visit.starts_at.isoformat()},
        sent_at=now,
    )
    await _send(session, case, (letter,), now=now)
    return letter


async def _send(session: AsyncSession, case: Case, sent: Collection[Letter], *, now: datetime) -> None:
    session.add_all(sent)
    await session.flush()
    for letter in sent:
        ledger.record(
            session,
            action="letter.send",
            subject=f"case:{case.code}",
            now=now,
            data={
                "letter": letter.id,
                "kind": letter.kind.value,
                "recipient": letter.recipient,
                "content": dict(letter.content),
            },
        )
        if letter.kind not in PRINTED_ELSEWHERE:
            outbox.emit(session, PRINT, {"letter_id": letter.id}, now=now)


async def read_letter(session: AsyncSession, letter_id: int, *, by: int, now: datetime) -> Letter:
    """The read receipt, by the addressee; reading again, or by somebody else, changes nothing. Raises `NotFound`."""
    letter = await session.get(Letter, letter_id, with_for_update=True)
    if letter is None:
        raise NotFound
    if letter.read_at is None and await is_addressee(session, letter, by):
        letter.read_at, letter.read_by = now, by
        await _served(session, (letter,), how="site", by=by, now=now)
    return letter


async def read_by_department(session: AsyncSession, party: Party, *, by: int, now: datetime) -> None:
    """Whoever of the department opens, reviews or answers has its letters before him; `by` is known to be of it."""
    recipient = f"department:{party.department_code}"
    rows = await session.scalars(_UNREAD, {"party": party.id, "recipient": recipient})
    unread = [letter for letter in rows if letter.read_at is None]
    for letter in unread:
        letter.read_at, letter.read_by = now, by
    if unread:
        await _served(session, unread, how="site", by=by, now=now)


_UNREAD = (
    sa.select(Letter)
    .where(
        col(Letter.party_id) == sa.bindparam("party"),
        col(Letter.recipient) == sa.bindparam("recipient"),
        col(Letter.read_at).is_(None),
    )
    .order_by(col(Letter.id))
    .with_for_update()
    # Letters are written as they are sent; that one has just been read, the session knows.
    .execution_options(autoflush=False)
)


async def hand_over(session: AsyncSession, case: Case, letter_id: int, *, by: int, now: datetime) -> Letter:
    """当面送达: the window gives the applicant the letter on paper. Raises `WrongState` where it was served before."""
    await require_right(session, by, Right.SERVICE, now=now)
    letter = await session.get(Letter, letter_id, with_for_update=True)
    if letter is None or letter.case_id != case.id or letter.recipient != f"account:{case.applicant_id}":
        raise NotFound
    if letter.read_at is not None:
        raise WrongState
    letter.read_at, letter.handed_over_by = now, by
    await _served(session, (letter,), how="paper", by=by, now=now)
    return letter


async def is_addressee(session: AsyncSession, letter: Letter, account_id: int) -> bool:
    kind, _, name = letter.recipient.partition(":")
    if kind == "account":
        case = await session.get_one(Case, letter.case_id)
        return account_id in {int(name), case.agent_id}
    account = await session.get(Account, account_id)
    return kind == "department" and account is not None and account.department_code == name


async def _served(
    session: AsyncSession, letters: Collection[Letter], *, how: str, by: int, now: datetime
) -> None:
    """The proof: in the ledger, and for the applicant's letters as a paper of its own (送达回证)."""
    await outbox.cancel(session, *(f"letter:{letter.id}" for letter in letters))
    for letter in letters:
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
            proof = Letter(
                case_id=case.id, kind=LetterKind.SERVICE, recipient=WINDOW, content=content, sent_at=now
            )
            await _send(session, case, (proof,), now=now)
