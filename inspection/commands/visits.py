"""On site: people check in, the lead opens, every party speaks with two signatures, the lead closes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import local_date
from core.errors import NotFound
from inspection.catalogue import LEAD
from inspection.commands import timekeeping
from inspection.commands.aftercare import watch_promise
from inspection.commands.bookings import booked_officers, standing_visit
from inspection.commands.parties import invited_parties
from inspection.commands.replies import record_violation
from inspection.commands.transitions import move, move_party, note
from inspection.geography import metres
from inspection.models import (
    Booking,
    Case,
    Certificate,
    CheckIn,
    Finding,
    Matter,
    Officer,
    Opinion,
    Party,
    Project,
    Promise,
    Segment,
    Visit,
)
from inspection.reckoning import reckoning
from inspection.refusals import (
    CheckInOutside,
    CommitmentRequired,
    FindingsRequired,
    NotAssigned,
    ReasonRequired,
    SiteRecheckRequired,
    TwoSignaturesRequired,
    WrongState,
)
from inspection.rules import FAILING, Situation
from inspection.states import (
    UNSETTLED,
    CaseState,
    Event,
    FindingState,
    Node,
    PartyState,
    PromiseKind,
    RecheckMode,
    Verdict,
    Violation,
    VisitState,
)

#: Where a party may speak: on site, and afterwards at its desk if it was absent or has no part on site.
SPEAKING = frozenset({CaseState.ONSITE, CaseState.DELIBERATING, CaseState.DESK_RECHECK})
DESK_SPEAKING = SPEAKING | {CaseState.SLOTTING, CaseState.SCHEDULED}


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingForm:
    """Something to rectify. `due` defaults to the rule's period; `photos` name stored files."""

    text: str
    basis: str = ""
    safety_critical: bool = False
    recheck: RecheckMode = RecheckMode.DESK
    due: date | None = None
    place: dict[str, Any] | None = None
    photos: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CommitmentForm:
    text: str
    due: date


async def officer_of(session: AsyncSession, account_id: int) -> Officer:
    """The officer who logs in with this account. Raises `NotAssigned`."""
    officer = await session.scalar(
        sa.select(Officer).where(col(Officer.account_id) == account_id, col(Officer.active))
    )
    if officer is None:
        raise NotAssigned
    return officer


async def check_in(
    session: AsyncSession,
    case: Case,
    party: Party,
    *,
    by: int,
    now: datetime,
    place: tuple[Decimal, Decimal] | None = None,
    override_reason: str = "",
) -> CheckIn:
    """An assigned officer arrives. `place` is longitude, latitude; away from site or hour a reason is asked for.

    Checking in twice changes nothing, so a phone may send it again.
    """
    officer, visit = await officer_of(session, by), await standing_visit(session, case)
    if visit is None or case.state not in {CaseState.SCHEDULED, CaseState.ONSITE}:
        raise WrongState
    if officer.id not in {each.id for each in await booked_officers(session, visit, party)}:
        raise NotAssigned
    known = await session.scalar(
        sa.select(CheckIn).where(col(CheckIn.visit_id) == visit.id, col(CheckIn.officer_id) == officer.id)
    )
    if known is not None:
        return known
    at = await reckoning(session, now)
    distance = await _distance(session, case, place)
    early = now < visit.starts_at - timedelta(minutes=at.rules["check_in.early"])
    outside = distance is None or distance > at.rules["check_in.radius"] or early or now > visit.ends_at
    if outside and not override_reason.strip():
        raise CheckInOutside
    arrival = CheckIn(
        visit_id=visit.id,
        party_id=party.id,
        officer_id=officer.id,
        at=now,
        lon=place[0] if place else None,
        lat=place[1] if place else None,
        distance=distance,
        override_reason=override_reason,
    )
    session.add(arrival)
    data = {"officer": officer.number, "distance": distance, "override": override_reason}
    if party.state is PartyState.CHECKED_IN:
        note(session, case, "party.joined", by=by, now=now, party=party, data=data)
    else:
        move_party(session, case, party, PartyState.CHECKED_IN, by=by, now=now, data=data)
        if now > visit.starts_at + timedelta(minutes=at.rules["check_in.late"]):
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
    await timekeeping.start_clock(
        session, case, Node.OPINION, responsible=f"department:{party.department_code}", now=now, party=party
    )


async def give_opinion(
    session: AsyncSession,
    case: Case,
    party: Party,
    *,
    verdict: Verdict,
    text: str,
    by: int,
    now: datetime,
    findings: Sequence[FindingForm] = (),
    commitment: CommitmentForm | None = None,
) -> Opinion:
    """The first of two signatures. Until the second, an assigned officer may give the opinion anew.

    A failing opinion lists everything to rectify, once; what is safety-critical is rechecked on site.
    """
    officer, visit = await _speaker(session, case, party, by=by)
    if verdict is Verdict.DEEMED:
        raise WrongState
    if verdict in FAILING and not any(each.text.strip() for each in findings):
        raise FindingsRequired
    if any(each.safety_critical and each.recheck is not RecheckMode.SITE for each in findings):
        raise SiteRecheckRequired
    promised = commitment and commitment.text.strip() and commitment.due > local_date(now)
    if verdict is Verdict.AGREE_WITH_COMMITMENT and not promised:
        raise CommitmentRequired
    opinion = await opinion_of(session, party, case.round)
    if opinion is not None and opinion.second_signer is not None:
        raise WrongState
    if opinion is None:
        opinion = Opinion(
            party_id=party.id,
            round=case.round,
            verdict=verdict,
            text=text,
            first_signer=officer.id,
            first_signed_at=now,
        )
    opinion.visit_id = visit.id if visit else None
    opinion.verdict, opinion.text = verdict, text
    opinion.first_signer, opinion.first_signed_at = officer.id, now
    session.add(opinion)
    await _replace_draft(session, case, party, findings if verdict in FAILING else (), now=now)
    if verdict is Verdict.AGREE_WITH_COMMITMENT and commitment:
        session.add(
            Promise(
                case_id=case.id,
                party_id=party.id,
                kind=PromiseKind.COMMITMENT,
                subject=f"round:{case.round}",
                text=commitment.text,
                due=commitment.due,
                made_at=now,
            )
        )
        watch_promise(session, commitment.due, now=now)
    data = {"verdict": verdict.value, "officer": officer.number, "round": case.round, "text": text}
    note(session, case, "opinion.first_signature", by=by, now=now, party=party, data=data)
    await session.flush()
    return opinion


async def countersign_opinion(
    session: AsyncSession, case: Case, party: Party, *, by: int, now: datetime
) -> Opinion:
    """The second signature, by another assigned officer: now the opinion stands."""
    officer, _ = await _speaker(session, case, party, by=by)
    opinion = await opinion_of(session, party, case.round)
    if opinion is None:
        raise NotFound
    if opinion.second_signer is not None:
        raise WrongState
    if opinion.first_signer == officer.id:
        raise TwoSignaturesRequired
    opinion.second_signer, opinion.second_signed_at = officer.id, now
    data = {"verdict": opinion.verdict.value, "officer": officer.number, "round": case.round}
    move_party(session, case, party, PartyState(opinion.verdict.value), by=by, now=now, data=data)
    party.verdict = opinion.verdict
    await timekeeping.stop_clocks(session, case, (Node.OPINION,), now=now, party=party)
    settled = FindingState.SUPERSEDED if opinion.verdict in FAILING else FindingState.CLEARED
    await session.execute(
        sa.update(Finding)
        .where(
            col(Finding.party_id) == party.id,
            col(Finding.round) < case.round,
            col(Finding.state).in_(UNSETTLED),
        )
        .values(state=settled, cleared_at=now)
    )
    await session.flush()
    return opinion


async def close_visit(
    session: AsyncSession, case: Case, *, minutes_text: str = "", by: int, now: datetime
) -> None:
    """The lead closes when every party has spoken or is recorded as absent; `minutes_text` are the joint minutes."""
    visit = await _standing(session, case)
    concerned = [party.state for party in await _visiting(session, visit)]
    situation = Situation(visit_parties=tuple(concerned))
    data = {"visit": visit.id, "minutes": minutes_text}
    await move(session, case, Event.CLOSE_VISIT, by=by, now=now, situation=situation, data=data)
    visit.state, visit.closed_at, visit.minutes_text = VisitState.CLOSED, now, minutes_text


async def _visiting(session: AsyncSession, visit: Visit) -> list[Party]:
    """The parties with officers booked for the visit, whatever has become of their findings since."""
    booked = sa.select(col(Booking.party_id)).where(col(Booking.visit_id) == visit.id)
    return list(await session.scalars(sa.select(Party).where(col(Party.id).in_(booked))))


async def _standing(session: AsyncSession, case: Case) -> Visit:
    visit = await standing_visit(session, case)
    if visit is None:
        raise WrongState
    return visit


async def _speaker(
    session: AsyncSession, case: Case, party: Party, *, by: int
) -> tuple[Officer, Visit | None]:
    """The officer, if assigned: booked for the visit, or certified in the department where it speaks at its desk."""
    officer = await officer_of(session, by)
    if officer.department_code != party.department_code:
        raise NotAssigned
    if party.state is PartyState.CHECKED_IN:
        if case.state not in SPEAKING:
            raise WrongState
        visit = await standing_visit(session, case) or await _last_visit(session, case)
        if visit is None or officer.id not in {
            each.id for each in await booked_officers(session, visit, party)
        }:
            raise NotAssigned
        return officer, visit
    at_desk = {PartyState.ABSENT, PartyState.RECTIFY, PartyState.DISAGREE} | (
        set() if party.site else {PartyState.REVIEW_OK}
    )
    if party.state not in at_desk or case.state not in DESK_SPEAKING:
        raise WrongState
    matter = await session.get_one(Matter, party.matter_id)
    certified = sa.select(col(Certificate.id)).where(
        col(Certificate.officer_id) == officer.id, col(Certificate.name) == matter.certificate
    )
    if await session.scalar(certified.limit(1)) is None:
        raise NotAssigned
    return officer, None


async def _last_visit(session: AsyncSession, case: Case) -> Visit | None:
    visit: Visit | None = await session.scalar(
        sa.select(Visit)
        .where(
            col(Visit.case_id) == case.id,
            col(Visit.round) == case.round,
            col(Visit.state) == VisitState.CLOSED,
        )
        .limit(1)
    )
    return visit


async def opinion_of(session: AsyncSession, party: Party, number: int) -> Opinion | None:
    opinion: Opinion | None = await session.scalar(
        sa.select(Opinion).where(col(Opinion.party_id) == party.id, col(Opinion.round) == number)
    )
    return opinion


async def _replace_draft(
    session: AsyncSession, case: Case, party: Party, findings: Sequence[FindingForm], *, now: datetime
) -> None:
    """The findings of an opinion that is not countersigned yet follow its last wording."""
    await session.execute(
        sa.delete(Finding).where(col(Finding.party_id) == party.id, col(Finding.round) == case.round)
    )
    await session.execute(
        sa.delete(Promise).where(
            col(Promise.party_id) == party.id, col(Promise.subject) == f"round:{case.round}"
        )
    )
    at = await reckoning(session, now)
    default = at.calendar.add_working_days(local_date(now), at.rules["clock.rectify"])
    session.add_all(
        Finding(
            case_id=case.id,
            party_id=party.id,
            round=case.round,
            text=each.text,
            basis=each.basis,
            safety_critical=each.safety_critical,
            recheck=each.recheck,
            due=each.due or default,
            place=each.place,
            photos=each.photos,
            state=FindingState.OPEN,
        )
        for each in findings
    )
