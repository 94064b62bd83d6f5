"""Clocks of a case: started, paused, stopped, and brought up to date when the calendar changes.

Every running clock has one pending timed event, `clock:ID`, for the next change of its lamp.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger, outbox
from core.clock import local_date
from inspection import clocks
from inspection.models import Case, Clock, Party, Pause
from inspection.reckoning import Reckoning, reckoning
from inspection.states import Lamp, Node, PauseReason

TOPIC = "inspection.clock"


async def start_clock(
    session: AsyncSession, case: Case, node: Node, *, responsible: str, now: datetime
) -> Clock:
    """The node's clock, counting from the day after `now`."""
    clock = _clock(case, node, await reckoning(session, now), responsible=responsible, now=now)
    await _start(session, (clock,), now=now)
    return clock


async def start_clocks(
    session: AsyncSession, case: Case, node: Node, parties: Iterable[Party], *, now: datetime
) -> list[Clock]:
    """One for each of the parties, whose departments answer for it."""
    at = await reckoning(session, now)
    started = [
        _clock(case, node, at, responsible=f"department:{party.department_code}", now=now, party=party)
        for party in parties
    ]
    await _start(session, started, now=now)
    return started


def _clock(
    case: Case, node: Node, at: Reckoning, *, responsible: str, now: datetime, party: Party | None = None
) -> Clock:
    rule = f"clock.{node}.{case.profile}" if node is Node.WHOLE else f"clock.{node}"
    days = at.rules[rule]
    start = local_date(now)
    found = at.deadline(start, days)
    source, article = at.rules.cite(rule)
    return Clock(
        case_id=case.id,
        party_id=party.id if party else None,
        node=node,
        responsible=responsible,
        started_on=start,
        days=days,
        due=found.due,
        yellow_on=found.yellow_on,
        rule=rule,
        article=" ".join(filter(None, (source, article))),
        calendar_version=at.calendar.version,
        provisional=found.provisional,
    )


async def _start(session: AsyncSession, started: Collection[Clock], *, now: datetime) -> None:
    session.add_all(started)
    await session.flush()
    for clock in started:
        _emit(session, clock, now=now)


async def schedule(session: AsyncSession, clock: Clock, *, now: datetime) -> None:
    """Replace the clock's pending event by one for its lamp's next change."""
    await withdraw(session, (clock,))
    if clock.stopped_at is None and clock.lamp is not Lamp.RED:
        _emit(session, clock, now=now)


def _emit(session: AsyncSession, clock: Clock, *, now: datetime) -> None:
    next_day = clock.yellow_on if clock.lamp is Lamp.GREEN else clock.due + clocks.ONE_DAY
    outbox.emit(
        session,
        TOPIC,
        {"clock_id": clock.id},
        now=now,
        due=max(now, clocks.start_of(next_day)),
        key=f"clock:{clock.id}",
    )


async def withdraw(session: AsyncSession, stopped: Collection[Clock]) -> None:
    """Take the clocks' pending events back."""
    if stopped:
        await outbox.cancel(session, *(f"clock:{clock.id}" for clock in stopped))


async def running_clocks(
    session: AsyncSession,
    case: Case,
    nodes: Collection[Node] = tuple(Node),
    *,
    party: Party | None = None,
) -> list[Clock]:
    if party is None:
        rows = await session.scalars(_RUNNING, {"case": case.id})
    else:
        rows = await session.scalars(_RUNNING_OF_PARTY, {"case": case.id, "party": party.id})
    return [clock for clock in rows if clock.stopped_at is None and clock.node in nodes]


#: What waits to be written are facts about the case; a clock is written when it starts.
_RUNNING = (
    sa.select(Clock)
    .where(col(Clock.case_id) == sa.bindparam("case"), col(Clock.stopped_at).is_(None))
    .order_by(col(Clock.id))
    .execution_options(autoflush=False)
)
_RUNNING_OF_PARTY = _RUNNING.where(col(Clock.party_id) == sa.bindparam("party"))


async def stop_clocks(
    session: AsyncSession,
    case: Case,
    nodes: Collection[Node],
    *,
    now: datetime,
    party: Party | None = None,
) -> None:
    if not nodes:
        return
    stopped = await running_clocks(session, case, nodes, party=party)
    for clock in stopped:
        clock.stopped_at = now
    await withdraw(session, stopped)


async def pause(
    session: AsyncSession, case: Case, reason: PauseReason, *, now: datetime, detail: str = ""
) -> None:
    """Stop counting for the nodes that this reason concerns; the lamps wait with them."""
    session.add(Pause(case_id=case.id, reason=reason, detail=detail, started_on=local_date(now)))
    _record_pause(session, case, reason, started_on=local_date(now), now=now)
    await session.flush()
    await withdraw(session, await running_clocks(session, case, clocks.PAUSED_NODES[reason]))


def _record_pause(
    session: AsyncSession,
    case: Case,
    reason: PauseReason,
    *,
    started_on: date,
    ended_on: date | None = None,
    now: datetime,
) -> None:
    ledger.record(
        session,
        action="case.resumed" if ended_on else "case.paused",
        subject=f"case:{case.code}",
        now=now,
        data={
            "reason": reason.value,
            "started_on": started_on.isoformat(),
            "ended_on": ended_on.isoformat() if ended_on else None,
        },
    )


async def resume(session: AsyncSession, case: Case, reason: PauseReason, *, now: datetime) -> None:
    """Count again, from the day after; deadlines move by the working days that the pause took."""
    running = await _running_pauses(session, case)
    for each in running:
        if each.reason is reason:
            each.ended_on = local_date(now)
            _record_pause(session, case, reason, started_on=each.started_on, ended_on=each.ended_on, now=now)
    await session.flush()
    for clock in await running_clocks(session, case, clocks.PAUSED_NODES[reason]):
        await recompute(session, case, clock, now=now)


async def is_paused(session: AsyncSession, case: Case, reason: PauseReason) -> bool:
    return any(each.reason is reason for each in await _running_pauses(session, case))


async def _running_pauses(session: AsyncSession, case: Case) -> list[Pause]:
    return list(await session.scalars(_PAUSED, {"case": case.id}))


#: A pause is written when it begins and when it ends.
_PAUSED = (
    sa.select(Pause)
    .where(col(Pause.case_id) == sa.bindparam("case"), col(Pause.ended_on).is_(None))
    .execution_options(autoflush=False)
)


async def recompute(session: AsyncSession, case: Case, clock: Clock, *, now: datetime) -> None:
    """Bring the deadline up to date with pauses and calendar; its event waits while a pause is running."""
    at = await reckoning(session, now)
    found = await deadline_of(session, clock, at)
    clock.due, clock.yellow_on = found.due, found.yellow_on
    clock.paused_days, clock.provisional = found.paused_days, found.provisional
    clock.calendar_version = at.calendar.version
    # A lamp goes out here, but lights only through its own event, which counts it.
    reached = clocks.lamp(local_date(now), yellow_on=clock.yellow_on, due=clock.due)
    clock.lamp = min(clock.lamp, reached, key=list(Lamp).index)
    waiting = {each.reason for each in await _running_pauses(session, case)}
    if not any(clock.node in clocks.PAUSED_NODES[reason] for reason in waiting):
        await schedule(session, clock, now=now)


async def deadline_of(session: AsyncSession, clock: Clock, at: Reckoning) -> clocks.Deadline:
    """The clock's deadline by this calendar, with the pauses that have ended."""
    concerned = [reason for reason, nodes in clocks.PAUSED_NODES.items() if clock.node in nodes]
    rows = await session.execute(
        sa.select(col(Pause.started_on), col(Pause.ended_on)).where(
            col(Pause.case_id) == clock.case_id,
            col(Pause.reason).in_(concerned),
            col(Pause.ended_on).is_not(None),
        )
    )
    return at.deadline(clock.started_on, clock.days, [(row.started_on, row.ended_on) for row in rows])


async def begin_owner_delay(session: AsyncSession, case: Case, planned: date) -> None:
    """The owner moved a visit: from its day on, the time until the new one is the owner's."""
    if await is_paused(session, case, PauseReason.OWNER_RESCHEDULED):
        return
    session.add(Pause(case_id=case.id, reason=PauseReason.OWNER_RESCHEDULED, started_on=planned))
    await session.flush()
    concerned = clocks.PAUSED_NODES[PauseReason.OWNER_RESCHEDULED]
    await withdraw(session, await running_clocks(session, case, concerned))


async def end_owner_delay(session: AsyncSession, case: Case, planned: date, *, now: datetime) -> None:
    """The new day is fixed; an earlier one than before costs nobody anything."""
    for each in await _running_pauses(session, case):
        if each.reason is PauseReason.OWNER_RESCHEDULED:
            each.ended_on = max(planned, each.started_on)
            _record_pause(
                session, case, each.reason, started_on=each.started_on, ended_on=each.ended_on, now=now
            )
    await session.flush()
    for clock in await running_clocks(session, case, clocks.PAUSED_NODES[PauseReason.OWNER_RESCHEDULED]):
        await recompute(session, case, clock, now=now)
