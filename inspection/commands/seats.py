"""Who sits where: officers are held, booked for a visit, replaced by colleagues, given back.

What is asked of an officer is asked under a hold on his day, which ends with the transaction. Holds are waited for in
the order of officers and days, by who holds none yet; so parallel commands never wait in a circle.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, Range
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.clock import local_date
from inspection.availability import Part, left_behind, unavailable
from inspection.models import Booking, Case, Officer, Party, Project, Segment, Visit
from inspection.refusals import SlotTaken
from inspection.states import BookingState, Post

#: Of two who could step in, the one with fewer visits this long before and after does.
FAIR_WITHIN = timedelta(weeks=1)
#: How long a dispatcher waits for another who may or may not take the same officer.
PATIENCE = "2s"
_EPOCH = date(2000, 1, 1)

#: Seats by who has them.
Seats = Mapping[int, Sequence[Part]]


async def lock_officers(session: AsyncSession, officer_ids: Collection[int]) -> None:
    """Nobody gives them anything to do, on any day. In the order of their ids."""
    await session.execute(
        sa.select(col(Officer.id))
        .where(col(Officer.id).in_(set(officer_ids)))
        .order_by(col(Officer.id))
        .with_for_update(key_share=True)
    )


async def hold(session: AsyncSession, parts: Collection[Part]) -> None:
    """Nobody else gives these officers anything to do on these days, as soon as whoever does it now has ended."""
    keys = sorted({key for part in parts for key in _keys(part)})
    officers, days = [officer for officer, _ in keys], [day for _, day in keys]
    await session.execute(_LOCKED, {"officers": officers})
    await session.execute(_WAIT, {"officers": officers, "days": days})


async def try_hold(session: AsyncSession, parts: Collection[Part]) -> set[Part]:
    """As `hold`, but without waiting: the parts that others hold are returned."""
    keys = sorted({key for part in parts for key in _keys(part)})
    values = {"officers": [officer for officer, _ in keys], "days": [day for _, day in keys]}
    held = {(officer, day) for officer, day, got in await session.execute(_TRY, values) if got}
    return {part for part in parts if not held.issuperset(_keys(part))}


def _keys(part: Part) -> set[tuple[int, int]]:
    """By officer and day, so that who is busy in the morning is so also for what he could not reach from there."""
    days = {local_date(part.starts_at), local_date(part.ends_at)}
    return {(part.officer_id, (day - _EPOCH).days) for day in days}


_OFFICERS, _DAYS = (sa.bindparam(name, type_=ARRAY(sa.Integer)) for name in ("officers", "days"))
_WANTED = sa.func.unnest(_OFFICERS, _DAYS).table_valued("officer", "day", name="wanted").render_derived()
#: Whoever records an absence locks the officer himself.
_LOCKED = (
    sa.select(col(Officer.id))
    .where(col(Officer.id) == sa.func.any(_OFFICERS))
    .order_by(col(Officer.id))
    .with_for_update(read=True)
)
_FREE = _LOCKED.with_for_update(read=True, skip_locked=True).cte("free")
_WAIT = sa.select(sa.func.pg_advisory_xact_lock(_WANTED.c.officer, _WANTED.c.day))
_TRY = sa.select(
    *(_WANTED.c.officer, _WANTED.c.day),
    sa.func.pg_try_advisory_xact_lock(_WANTED.c.officer, _WANTED.c.day),
).join(_FREE, _FREE.c.id == _WANTED.c.officer)


async def take_seats(
    session: AsyncSession, case: Case, parts: Sequence[Part], *, patiently: bool = False
) -> list[Part]:
    """The parts as proposed; a free colleague of the same post comes for whoever is, or is being, given other work.

    Who is being given other work is waited for where no colleague is free, but not for long; `patiently`: he is waited
    for first, so that colleagues come only for who has other work. Raises `SlotTaken` where somebody is missing.
    """
    if patiently:
        await hold(session, parts)
        return await _seated(session, case, parts, set())
    try:
        async with session.begin_nested():
            held = await try_hold(session, parts)
            return await _seated(session, case, parts, held)
    except SlotTaken:  # whatever was held is given back, so that nobody waits in a circle
        if not held:
            raise
    try:
        async with session.begin_nested():
            await session.execute(_PATIENCE, {"limit": PATIENCE})
            await hold(session, parts)
            await session.execute(_PATIENCE, {"limit": "0"})
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":
            raise SlotTaken from error
        raise
    return await _seated(session, case, parts, set())


_PATIENCE = sa.select(sa.func.set_config("lock_timeout", sa.bindparam("limit"), sa.true()))


async def _seated(session: AsyncSession, case: Case, parts: Sequence[Part], held: set[Part]) -> list[Part]:
    lost = held | await unavailable(session, case, parts)
    seated = [part for part in parts if part not in lost]
    if lost:
        instead = await stand_ins(session, case, lost, without={part.officer_id for part in parts})
        if not instead:
            raise SlotTaken
        seated += [part for theirs in instead.values() for part in theirs]
    if await left_behind(session, case, seated):
        raise SlotTaken
    return seated


async def stand_ins(
    session: AsyncSession,
    case: Case,
    seats: Collection[Part],
    *,
    posts: Sequence[Post] = (),
    without: Collection[int] = (),
) -> Seats:
    """For each officer who has any of these seats, a colleague's parts at the same times; nothing where one is missing.

    A colleague is of the same department and rides in the same vehicles; of one of these `posts`, the first if
    possible, or of the same; then it is the one with the least to do then. He is held. Whoever is being given other
    work at this moment is passed over.
    """
    leaving: dict[int, list[Part]] = defaultdict(list)
    for seat in seats:
        leaving[seat.officer_id].append(seat)
    options = await _colleagues(session, case, leaving, posts)
    at = {
        (officer, other): [Part(each.party_id, other, *each.span) for each in leaving[officer]]
        for officer, others in options.items()
        for other in others
    }
    away = (
        await unavailable(session, case, [part for parts in at.values() for part in parts]) if at else set()
    )
    tried, found = {*without, *leaving}, dict[int, list[Part]]()
    while len(found) < len(leaving):
        asked: dict[int, list[Part]] = {}
        for officer in sorted(leaving.keys() - found.keys()):
            free = (o for o in options[officer] if o not in tried and away.isdisjoint(at[officer, o]))
            other = next(free, None)
            if other is None:
                return {}
            tried.add(other)
            asked[officer] = at[officer, other]
        parts = [part for theirs in asked.values() for part in theirs]
        lost = await try_hold(session, parts) | await unavailable(session, case, parts)
        found |= {officer: theirs for officer, theirs in asked.items() if lost.isdisjoint(theirs)}
    return found


async def _colleagues(
    session: AsyncSession, case: Case, leaving: Seats, posts: Sequence[Post]
) -> dict[int, list[int]]:
    """Who might come instead of each, in the order in which they are asked."""
    spans = [seat.span for seats in leaving.values() for seat in seats]
    segment = await session.get_one(Segment, case.segment_id)
    project = await session.get_one(Project, segment.project_id)
    weeks = Range(min(spans)[0] - FAIR_WITHIN, max(spans)[1] + FAIR_WITHIN)
    load = (
        sa.select(sa.func.count())
        .where(
            col(Booking.officer_id) == col(Officer.id),
            col(Booking.state) == BookingState.BOOKED,
            col(Booking.during).op("&&")(weeks),
        )
        .scalar_subquery()
    )
    gone = {
        officer.id: officer
        for officer in await session.scalars(sa.select(Officer).where(col(Officer.id).in_(leaving)))
    }
    rows = list(
        await session.scalars(
            sa.select(Officer)
            .where(
                col(Officer.department_code).in_({officer.department_code for officer in gone.values()}),
                col(Officer.active),
                sa.or_(col(Officer.district).is_(None), col(Officer.district) == project.district),
            )
            .order_by(load, col(Officer.id))
        )
    )
    found = {}
    for number, officer in gone.items():
        order = [*posts] or [officer.post]
        others = [
            each
            for each in rows
            if each.department_code == officer.department_code
            and each.vehicle_pool == officer.vehicle_pool
            and each.post in order
        ]
        found[number] = [each.id for each in sorted(others, key=lambda each: order.index(each.post))]
    return found


async def book(
    session: AsyncSession, case: Case, visit: Visit, parts: Sequence[Part], *, now: datetime
) -> None:
    """Raises `SlotTaken` where the database's constraint refuses an officer."""
    session.add_all(
        Booking(
            visit_id=visit.id,
            party_id=part.party_id,
            officer_id=part.officer_id,
            during=Range(part.starts_at, part.ends_at),
            state=BookingState.BOOKED,
        )
        for part in parts
    )
    try:
        async with session.begin_nested():
            await session.flush()
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) == "23P01":
            raise SlotTaken from error
        raise
    booked = [[part.officer_id, part.starts_at.isoformat(), part.ends_at.isoformat()] for part in parts]
    ledger.record(
        session,
        action="case.booked",
        subject=f"case:{case.code}",
        now=now,
        data={"visit": visit.id, "officers": booked},
    )


async def reseat(
    session: AsyncSession,
    case: Case,
    visit: Visit,
    given_up: Collection[Booking],
    parts: Sequence[Part],
    *,
    now: datetime,
) -> None:
    """Some seats of a visit change hands. Raises `SlotTaken` where the database's constraint refuses an officer."""
    for booking in given_up:
        booking.state = BookingState.CANCELLED
    await session.flush()
    ledger.record(
        session,
        action="case.released",
        subject=f"case:{case.code}",
        now=now,
        data={"visit": visit.id, "officers": sorted({booking.officer_id for booking in given_up})},
    )
    await book(session, case, visit, parts, now=now)


def seat_of(booking: Booking) -> Part:
    return Part(booking.party_id, booking.officer_id, *booking.span)


async def party_bookings(session: AsyncSession, visit: Visit, party: Party) -> list[Booking]:
    return list(
        await session.scalars(
            sa.select(Booking)
            .where(
                col(Booking.visit_id) == visit.id,
                col(Booking.party_id) == party.id,
                col(Booking.state) == BookingState.BOOKED,
            )
            .order_by(col(Booking.id))
        )
    )


async def booked_officers(session: AsyncSession, visit: Visit, party: Party) -> list[Officer]:
    """Each once, also where the visit comes in two halves."""
    return list(await session.scalars(_TEAM, {"visit": visit.id, "party": party.id}))


_BOOKED = sa.select(col(Booking.officer_id)).where(
    col(Booking.visit_id) == sa.bindparam("visit"),
    col(Booking.party_id) == sa.bindparam("party"),
    col(Booking.state) == BookingState.BOOKED,
)
#: Bookings are written as they are made; what else waits to be written does not concern them.
_TEAM = (
    sa.select(Officer)
    .where(col(Officer.id).in_(_BOOKED))
    .order_by(col(Officer.id))
    .execution_options(autoflush=False)
)


async def numbers_of(session: AsyncSession, officer_ids: Collection[int]) -> str:
    """Officers as people name them."""
    rows = await session.scalars(sa.select(col(Officer.number)).where(col(Officer.id).in_(officer_ids)))
    return "、".join(sorted(rows))
