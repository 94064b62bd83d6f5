"""On site: people check in, the lead opens, records who is absent, and closes when everybody has spoken."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.people import Account
from inspection.catalogue import LEAD
from inspection.commands import timekeeping
from inspection.commands.bookings import standing_visit
from inspection.commands.parties import invited_parties
from inspection.commands.transitions import move, move_party, note
from inspection.commands.violations import record_violation, watch_visit
from inspection.geography import metres
from inspection.models import (
    Booking,
    Case,
    CheckIn,
    Officer,
    Party,
    Project,
    Segment,
    Visit,
)
from inspection.reckoning import reckoning
from inspection.refusals import (
    CheckInOutside,
    NotAssigned,
    ReasonRequired,
    WrongState,
)
from inspection.rules import Situation
from inspection.states import (
    BookingState,
    CaseState,
    Event,
    Node,
    PartyState,
    Violation,
    VisitState,
)


@dataclass(frozen=True, slots=True)
class Presence:
    """An officer, and what he has to do with a party's visit in the present round, also when it is over.

    `member_of`: the department of his account. `booked`: for this party.
    """

    officer: Officer
    member_of: str | None
    visit: Visit | None
    booked: bool
    arrival: CheckIn | None


async def presence(session: AsyncSession, case: Case, party: Party, *, by: int) -> Presence:
    """Of the officer who logs in with the account `by`. Raises `NotAssigned` where that is nobody's."""
    known = {"account": by, "case": case.id, "round": case.round, "party": party.id}
    row = (await session.execute(_PRESENCE, known)).one_or_none()
    if row is None:
        raise NotAssigned
    return Presence(*row)


async def officer_of(session: AsyncSession, account_id: int) -> Officer:
    """The officer who logs in with this account. Raises `NotAssigned`."""
    officer: Officer | None = await session.scalar(_OFFICER, {"account": account_id})
    if officer is None:
        raise NotAssigned
    return officer


_OFFICER = sa.select(Officer).where(col(Officer.account_id) == sa.bindparam("account"), col(Officer.active))
_PRESENT_VISIT = (
    col(Visit.case_id) == sa.bindparam("case"),
    col(Visit.round) == sa.bindparam("round"),
    col(Visit.state) != VisitState.CANCELLED,
)
_PRESENCE = (
    sa.select(
        Officer,
        col(Account.department_code),
        Visit,
        sa.exists().where(
            col(Booking.visit_id) == col(Visit.id),
            col(Booking.party_id) == sa.bindparam("party"),
            col(Booking.officer_id) == col(Officer.id),
            col(Booking.state) == BookingState.BOOKED,
        ),
        CheckIn,
    )
    .join(Account, col(Account.id) == col(Officer.account_id))
    .outerjoin(Visit, sa.and_(*_PRESENT_VISIT))
    .outerjoin(
        CheckIn, sa.and_(col(CheckIn.visit_id) == col(Visit.id), col(CheckIn.officer_id) == col(Officer.id))
    )
    .where(col(Officer.account_id) == sa.bindparam("account"), col(Officer.active))
)


async def check_in(
    session: AsyncSession,
    case: Case,
    party: Party,
    *,
    by: int,
    now: datetime,
    at: datetime | None = None,
    place: tuple[Decimal, Decimal] | None = None,
    override_reason: str = "",
) -> CheckIn:
    """An assigned officer arrives. `place` is longitude, latitude; away from site or hour a reason is asked for.

    `at` is when, by a phone that could not tell at once; it may tell until the decision is taken. Checking in twice
    changes nothing.
    """
    known, at = await presence(session, case, party, by=by), at or now
    officer, visit = known.officer, known.visit
    if visit is None or not _may_arrive(case, visit, at):
        raise WrongState
    if not known.booked:
        raise NotAssigned
    if known.arrival is not None:
        return known.arrival
    rules = (await reckoning(session, now)).rules
    distance = await _distance(session, case, place)
    early = at < visit.starts_at - timedelta(minutes=rules["check_in.early"])
    outside = distance is None or distance > rules["check_in.radius"] or early or at > visit.ends_at
    if outside and not override_reason.strip():
        raise CheckInOutside
    arrival = CheckIn(
        visit_id=visit.id,
        party_id=party.id,
        officer_id=officer.id,
        at=at,
        received_at=now if now > at else None,
        lon=place[0] if place else None,
        lat=place[1] if place else None,
        distance=distance,
        override_reason=override_reason,
    )
    session.add(arrival)
    data = {
        "officer": officer.number,
        "distance": distance,
        "override": override_reason,
        "at": at.isoformat(),
    }
    if party.state is PartyState.CHECKED_IN:
        note(session, case, "party.joined", by=by, now=now, party=party, data=data)
    else:
        move_party(session, case, party, PartyState.CHECKED_IN, by=by, now=now, data=data)
        if at > visit.starts_at + timedelta(minutes=rules["check_in.late"]):
            record_violation(session, case, party, Violation.LATE_OR_ABSENT, now=now, text="late")
    await session.flush()
    return arrival


async def _distance(session: AsyncSession, case: Case, place: tuple[Decimal, Decimal] | None) -> int | None:
    if place is None:
        return None
    segment = await session.get_one(Segment, case.segment_id)
    project = await session.get_one(Project, segment.project_id)
    return metres(place, (project.lon, project.lat))


async def open_visit(session: AsyncSession, case: Case, *, by: int, now: datetime) -> None:
    """The lead opens once it and another party are there; a recheck needs any of its parties."""
    visit = await _standing(session, case)
    invited = await invited_parties(session, case)
    there = {party.department_code for party in invited if party.state is PartyState.CHECKED_IN}
    convened = any(party.department_code == LEAD for party in invited) and case.round == 1
    situation = Situation(
        lead_checked_in=LEAD in there or not convened,
        others_checked_in=len(there - {LEAD}) if convened else len(there),
    )
    await move(session, case, Event.OPEN_VISIT, by=by, now=now, situation=situation, data={"visit": visit.id})
    visit.state, visit.opened_at = VisitState.OPEN, now
    case.first_visit_at = case.first_visit_at or now


async def mark_absent(
    session: AsyncSession, case: Case, party: Party, *, reason: str, by: int, now: datetime
) -> None:
    """The lead records that a party has not come; it owes its opinion, or an explanation, within a working day."""
    if case.state is not CaseState.ONSITE:
        raise WrongState
    if not reason.strip():
        raise ReasonRequired
    move_party(session, case, party, PartyState.ABSENT, by=by, now=now, data={"reason": reason})
    record_violation(session, case, party, Violation.LATE_OR_ABSENT, now=now, text=reason)
    await timekeeping.start_clocks(session, case, Node.OPINION, (party,), now=now)


async def leave_early(
    session: AsyncSession, case: Case, party: Party, *, reason: str, by: int, now: datetime
) -> None:
    """早退: the lead records that a party has left; without an opinion it owes one as an absent party does."""
    visit = await visit_of_round(session, case)
    if case.state is not CaseState.ONSITE or visit is None:
        raise WrongState
    if not reason.strip():
        raise ReasonRequired
    there = await session.scalars(
        sa.select(CheckIn).where(
            col(CheckIn.visit_id) == visit.id,
            col(CheckIn.party_id) == party.id,
            col(CheckIn.left_at).is_(None),
        )
    )
    leaving = list(there)
    if not leaving:
        raise WrongState
    for arrival in leaving:
        arrival.left_at = now
    note(session, case, "party.left_early", by=by, now=now, party=party, data={"reason": reason})
    record_violation(session, case, party, Violation.LATE_OR_ABSENT, now=now, text="left_early")
    if party.state is PartyState.CHECKED_IN:
        await timekeeping.start_clocks(session, case, Node.OPINION, (party,), now=now)
    await session.flush()


async def close_visit(
    session: AsyncSession, case: Case, *, minutes_text: str = "", by: int, now: datetime
) -> None:
    """The lead closes when every party has spoken, is absent or has left; `minutes_text` are the joint minutes."""
    visit = await _standing(session, case)
    left = await _left(session, visit)
    concerned = [
        PartyState.ABSENT if party.state is PartyState.CHECKED_IN and party.id in left else party.state
        for party in await _visiting(session, visit)
    ]
    situation = Situation(visit_parties=tuple(concerned))
    data = {"visit": visit.id, "minutes": minutes_text}
    await move(session, case, Event.CLOSE_VISIT, by=by, now=now, situation=situation, data=data)
    visit.state, visit.closed_at, visit.minutes_text = VisitState.CLOSED, now, minutes_text
    await watch_visit(session, case, visit, now=now)


async def _visiting(session: AsyncSession, visit: Visit) -> list[Party]:
    """The parties with officers booked for the visit, whatever has become of their findings since."""
    booked = sa.select(col(Booking.party_id)).where(col(Booking.visit_id) == visit.id)
    return list(await session.scalars(sa.select(Party).where(col(Party.id).in_(booked))))


async def _left(session: AsyncSession, visit: Visit) -> set[int]:
    """Parties of which nobody is there any more."""
    rows = await session.scalars(
        sa.select(col(CheckIn.party_id))
        .where(col(CheckIn.visit_id) == visit.id)
        .group_by(col(CheckIn.party_id))
        .having(sa.func.bool_and(col(CheckIn.left_at).is_not(None)))
    )
    return set(rows)


async def _standing(session: AsyncSession, case: Case) -> Visit:
    visit = await standing_visit(session, case)
    if visit is None:
        raise WrongState
    return visit


def _may_arrive(case: Case, visit: Visit, at: datetime) -> bool:
    """Also after the visit for a phone that was offline during it, as long as nothing has been decided."""
    if case.state is CaseState.DELIBERATING and visit.closed_at is not None:
        return at <= visit.closed_at
    return case.state in {CaseState.SCHEDULED, CaseState.ONSITE}


async def visit_of_round(session: AsyncSession, case: Case) -> Visit | None:
    """The visit of the present round, also when it is over."""
    visit: Visit | None = await session.scalar(_OF_ROUND, {"case": case.id, "round": case.round})
    return visit


_OF_ROUND = sa.select(Visit).where(*_PRESENT_VISIT)
