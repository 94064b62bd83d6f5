"""The one function that changes a case's state, and the one that changes a party's.

Each writes, in the caller's transaction, the state, the timeline, the audit entry, the clocks and the outbox event.
"""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import journal, ledger, outbox
from core.errors import NotFound
from inspection.commands import timekeeping
from inspection.models import Case, CaseEvent, Party
from inspection.rules import Situation, check_party_move, transition
from inspection.states import CaseState, Event, Node, PartyState

TOPIC = "inspection.case"

#: Who answers for a node of the case itself; parties' nodes are their department's.
RESPONSIBLE: Mapping[Node, str] = {
    Node.RECEIVE: "window",
    Node.DEFICIENCY: "window",
    Node.ACCEPT: "window",
    Node.CORRECT: "owner",
    Node.RECTIFY: "owner",
    Node.DELIBERATE: "dispatcher",
    Node.ISSUE: "issuer",
    Node.WHOLE: "dispatcher",
}


async def lock_case(session: AsyncSession, code: str) -> Case:
    """The case, held until the transaction ends; whoever changes a case locks it first. Raises `NotFound`."""
    case: Case | None = await session.scalar(_LOCKED, {"code": code})
    if case is None:
        raise NotFound
    return case


_LOCKED = (
    sa.select(Case)
    .where(col(Case.code) == sa.bindparam("code"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


async def lock_case_by_id(session: AsyncSession, case_id: int) -> Case:
    case = await session.scalar(
        sa.select(Case)
        .where(col(Case.id) == case_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if case is None:
        raise NotFound
    return case


def note(
    session: AsyncSession,
    case: Case,
    name: str,
    *,
    by: int | None,
    now: datetime,
    before: CaseState | PartyState | str = "",
    after: CaseState | PartyState | str = "",
    party: Party | None = None,
    data: Mapping[str, object] | None = None,
) -> None:
    """A fact about a case: on its timeline, in the ledger, and told to whoever listens."""
    journal.of(session, _EVENTS).rows.append(
        {
            "case_id": case.id,
            "party_id": party.id if party else None,
            "at": now,
            "by": by,
            "name": name,
            "state_before": str(before),
            "state_after": str(after),
            "data": dict(data or {}),
        }
    )
    facts: dict[str, object] = {"before": str(before), "after": str(after), **(data or {})}
    if party:
        facts["party"] = party.department_code
    ledger.record(
        session,
        action=f"case.{name}",
        subject=f"case:{case.code}",
        actor=f"account:{by}" if by else "system",
        now=now,
        data=facts,
    )
    outbox.emit(
        session,
        TOPIC,
        {
            "case_id": case.id,
            "party_id": party.id if party else None,
            "name": name,
            "by": by,
            "data": dict(data or {}),
        },
        now=now,
    )


_EVENTS: sa.Table = CaseEvent.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it


async def move(
    session: AsyncSession,
    case: Case,
    event: Event,
    *,
    by: int | None,
    now: datetime,
    situation: Situation | None = None,
    data: Mapping[str, object] | None = None,
) -> None:
    """Take the case through one transition. Raises what `rules.transition` raises."""
    row = transition(case.state, event, situation or Situation())
    before = case.state
    case.state = row.target or CaseState(case.suspended_from or case.state)
    note(session, case, event.value, by=by, now=now, before=before, after=case.state, data=data)
    await timekeeping.stop_clocks(session, case, row.stops, now=now)
    if row.pauses:
        await timekeeping.pause(session, case, row.pauses, now=now)
    if row.resumes:
        await timekeeping.resume(session, case, row.resumes, now=now)
    for node in row.starts:
        await timekeeping.start_clock(session, case, node, responsible=RESPONSIBLE[node], now=now)
    await session.flush()


def move_party(
    session: AsyncSession,
    case: Case,
    party: Party,
    target: PartyState,
    *,
    by: int | None,
    now: datetime,
    data: Mapping[str, object] | None = None,
) -> None:
    """Raises `WrongPartyState`."""
    check_party_move(party.state, target)
    before, party.state = party.state, target
    note(
        session,
        case,
        f"party.{target.value}",
        by=by,
        now=now,
        before=before,
        after=target,
        party=party,
        data=data,
    )


async def parties_of(session: AsyncSession, case: Case) -> list[Party]:
    return list(await session.scalars(_PARTIES, {"case": case.id}))


#: A party is written when it is drawn in; its later states are known to the session.
_PARTIES = (
    sa.select(Party)
    .where(col(Party.case_id) == sa.bindparam("case"))
    .order_by(col(Party.id))
    .execution_options(autoflush=False)
)
