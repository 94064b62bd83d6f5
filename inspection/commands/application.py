"""From application to acceptance: the owner applies, the window receives, asks once for what is missing, decides."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.access import Role
from core.clock import local_date
from core.errors import FieldProblem, InvalidInput, NotAllowed
from core.people import Account, AccountRole, Right
from inspection.catalogue import current_matters
from inspection.commands import letters, timekeeping
from inspection.commands.aftercare import watch_promise
from inspection.commands.case_documents import (
    began_on,
    document_names,
    facts_of,
    main_of,
    matters_for,
    missing_documents,
    names_of,
    present_documents,
    require_documents,
)
from inspection.commands.delegations import require_right
from inspection.commands.transitions import move, note
from inspection.models import Case, CaseCounter, Project, Promise, Segment
from inspection.reckoning import reckoning
from inspection.refusals import ReasonRequired, SegmentHasOpenCase, WrongState
from inspection.rules import ENDED, Situation
from inspection.states import (
    CaseKind,
    CaseState,
    Event,
    LetterKind,
    Node,
    Profile,
    PromiseKind,
    RefusalGround,
)
from inspection.triggers import Facts, Risk

PROFILES = {
    Risk.LOW: Profile.LOW_RISK,
    Risk.LOWER_MIDDLE: Profile.ORDINARY,
    Risk.MIDDLE: Profile.ORDINARY,
    Risk.HIGH: Profile.COMPLEX,
    Risk.VERY_HIGH: Profile.COMPLEX,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectForm:
    """What an owner tells about a project. Coordinates in WGS 84 degrees."""

    code: str
    name: str
    owner_name: str
    owner_credit_code: str
    address: str
    district: str
    lon: Decimal
    lat: Decimal
    key_project: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentForm:
    number: int
    name: str
    facts: Facts
    buildings: int = 1


@dataclass(frozen=True, slots=True)
class GapPromise:
    """容缺: a document that comes later, what is promised, and by when."""

    document: str
    text: str
    due: date


async def appoint_agent(session: AsyncSession, case: Case, *, login: str, by: int, now: datetime) -> None:
    """委托代办: another registered person acts for the owner in this case. Only the owner appoints."""
    if by != case.applicant_id:
        raise NotAllowed
    agent = await session.scalar(
        sa.select(Account)
        .join(AccountRole, col(AccountRole.account_id) == col(Account.id))
        .where(col(Account.login) == login.strip(), col(Account.active), col(AccountRole.role) == Role.OWNER)
    )
    if agent is None or agent.id == by:
        raise InvalidInput(problems=(FieldProblem("agent", "没有这个办事账号，或是您自己的账号。"),))
    case.agent_id = agent.id
    note(session, case, "agent.appointed", by=by, now=now, data={"agent": agent.id})


async def dismiss_agent(session: AsyncSession, case: Case, *, by: int, now: datetime) -> None:
    if by != case.applicant_id:
        raise NotAllowed
    if case.agent_id is None:
        return
    note(session, case, "agent.dismissed", by=by, now=now, data={"agent": case.agent_id})
    case.agent_id = None


async def grant_priority(session: AsyncSession, case: Case, *, reason: str, by: int, now: datetime) -> None:
    """绿色通道, by the lead and with a reason; key projects have it from the beginning."""
    if not reason.strip():
        raise ReasonRequired
    if case.state in ENDED or case.priority:
        raise WrongState
    case.priority = True
    note(session, case, "priority.granted", by=by, now=now, data={"reason": reason})


async def register_segment(session: AsyncSession, project: ProjectForm, segment: SegmentForm) -> Segment:
    """The segment of a project, either of which may be known already; what is known stays as it is."""
    found = await session.scalar(sa.select(Project).where(col(Project.code) == project.code))
    if found is None:
        found = Project(**{name: getattr(project, name) for name in ProjectForm.__dataclass_fields__})
        session.add(found)
        await session.flush()
    known = await session.scalar(
        sa.select(Segment).where(col(Segment.project_id) == found.id, col(Segment.number) == segment.number)
    )
    if known is not None:
        return known
    new = Segment(
        project_id=found.id,
        number=segment.number,
        name=segment.name,
        floor_area=segment.facts.floor_area,
        buildings=segment.buildings,
        facts=msgspec.to_builtins(segment.facts),
    )
    session.add(new)
    await session.flush()
    return new


async def next_code(session: AsyncSession, year: int) -> str:
    """`LH` + year + a number without gaps: a case that is not created gives its number back."""
    counter = (
        insert(CaseCounter)
        .values(year=year, last=1)
        .on_conflict_do_update(index_elements=["year"], set_={"last": CaseCounter.last + 1})
        .returning(col(CaseCounter.last))
    )
    return f"LH{year}{await session.scalar(counter):05d}"


async def create_case(
    session: AsyncSession,
    segment: Segment,
    *,
    by: int,
    now: datetime,
    kind: CaseKind = CaseKind.INSPECTION,
    wanted: tuple[date, date] | None = None,
) -> Case:
    """A draft for one segment. The promise follows from the segment's risk; key projects take the priority lane.

    Raises `SegmentHasOpenCase`: a segment has one case of a kind at a time.
    """
    await _refuse_second_case(session, segment, kind)
    project = await session.get_one(Project, segment.project_id)
    facts = facts_of(segment)
    case = Case(
        code=await next_code(session, local_date(now).year),
        kind=kind,
        segment_id=segment.id,
        applicant_id=by,
        state=CaseState.DRAFT,
        profile=PROFILES[facts.risk],
        priority=project.key_project,
        wanted_from=wanted[0] if wanted else None,
        wanted_to=wanted[1] if wanted else None,
        created_at=now,
    )
    session.add(case)
    await session.flush()
    await require_documents(session, case, await matters_for(session, facts, local_date(now)))
    data = {
        "project": project.code,
        "segment": segment.number,
        "floor_area": str(segment.floor_area),
        "profile": case.profile.value,
    }
    note(session, case, Event.CREATE.value, by=by, now=now, after=case.state, data=data)
    await session.flush()
    return case


async def _refuse_second_case(session: AsyncSession, segment: Segment, kind: CaseKind) -> None:
    """The segment's row is held, so that of two applications at once one sees the other."""
    await session.execute(sa.select(col(Segment.id)).where(col(Segment.id) == segment.id).with_for_update())
    code = await session.scalar(
        sa.select(col(Case.code)).where(
            col(Case.segment_id) == segment.id, col(Case.kind) == kind, col(Case.state).not_in(ENDED)
        )
    )
    if code is not None:
        raise SegmentHasOpenCase(code=code)


async def submit_case(session: AsyncSession, case: Case, *, by: int, now: datetime) -> None:
    segment = await session.get_one(Segment, case.segment_id)
    project = await session.get_one(Project, segment.project_id)
    complete = all(
        (project.name, project.owner_name, project.owner_credit_code, project.address, segment.name)
    )
    situation = Situation(form_complete=complete and segment.floor_area > 0, project_code=project.code)
    await move(session, case, Event.SUBMIT, by=by, now=now, situation=situation)
    case.submitted_at = now


async def receive_case(session: AsyncSession, case: Case, *, by: int, now: datetime) -> None:
    await move(session, case, Event.RECEIVE, by=by, now=now)
    case.received_at = now
    content = {"documents": await names_of(session, case, await present_documents(session, case))}
    await letters.to_applicant(session, case, LetterKind.RECEIPT, content, now=now)


async def send_deficiency_notice(
    session: AsyncSession,
    case: Case,
    *,
    items: Sequence[str],
    by: int,
    now: datetime,
    supervisor: int | None = None,
) -> None:
    """一次性告知. A second list is possible only with a supervisor's consent, and counts as a breach of the window."""
    overdue = await _overdue(session, case, Node.DEFICIENCY, now)
    situation = Situation(
        items=len(items),
        notices_before=case.deficiency_notices,
        supervised=supervisor is not None,
        overdue=None if case.deficiency_notices else overdue,
    )
    data = {"items": list(items), "number": case.deficiency_notices + 1, "supervisor": supervisor}
    await move(session, case, Event.NOTIFY_DEFICIENCIES, by=by, now=now, situation=situation, data=data)
    case.deficiency_notices += 1
    (correct,) = await timekeeping.running_clocks(session, case, (Node.CORRECT,))
    content = {"items": list(items), "due": correct.due.isoformat()}
    await letters.to_applicant(session, case, LetterKind.DEFICIENCY, content, now=now)


async def resubmit(session: AsyncSession, case: Case, *, by: int, now: datetime) -> None:
    overdue = await _overdue(session, case, Node.CORRECT, now)
    await move(session, case, Event.RESUBMIT, by=by, now=now, situation=Situation(overdue=overdue))


async def accept_case(
    session: AsyncSession, case: Case, *, gaps: Collection[GapPromise] = (), by: int, now: datetime
) -> None:
    """受理, with each missing document but the main ones covered by a promise; the promise's clock starts."""
    await require_right(session, by, Right.ACCEPTANCE, now=now)
    missing = await missing_documents(session, case)
    if missing:
        await require_right(session, by, Right.COMMITMENT, now=now)
    matters = await current_matters(session, began_on(case))
    main = main_of(matters, facts_of(await session.get_one(Segment, case.segment_id)))
    promised = {gap.document for gap in gaps if gap.text.strip() and gap.due > local_date(now)}
    situation = Situation(
        main_documents_missing=frozenset(missing & main),
        gaps=frozenset(missing - main),
        promised=frozenset(promised),
    )
    data = {"gaps": sorted(missing - main)}
    await _start_promise(session, case, now=now)
    await move(session, case, Event.ACCEPT, by=by, now=now, situation=situation, data=data)
    for gap in gaps:
        session.add(
            Promise(
                case_id=case.id,
                kind=PromiseKind.GAP,
                subject=gap.document,
                text=gap.text,
                due=gap.due,
                made_at=now,
            )
        )
    for due in sorted({gap.due for gap in gaps}):
        watch_promise(session, due, now=now, case=case)
    names = document_names(matters)
    owed = [{"name": names.get(gap.document, gap.document), "due": gap.due.isoformat()} for gap in gaps]
    content = {**await _promised(session, case), "gaps": owed}
    await letters.to_applicant(session, case, LetterKind.ACCEPTANCE, content, now=now)


async def deem_accepted(session: AsyncSession, case: Case, *, now: datetime) -> None:
    """Nobody told the applicant within five days what is missing: accepted by law (行政许可法 art. 32)."""
    await _start_promise(session, case, now=now)
    await move(session, case, Event.DEEM_ACCEPTED, by=None, now=now)
    content = {**await _promised(session, case), "deemed": True}
    await letters.to_applicant(session, case, LetterKind.ACCEPTANCE, content, now=now)


async def _promised(session: AsyncSession, case: Case) -> dict[str, object]:
    """What the letter says of the time: as reckoned on the day of acceptance."""
    (whole,) = await timekeeping.running_clocks(session, case, (Node.WHOLE,))
    return {"promised_days": case.promised_days, "due": whole.due.isoformat()}


async def _start_promise(session: AsyncSession, case: Case, *, now: datetime) -> None:
    at = await reckoning(session, now)
    case.promised_days = at.rules[f"clock.whole.{case.profile}"]
    case.accepted_at = now


async def refuse_case(
    session: AsyncSession,
    case: Case,
    *,
    ground: RefusalGround = RefusalGround.OUT_OF_SCOPE,
    reason: str,
    by: int,
    now: datetime,
) -> None:
    await require_right(session, by, Right.ACCEPTANCE, now=now)
    data = {"reason": reason, "ground": ground.value}
    await move(session, case, Event.REFUSE, by=by, now=now, situation=Situation(reason=reason), data=data)
    await letters.to_applicant(session, case, LetterKind.REFUSAL, data, now=now)


async def _overdue(session: AsyncSession, case: Case, node: Node, now: datetime) -> str | None:
    for clock in await timekeeping.running_clocks(session, case, (node,)):
        if clock.due < local_date(now):
            return clock.due.isoformat()
    return None
