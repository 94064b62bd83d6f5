"""What time itself does to a case: lamps change, silence gets its consequence, unread letters are pointed out."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import local_date
from core.outbox import OutboxEvent
from inspection import clocks
from inspection.commands import timekeeping
from inspection.commands.application import deem_accepted
from inspection.commands.parties import party_of
from inspection.commands.replies import apply_silence
from inspection.commands.transitions import lock_case_by_id, note
from inspection.commands.violations import record_violation
from inspection.models import Case, Clock, Letter, Party
from inspection.states import CaseState, Lamp, Node, Violation

Expiry = Callable[[AsyncSession, Case, Party | None, datetime], Awaitable[None]]


async def tick(session: AsyncSession, clock_id: int, *, now: datetime) -> None:
    """The lamp of a clock changes; when it turns red, what the node's rule says happens.

    With one that turns yellow the case's others turn that do so on the same day: the departments' clocks mostly run
    side by side, and one transaction does for all. After an outage a clock may be past both moments: it turns yellow,
    then red, as it would have.
    """
    case = await session.scalar(_CASE_OF, {"clock": clock_id})
    if case is None:
        return
    known = {"case": case.id, "clock": clock_id, "today": local_date(now)}
    rows = {row.Clock.id: (row.Clock, row.Party) for row in await session.execute(_TICKING, known)}
    if clock_id not in rows:
        return
    clock, party = rows.pop(clock_id)
    _light(session, case, clock, party, now=now)
    if clock.lamp is Lamp.RED:
        expire = EXPIRIES.get(clock.node)
        if expire:
            await expire(session, case, party, now)
        return
    for other, its_party in rows.values():
        _light(session, case, other, its_party, now=now)
    for each in (clock, *(other for other, _ in rows.values())):
        await timekeeping.schedule(session, each, now=now)


def _light(session: AsyncSession, case: Case, clock: Clock, party: Party | None, *, now: datetime) -> None:
    reached = clocks.lamp(local_date(now), yellow_on=clock.yellow_on, due=clock.due)
    for lamp in _passed(clock.lamp, reached):
        clock.lamp = lamp
        data = {
            "node": clock.node.value,
            "lamp": lamp.value,
            "responsible": clock.responsible,
            "due": clock.due.isoformat(),
        }
        note(session, case, "lamp", by=None, now=now, party=party, data=data)


_CASE_OF = (
    sa.select(Case)
    .where(
        col(Case.id)
        == sa.select(col(Clock.case_id)).where(col(Clock.id) == sa.bindparam("clock")).scalar_subquery()
    )
    .with_for_update()
    .execution_options(populate_existing=True)
)
#: A clock that is paused has no event. The one that was asked for has none either, once that is marked as done.
_HAS_EVENT = sa.exists().where(
    col(OutboxEvent.key) == sa.func.concat("clock:", col(Clock.id)), col(OutboxEvent.done_at).is_(None)
)
#: Whoever changes a clock has locked its case.
_TICKING = (
    sa.select(Clock, Party)
    .outerjoin(Party, col(Party.id) == col(Clock.party_id))
    .where(
        col(Clock.case_id) == sa.bindparam("case"),
        col(Clock.stopped_at).is_(None),
        sa.or_(
            col(Clock.id) == sa.bindparam("clock"),
            sa.and_(
                col(Clock.lamp) == Lamp.GREEN,
                sa.bindparam("today", type_=sa.Date).between(col(Clock.yellow_on), col(Clock.due)),
                _HAS_EVENT,
            ),
        ),
    )
    .order_by(col(Clock.id))
    .execution_options(populate_existing=True)
)


def _passed(before: Lamp, after: Lamp) -> list[Lamp]:
    order = list(Lamp)
    return order[order.index(before) + 1 : order.index(after) + 1]


async def _no_notice(session: AsyncSession, case: Case, _party: Party | None, now: datetime) -> None:
    if case.state is CaseState.RECEIVED:
        await deem_accepted(session, case, now=now)


async def _no_reply(session: AsyncSession, case: Case, party: Party | None, now: datetime) -> None:
    if party:
        await apply_silence(session, case, party, now=now)


async def _no_review(session: AsyncSession, case: Case, party: Party | None, now: datetime) -> None:
    if party:
        record_violation(session, case, party, Violation.NO_REPLY, now=now, text="review")


async def _no_opinion(session: AsyncSession, case: Case, party: Party | None, now: datetime) -> None:
    if party:
        record_violation(session, case, party, Violation.NO_OPINION_ON_SPOT, now=now)


EXPIRIES: Mapping[Node, Expiry] = {
    Node.DEFICIENCY: _no_notice,
    Node.REPLY: _no_reply,
    Node.REVIEW: _no_review,
    Node.OPINION: _no_opinion,
}


async def letter_unread(session: AsyncSession, letter_id: int, *, now: datetime) -> None:
    """Four working hours without a read receipt: the liaison and the lead hear of it."""
    letter = await session.get(Letter, letter_id)
    if letter is None or letter.read_at is not None:
        return
    case = await lock_case_by_id(session, letter.case_id)
    party = await party_of(session, case, letter.party_id) if letter.party_id else None
    note(session, case, "letter.unread", by=None, now=now, party=party, data={"letter": letter.id})
