"""After the visit: agreement or rectification, recheck of the failing parties only, the joint opinion."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import outbox
from core.clock import local_date
from core.errors import NotAllowed, NotFound
from core.people import Department, Right
from core.printed import verification_code
from inspection.commands import letters
from inspection.commands.delegations import require_right
from inspection.commands.fees import fees_are_due
from inspection.commands.transitions import move, move_party, note, parties_of
from inspection.models import Case, Finding, JointOpinion, Opinion, Party
from inspection.opinion_content import opinion_content
from inspection.refusals import FindingsOutstanding, WrongState
from inspection.rules import FAILING, Situation
from inspection.states import (
    UNSETTLED,
    CaseState,
    Event,
    FindingState,
    LetterKind,
    PartyState,
    RecheckMode,
    Verdict,
)

OPINION_TOPIC = "inspection.opinion"


async def deliberate(session: AsyncSession, case: Case, *, by: int, now: datetime) -> None:
    """All agree: the opinion is ready. Otherwise the owner gets one list of everything to rectify.

    Raises `OpinionsOutstanding` while a party's opinion is still awaited.
    """
    verdicts = await standing_verdicts(session, case)
    situation = Situation(verdicts=verdicts)
    if FAILING.isdisjoint(verdicts) and None not in verdicts:
        await move(session, case, Event.CONCLUDE, by=by, now=now, situation=situation)
        return
    findings = await open_findings(session, case)
    data = {"findings": [finding.id for finding in findings], "round": case.round}
    await move(session, case, Event.ORDER_RECTIFICATION, by=by, now=now, situation=situation, data=data)
    names = await _department_names(session, case)
    content = {
        "findings": [
            {
                "department": names[finding.party_id],
                "text": finding.text,
                "due": finding.due.isoformat(),
                "recheck": finding.recheck.value,
            }
            for finding in findings
        ]
    }
    await letters.to_applicant(session, case, LetterKind.RECTIFICATION, content, now=now)


async def _department_names(session: AsyncSession, case: Case) -> dict[int, str]:
    """By party."""
    rows = await session.execute(
        sa.select(col(Party.id), col(Department.name_zh))
        .join(Department, col(Department.code) == col(Party.department_code))
        .where(col(Party.case_id) == case.id)
    )
    return {row.id: row.name_zh for row in rows}


async def standing_verdicts(session: AsyncSession, case: Case) -> tuple[Verdict | None, ...]:
    """What each party says; None where its opinion is awaited, as that of a failing party in a recheck."""
    spoken = set(await session.scalars(_SPOKEN, {"case": case.id, "round": case.round}))
    return tuple(
        None if party.verdict in FAILING and party.id not in spoken else party.verdict
        for party in await parties_of(session, case)
    )


_SPOKEN = (
    sa.select(col(Opinion.party_id))
    .join(Party, col(Party.id) == col(Opinion.party_id))
    .where(
        col(Party.case_id) == sa.bindparam("case"),
        col(Opinion.round) == sa.bindparam("round"),
        col(Opinion.second_signer).is_not(None),
    )
)


async def rectify_finding(
    session: AsyncSession,
    case: Case,
    finding_id: int,
    *,
    text: str,
    evidence: Sequence[str],
    by: int,
    now: datetime,
) -> Finding:
    """The owner says what was done, and shows it: `evidence` names stored files."""
    if case.state is not CaseState.RECTIFYING:
        raise WrongState
    if by not in {case.applicant_id, case.agent_id}:
        raise NotAllowed
    finding = await session.get(Finding, finding_id)
    if finding is None or finding.case_id != case.id:
        raise NotFound
    if not text.strip() or not evidence:
        raise FindingsOutstanding
    finding.rectification, finding.evidence = text, list(evidence)
    finding.state, finding.rectified_at = FindingState.RECTIFIED, now
    note(session, case, "finding.rectified", by=by, now=now, data={"finding": finding.id, "text": text})
    return finding


async def request_recheck(session: AsyncSession, case: Case, *, by: int, now: datetime) -> None:
    """Every finding is rectified, with evidence; the promise's clock runs again."""
    if by not in {case.applicant_id, case.agent_id}:
        raise NotAllowed
    pending = [
        finding for finding in await open_findings(session, case) if finding.state is FindingState.OPEN
    ]
    situation = Situation(findings_open=len(pending))
    await move(session, case, Event.RECTIFIED, by=by, now=now, situation=situation)


async def recheck(session: AsyncSession, case: Case, *, by: int, now: datetime) -> None:
    """The next round, for the failing parties only: by a visit where a finding needs it, else at desk or by video."""
    findings = await open_findings(session, case)
    away = [finding for finding in findings if finding.recheck is RecheckMode.SITE]
    situation = Situation(site_findings=len(away))
    event = Event.RECHECK_ON_SITE if away else Event.RECHECK_BY_DESK
    data = {"findings": [finding.id for finding in findings], "round": case.round + 1}
    await move(session, case, event, by=by, now=now, situation=situation, data=data)
    case.round += 1
    await session.flush()


async def open_findings(session: AsyncSession, case: Case) -> list[Finding]:
    """What is not cleared yet, of all parties."""
    return list(await session.scalars(_UNSETTLED, {"case": case.id}))


_UNSETTLED = (
    sa.select(Finding)
    .where(col(Finding.case_id) == sa.bindparam("case"), col(Finding.state).in_(UNSETTLED))
    .order_by(col(Finding.id))
)


async def issue_opinion(session: AsyncSession, case: Case, *, by: int, now: datetime) -> JointOpinion:
    """The joint opinion, by somebody else than the dispatcher; the clock stops. A worker then renders the PDF."""
    await require_right(session, by, Right.INSTANT_APPROVAL, now=now)
    parties = await parties_of(session, case)
    unsigned = await session.scalar(_UNSIGNED, {"case": case.id})
    situation = Situation(
        unsigned=unsigned or 0,
        fees_due=await fees_are_due(session, case),
        issuer=by,
        dispatcher=case.dispatcher_id,
    )
    code = verification_code()
    await move(
        session, case, Event.ISSUE, by=by, now=now, situation=situation, data={"verification_code": code}
    )
    case.issued_at, case.issuer_id = now, by
    opinion = JointOpinion(
        case_id=case.id,
        verification_code=code,
        issued_at=now,
        issued_by=by,
        content=await opinion_content(session, case, code=code, now=now),
    )
    for party in parties:
        move_party(session, case, party, PartyState.FINAL, by=by, now=now)
    session.add(opinion)
    outbox.emit(session, OPINION_TOPIC, {"case_id": case.id}, now=now)
    await session.flush()
    return opinion


_UNSIGNED = (
    sa.select(sa.func.count())
    .select_from(Opinion)
    .join(Party, col(Party.id) == col(Opinion.party_id))
    .where(col(Party.case_id) == sa.bindparam("case"), col(Opinion.second_signer).is_(None))
)


async def revoke_opinion(session: AsyncSession, case: Case, *, reason: str, by: int, now: datetime) -> None:
    """撤销: an issued opinion holds no more (行政许可法 art. 69); not by the person who issued it.

    The paper stays what it was, and whoever verifies it is told. The segment may be applied for again.
    """
    await require_right(session, by, Right.INSTANT_APPROVAL, now=now)
    situation = Situation(reason=reason, issuer=case.issuer_id, revoker=by)
    await move(session, case, Event.REVOKE, by=by, now=now, situation=situation, data={"reason": reason})
    opinion = (
        await session.scalars(sa.select(JointOpinion).where(col(JointOpinion.case_id) == case.id))
    ).one()
    opinion.revoked_at, opinion.revoked_by = now, by
    content = {
        "reason": reason,
        "of_code": opinion.verification_code,
        "issued_on": local_date(opinion.issued_at).isoformat(),
    }
    await letters.to_applicant(session, case, LetterKind.REVOCATION, content, now=now)


async def file_case(session: AsyncSession, case: Case, *, by: int, now: datetime) -> None:
    """备案"""
    await move(session, case, Event.FILE, by=by, now=now)


async def archive_case(session: AsyncSession, case: Case, *, by: int, now: datetime) -> None:
    await move(session, case, Event.ARCHIVE, by=by, now=now)
