"""What a party says in the end: an opinion with two signatures, on site or, where that suffices, at its desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import local_date
from core.errors import NotFound
from core.people import Right
from inspection.commands import timekeeping
from inspection.commands.aftercare import watch_promise
from inspection.commands.delegations import require_right
from inspection.commands.fieldwork import FindingForm, add_finding, check_seen, findings_of
from inspection.commands.transitions import move_party, note
from inspection.commands.violations import watch_listing
from inspection.commands.visits import presence
from inspection.models import Case, Certificate, Finding, Matter, Officer, Opinion, Party, Promise, Visit
from inspection.refusals import (
    CommitmentRequired,
    FindingsRecorded,
    FindingsRequired,
    NotAssigned,
    RemoteLookMissing,
    TwoSignaturesRequired,
    WrongState,
)
from inspection.rules import AT_DESK, DESK_SPEAKING, FAILING, SPEAKING
from inspection.states import (
    UNSETTLED,
    FindingState,
    Node,
    PartyState,
    PromiseKind,
    RecheckMode,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class CommitmentForm:
    text: str
    due: date


async def give_opinion(
    session: AsyncSession,
    case: Case,
    party: Party,
    *,
    verdict: Verdict,
    text: str,
    by: int,
    now: datetime,
    at: datetime | None = None,
    seen: int | None = None,
    findings: Sequence[FindingForm] | None = (),
    commitment: CommitmentForm | None = None,
) -> Opinion:
    """The first of two signatures, given `at`. Until the second, an assigned officer may give the opinion anew.

    A failing opinion lists everything to rectify, once: the `findings`, or where they are None those that were recorded
    on site. Raises `ChangedMeanwhile` where another officer reworded it after version `seen`.
    """
    officer, visit = await speaker(session, case, party, verdict=verdict, by=by, at=at or now)
    if verdict is Verdict.DEEMED:
        raise WrongState
    promised = commitment and commitment.text.strip() and commitment.due > local_date(now)
    if verdict is Verdict.AGREE_WITH_COMMITMENT and not promised:
        raise CommitmentRequired
    opinion = await opinion_of(session, party, case.round)
    if opinion is not None and opinion.second_signer is not None:
        raise WrongState
    reworded = opinion is not None
    if opinion is None:
        opinion = Opinion(
            party_id=party.id,
            round=case.round,
            verdict=verdict,
            text=text,
            first_signer=officer.id,
            first_signed_at=at or now,
        )
    else:
        await check_seen(
            session, opinion, said_by=opinion.first_signer, officer=officer, seen=seen, theirs=said(opinion)
        )
        opinion.version += 1
    await _settle_findings(session, case, party, verdict=verdict, findings=findings, officer=officer, now=now)
    opinion.visit_id = visit.id if visit else None
    opinion.verdict, opinion.text = verdict, text
    opinion.first_signer, opinion.first_signed_at = officer.id, at or now
    session.add(opinion)
    if reworded:
        await _withdraw_promise(session, case, party)
    if commitment and promised:
        _promise(session, case, party, commitment, now=now)
    data = {"verdict": verdict.value, "officer": officer.number, "round": case.round, "text": text}
    note(session, case, "opinion.first_signature", by=by, now=now, party=party, data=data)
    await session.flush()
    return opinion


async def countersign_opinion(
    session: AsyncSession,
    case: Case,
    party: Party,
    *,
    by: int,
    now: datetime,
    at: datetime | None = None,
    seen: int | None = None,
) -> Opinion:
    """The second signature, by another assigned officer: now the opinion stands."""
    opinion = await opinion_of(session, party, case.round)
    if opinion is None:
        raise NotFound
    officer, _ = await speaker(session, case, party, verdict=opinion.verdict, by=by, at=at or now)
    if opinion.second_signer is not None:
        raise WrongState
    if opinion.first_signer == officer.id:
        raise TwoSignaturesRequired
    await check_seen(
        session, opinion, said_by=opinion.first_signer, officer=officer, seen=seen, theirs=said(opinion)
    )
    opinion.second_signer, opinion.second_signed_at = officer.id, at or now
    data = {"verdict": opinion.verdict.value, "officer": officer.number, "round": case.round}
    move_party(session, case, party, PartyState(opinion.verdict.value), by=by, now=now, data=data)
    party.verdict = opinion.verdict
    await timekeeping.stop_clocks(session, case, (Node.OPINION,), now=now, party=party)
    if opinion.verdict in FAILING:
        await watch_listing(session, case, party, now=now)
    if case.round > 1:
        await _settle_earlier(session, case, party, opinion.verdict, now=now)
    await session.flush()
    return opinion


async def _settle_earlier(
    session: AsyncSession, case: Case, party: Party, verdict: Verdict, *, now: datetime
) -> None:
    """What was found in the rounds before is cleared, or stands again in the new list."""
    settled = FindingState.SUPERSEDED if verdict in FAILING else FindingState.CLEARED
    await session.execute(
        sa.update(Finding)
        .where(
            col(Finding.party_id) == party.id,
            col(Finding.round) < case.round,
            col(Finding.state).in_(UNSETTLED),
        )
        .values(state=settled, cleared_at=now)
    )


def said(opinion: Opinion) -> dict[str, str]:
    """By the names of the form's fields."""
    return {"verdict": opinion.verdict.value, "text": opinion.text}


async def opinion_of(session: AsyncSession, party: Party, number: int) -> Opinion | None:
    opinion: Opinion | None = await session.scalar(_OPINION, {"party": party.id, "round": number})
    return opinion


_OPINION = sa.select(Opinion).where(
    col(Opinion.party_id) == sa.bindparam("party"), col(Opinion.round) == sa.bindparam("round")
)


async def speaker(
    session: AsyncSession, case: Case, party: Party, *, verdict: Verdict, by: int, at: datetime
) -> tuple[Officer, Visit | None]:
    """The officer, if he may sign: booked for the visit, or certified for the matter where it is spoken at a desk.

    Who is of another department needs the certificate, and this department's right delegated to him on the day of
    signing (`at`).
    Raises `DelegationMissing`, `NotAssigned` or `WrongState`.
    """
    known = await presence(session, case, party, by=by)
    if known.member_of != party.department_code:
        matter = await session.get_one(Matter, party.matter_id)
        right = Right.COMMITMENT if verdict is Verdict.AGREE_WITH_COMMITMENT else Right.INSTANT_APPROVAL
        await require_right(session, by, right, now=at, department=party.department_code, matter=matter.code)
    visit = _visit_spoken_at(case, party, known.visit)
    if visit and known.officer.department_code == party.department_code:
        if not known.booked:
            raise NotAssigned
    elif not await _is_certified(session, known.officer, party, local_date(at)):
        raise NotAssigned
    return known.officer, visit


def _visit_spoken_at(case: Case, party: Party, visit: Visit | None) -> Visit | None:
    """None where the party speaks at its desk. Raises `WrongState` where it may not speak at all."""
    if party.state is PartyState.CHECKED_IN:
        if visit is None or case.state not in SPEAKING:
            raise WrongState
        return visit
    at_desk = AT_DESK if party.site else AT_DESK | {PartyState.REVIEW_OK}
    if party.state not in at_desk or case.state not in DESK_SPEAKING:
        raise WrongState
    return None


async def _is_certified(session: AsyncSession, officer: Officer, party: Party, on: date) -> bool:
    matter = await session.get_one(Matter, party.matter_id)
    held = sa.select(col(Certificate.id)).where(
        col(Certificate.officer_id) == officer.id,
        col(Certificate.name) == matter.certificate,
        col(Certificate.valid_from) <= on,
        col(Certificate.valid_to) >= on,
    )
    return await session.scalar(held.limit(1)) is not None


async def _settle_findings(
    session: AsyncSession,
    case: Case,
    party: Party,
    *,
    verdict: Verdict,
    findings: Sequence[FindingForm] | None,
    officer: Officer,
    now: datetime,
) -> None:
    """A failing opinion has findings, a passing one has none; what was to be looked at from afar has been."""
    recorded = await findings_of(session, party, case.round)
    if findings is not None:
        for old in recorded:
            await session.delete(old)
        listed = [each for each in findings if each.text.strip()] if verdict in FAILING else []
        recorded = [
            await add_finding(session, case, party, each, officer=officer, now=now) for each in listed
        ]
    if verdict in FAILING and not recorded:
        raise FindingsRequired
    if verdict not in FAILING and recorded:
        raise FindingsRecorded
    unseen = (
        sa.select(col(Finding.id))
        .where(
            col(Finding.party_id) == party.id,
            col(Finding.round) < case.round,
            col(Finding.state).in_(UNSETTLED),
            col(Finding.recheck) == RecheckMode.REMOTE,
            col(Finding.remote_look).is_(None),
        )
        .limit(1)
    )
    if party.state is not PartyState.CHECKED_IN and await session.scalar(unseen) is not None:
        raise RemoteLookMissing


async def _withdraw_promise(session: AsyncSession, case: Case, party: Party) -> None:
    """The commitment of an opinion that is not countersigned yet follows its last wording."""
    await session.execute(
        sa.delete(Promise).where(col(Promise.party_id) == party.id, col(Promise.subject) == _subject(case))
    )


def _promise(
    session: AsyncSession, case: Case, party: Party, commitment: CommitmentForm, *, now: datetime
) -> None:
    session.add(
        Promise(
            case_id=case.id,
            party_id=party.id,
            kind=PromiseKind.COMMITMENT,
            subject=_subject(case),
            text=commitment.text,
            due=commitment.due,
            made_at=now,
        )
    )
    watch_promise(session, commitment.due, now=now)


def _subject(case: Case) -> str:
    return f"round:{case.round}"
