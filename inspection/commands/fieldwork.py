"""What officers record on site besides their arrival and opinion: answers to the checklist, and findings.

A phone may send a record hours later and more than once: `once` carries it out a single time, and what another officer
has changed since the sender looked is shown to him instead of being overwritten.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import local_date
from core.errors import NotFound
from inspection.commands.transitions import note
from inspection.commands.visits import officer_of, presence
from inspection.models import Case, CheckAnswer, FieldRecord, Finding, Matter, Officer, Opinion, Party
from inspection.reckoning import reckoning
from inspection.refusals import (
    ChangedMeanwhile,
    FindingsRequired,
    NotAssigned,
    ReasonRequired,
    SiteRecheckRequired,
    WrongState,
)
from inspection.states import UNSETTLED, CaseState, CheckResult, FindingState, PartyState, RecheckMode

#: Where something may be recorded: a phone does so before the lead has opened, too.
RECORDING = frozenset({CaseState.SCHEDULED, CaseState.ONSITE, CaseState.DELIBERATING, CaseState.DESK_RECHECK})
PRESENT = frozenset({PartyState.CHECKED_IN, PartyState.RECTIFY, PartyState.DISAGREE, PartyState.ABSENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingForm:
    """Something to rectify. `due` defaults to the rule's period; `photos` and `place` as in the table."""

    text: str
    basis: str = ""
    safety_critical: bool = False
    recheck: RecheckMode = RecheckMode.DESK
    due: date | None = None
    place: dict[str, Any] | None = None
    photos: list[str] = field(default_factory=list)


class Versioned(Protocol):
    version: int


async def once(
    session: AsyncSession, party: Party, *, key: str, kind: str, by: int, said_at: datetime, now: datetime
) -> bool:
    """Whether this record of a phone is new; if so it counts as carried out when the transaction commits."""
    officer = await officer_of(session, by)
    values = {
        "key": key,
        "officer_id": officer.id,
        "party_id": party.id,
        "kind": kind,
        "said_at": said_at,
        "received_at": now,
    }
    new = await session.scalar(
        insert(FieldRecord).values(values).on_conflict_do_nothing().returning(col(FieldRecord.key))
    )
    return new is not None


async def answer_item(
    session: AsyncSession,
    case: Case,
    party: Party,
    *,
    item: int,
    result: CheckResult,
    text: str,
    by: int,
    now: datetime,
    at: datetime | None = None,
    seen: int | None = None,
) -> CheckAnswer:
    """One item of the checklist. Raises `ChangedMeanwhile` where another officer answered it after version `seen`."""
    officer = await recorder(session, case, party, by=by)
    matter = await session.get_one(Matter, party.matter_id)
    if not 1 <= item <= len(matter.checklist):
        raise NotFound
    if result is CheckResult.NOT_MET and not text.strip():
        raise ReasonRequired
    answer: CheckAnswer | None = await session.scalar(
        sa.select(CheckAnswer).where(
            col(CheckAnswer.party_id) == party.id,
            col(CheckAnswer.round) == case.round,
            col(CheckAnswer.item) == item,
        )
    )
    if answer is None:
        answer = CheckAnswer(
            party_id=party.id,
            round=case.round,
            item=item,
            result=result,
            officer_id=officer.id,
            answered_at=at or now,
        )
        session.add(answer)
    else:
        theirs = {"result": answer.result.value, "note": answer.note}
        await check_seen(
            session, answer, said_by=answer.officer_id, officer=officer, seen=seen, theirs=theirs
        )
        answer.version += 1
    answer.result, answer.note = result, text
    answer.officer_id, answer.answered_at = officer.id, at or now
    await session.flush()
    return answer


async def record_finding(
    session: AsyncSession,
    case: Case,
    party: Party,
    form: FindingForm,
    *,
    key: str,
    by: int,
    now: datetime,
    seen: int | None = None,
) -> Finding:
    """A new finding under the phone's `key`, or another wording of the one that has it; its photos are kept."""
    officer = await recorder(session, case, party, by=by)
    if not form.text.strip():
        raise FindingsRequired
    finding = await _own_finding(session, case, party, key)
    if finding is None:
        finding = await add_finding(session, case, party, form, officer=officer, now=now, key=key)
    else:
        await check_seen(
            session,
            finding,
            said_by=finding.officer_id,
            officer=officer,
            seen=seen,
            theirs=described(finding),
        )
        _check_recheck(form)
        finding.text, finding.basis = form.text, form.basis
        finding.safety_critical, finding.recheck = form.safety_critical, form.recheck
        finding.place = form.place or finding.place
        finding.photos = [*finding.photos, *(each for each in form.photos if each not in finding.photos)]
        finding.officer_id = officer.id
        finding.version += 1
    data = {"finding": finding.id, "officer": officer.number, "photos": finding.photos}
    note(session, case, "finding.recorded", by=by, now=now, party=party, data=data)
    await session.flush()
    return finding


async def remove_finding(
    session: AsyncSession,
    case: Case,
    party: Party,
    *,
    key: str,
    by: int,
    now: datetime,
    seen: int | None = None,
) -> None:
    """It was none after all. Removing what is not there changes nothing."""
    officer = await recorder(session, case, party, by=by)
    finding = await _own_finding(session, case, party, key)
    if finding is None:
        return
    await check_seen(
        session, finding, said_by=finding.officer_id, officer=officer, seen=seen, theirs=described(finding)
    )
    note(session, case, "finding.removed", by=by, now=now, party=party, data={"text": finding.text})
    await session.delete(finding)
    await session.flush()


async def look_from_afar(
    session: AsyncSession,
    case: Case,
    party: Party,
    *,
    finding_id: int,
    text: str,
    photos: list[str],
    by: int,
    now: datetime,
) -> Finding:
    """远程复验: what a call by video or the owner's pictures showed about one finding, with a picture as proof."""
    officer = await recorder(session, case, party, by=by)
    finding = await session.get(Finding, finding_id)
    unsettled = finding is not None and finding.party_id == party.id and finding.state in UNSETTLED
    if finding is None or not unsettled or finding.recheck is not RecheckMode.REMOTE:
        raise NotFound
    if not text.strip() or not photos:
        raise ReasonRequired
    finding.remote_look = {
        "text": text,
        "photos": photos,
        "officer": officer.number,
        "at": now.isoformat(),
    }
    note(session, case, "finding.remote_look", by=by, now=now, party=party, data={"finding": finding.id})
    await session.flush()
    return finding


async def recorder(session: AsyncSession, case: Case, party: Party, *, by: int) -> Officer:
    """An officer of the party who may record something now: until its opinion of this round stands."""
    known = await presence(session, case, party, by=by)
    if known.officer.department_code != party.department_code:
        raise NotAssigned
    if case.state not in RECORDING or party.state not in PRESENT:
        raise WrongState
    signed = sa.select(col(Opinion.id)).where(
        col(Opinion.party_id) == party.id,
        col(Opinion.round) == case.round,
        col(Opinion.second_signer).is_not(None),
    )
    if await session.scalar(signed) is not None:
        raise WrongState
    if party.state is PartyState.CHECKED_IN and not known.booked:
        raise NotAssigned
    return known.officer


async def check_seen(
    session: AsyncSession,
    standing: Versioned,
    *,
    said_by: int | None,
    officer: Officer,
    seen: int | None,
    theirs: dict[str, str],
) -> None:
    """Raises `ChangedMeanwhile` where another officer's later word would be overwritten unread."""
    if seen is None or standing.version == seen or said_by == officer.id:
        return
    other = await session.get(Officer, said_by) if said_by else None
    raise ChangedMeanwhile(name=other.name if other else "—", version=standing.version, theirs=theirs)


def described(finding: Finding) -> dict[str, str]:
    """By the names of the form's fields."""
    return {
        "text": finding.text,
        "basis": finding.basis,
        "recheck": finding.recheck.value,
        "critical": "1" if finding.safety_critical else "",
    }


async def findings_of(session: AsyncSession, party: Party, number: int) -> list[Finding]:
    """The party's findings of one round, in the order in which they were recorded."""
    return list(await session.scalars(_FINDINGS, {"party": party.id, "round": number}))


_FINDINGS = (
    sa.select(Finding)
    .where(col(Finding.party_id) == sa.bindparam("party"), col(Finding.round) == sa.bindparam("round"))
    .order_by(col(Finding.id))
)


async def add_finding(
    session: AsyncSession,
    case: Case,
    party: Party,
    form: FindingForm,
    *,
    officer: Officer,
    now: datetime,
    key: str | None = None,
) -> Finding:
    """Raises `SiteRecheckRequired` where something safety-critical is not to be rechecked on site."""
    _check_recheck(form)
    at = await reckoning(session, now)
    default = at.calendar.add_working_days(local_date(now), at.rules["clock.rectify"])
    finding = Finding(
        case_id=case.id,
        party_id=party.id,
        round=case.round,
        text=form.text,
        basis=form.basis,
        safety_critical=form.safety_critical,
        recheck=form.recheck,
        due=form.due or default,
        key=key,
        officer_id=officer.id,
        place=form.place,
        photos=form.photos,
        state=FindingState.OPEN,
    )
    session.add(finding)
    await session.flush()
    return finding


def _check_recheck(form: FindingForm) -> None:
    if form.safety_critical and form.recheck is not RecheckMode.SITE:
        raise SiteRecheckRequired


async def _own_finding(session: AsyncSession, case: Case, party: Party, key: str) -> Finding | None:
    """Raises `NotFound` for a key that is another party's or an earlier round's."""
    finding: Finding | None = await session.scalar(sa.select(Finding).where(col(Finding.key) == key))
    if finding is not None and (finding.party_id, finding.round) != (party.id, case.round):
        raise NotFound
    return finding
