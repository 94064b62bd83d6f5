"""One case with all that belongs to it, for those who work on it."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import NotFound
from core.people import Account, Department
from inspection import clocks
from inspection.models import (
    Booking,
    Case,
    CaseDocument,
    CaseEvent,
    Clock,
    Finding,
    JointOpinion,
    Letter,
    Matter,
    Officer,
    Opinion,
    Party,
    Pause,
    Project,
    Promise,
    Segment,
    SlotProposal,
    SlotSearch,
    Visit,
)
from inspection.queries.case_lines import (
    CaseDetail,
    ClockLine,
    DocumentLine,
    EventLine,
    FindingLine,
    LetterLine,
    PartyLine,
    PauseLine,
    PromiseLine,
    ProposalLine,
    SearchLine,
    VisitLine,
)
from inspection.rules import possible
from inspection.states import (
    BookingState,
    VisitState,
)


async def case_detail(session: AsyncSession, code: str, *, today: date) -> CaseDetail:
    """Raises `NotFound`."""
    row = (
        await session.execute(
            sa.select(Case, Segment, Project, col(JointOpinion.verification_code), col(JointOpinion.sha256))
            .join(Segment, col(Segment.id) == col(Case.segment_id))
            .join(Project, col(Project.id) == col(Segment.project_id))
            .outerjoin(JointOpinion, col(JointOpinion.case_id) == col(Case.id))
            .where(col(Case.code) == code)
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    case, segment, project = row.Case, row.Segment, row.Project
    return CaseDetail(
        code=case.code,
        kind=case.kind,
        state=case.state,
        profile=case.profile,
        priority=case.priority,
        round=case.round,
        promised_days=case.promised_days,
        applicant_id=case.applicant_id,
        dispatcher_id=case.dispatcher_id,
        project_code=project.code,
        project_name=project.name,
        owner_name=project.owner_name,
        address=project.address,
        district=project.district,
        segment_name=segment.name,
        floor_area=segment.floor_area,
        facts=segment.facts,
        created_at=case.created_at,
        submitted_at=case.submitted_at,
        accepted_at=case.accepted_at,
        issued_at=case.issued_at,
        verification_code=row.verification_code,
        opinion_ready=row.sha256 is not None,
        events=sorted(possible(case.state)),
        parties=await _parties(session, case),
        clocks=await _clocks(session, case, today),
        pauses=await _rows(session, PauseLine, Pause, case, Pause.id),
        documents=await _documents(session, case),
        timeline=await _timeline(session, case),
        search=await _search(session, case),
        visits=await _rows(session, VisitLine, Visit, case, Visit.id),
        findings=await _findings(session, case),
        promises=await _rows(session, PromiseLine, Promise, case, Promise.due),
        letters=await _rows(session, LetterLine, Letter, case, Letter.id),
    )


async def _rows(session: AsyncSession, struct: Any, model: Any, case: Case, order: Any) -> list[Any]:
    """A model's rows of the case as structs whose fields are the model's columns."""
    names = struct.__struct_fields__
    rows = await session.execute(
        sa.select(*(getattr(model, name) for name in names)).where(model.case_id == case.id).order_by(order)
    )
    return [struct(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for a row's dict


async def _parties(session: AsyncSession, case: Case) -> list[PartyLine]:
    opinion = (
        sa.select(col(Opinion.text), col(Opinion.second_signer), col(Opinion.first_signer))
        .where(col(Opinion.party_id) == col(Party.id), col(Opinion.round) == case.round)
        .lateral("opinion")
    )
    rows = await session.execute(
        sa.select(
            Party,
            Matter,
            Department,
            opinion.c.text.label("opinion_text"),
            opinion.c.first_signer,
            opinion.c.second_signer,
        )
        .join(Matter, col(Matter.id) == col(Party.matter_id))
        .join(Department, col(Department.code) == col(Party.department_code))
        .outerjoin(opinion, sa.true())
        .where(col(Party.case_id) == case.id)
        .order_by(col(Matter.position), col(Party.id))
    )
    booked = await session.execute(
        sa.select(col(Booking.party_id), col(Officer.name))
        .join(Officer, col(Officer.id) == col(Booking.officer_id))
        .join(Visit, col(Visit.id) == col(Booking.visit_id))
        .where(
            col(Visit.case_id) == case.id,
            col(Visit.round) == case.round,
            col(Visit.state) != VisitState.CANCELLED,
            col(Booking.state) == BookingState.BOOKED,
        )
        .distinct()
        .order_by(col(Booking.party_id), col(Officer.name))
    )
    names: dict[int, list[str]] = {}
    for booking in booked:
        names.setdefault(booking.party_id, []).append(booking.name)
    return [
        PartyLine(
            id=row.Party.id,
            department_code=row.Party.department_code,
            department_zh=row.Department.name_zh,
            department_en=row.Department.name_en,
            matter_code=row.Matter.code,
            matter_zh=row.Matter.name_zh,
            matter_en=row.Matter.name_en,
            checklist=row.Matter.checklist,
            state=row.Party.state,
            site=row.Party.site,
            verdict=row.Party.verdict,
            review_note=row.Party.review_note,
            reply_note=row.Party.reply_note,
            reason=row.Party.reason,
            deemed_attending=row.Party.deemed_attending,
            officers=names.get(row.Party.id, []),
            opinion_text=row.opinion_text or "",
            signatures=(row.first_signer is not None) + (row.second_signer is not None),
        )
        for row in rows
    ]


async def _clocks(session: AsyncSession, case: Case, today: date) -> list[ClockLine]:
    rows = await session.execute(
        sa.select(Clock, col(Party.department_code))
        .outerjoin(Party, col(Party.id) == col(Clock.party_id))
        .where(col(Clock.case_id) == case.id)
        .order_by(col(Clock.id))
    )
    return [
        ClockLine(
            node=clock.node,
            department_code=department,
            responsible=clock.responsible,
            started_on=clock.started_on,
            days=clock.days,
            paused_days=clock.paused_days,
            due=clock.due,
            lamp=clock.lamp
            if clock.stopped_at
            else clocks.lamp(today, yellow_on=clock.yellow_on, due=clock.due),
            rule=clock.rule,
            article=clock.article,
            calendar_version=clock.calendar_version,
            provisional=clock.provisional,
            running=clock.stopped_at is None,
        )
        for clock, department in rows
    ]


async def _documents(session: AsyncSession, case: Case) -> list[DocumentLine]:
    """Names come from the catalogue's newest version of each matter."""
    listed = await session.scalars(sa.select(col(Matter.documents)).order_by(col(Matter.valid_from)))
    known = {each["code"]: each for documents in listed for each in documents}
    rows = await session.scalars(
        sa.select(CaseDocument).where(col(CaseDocument.case_id) == case.id).order_by(col(CaseDocument.id))
    )
    return [
        DocumentLine(
            code=row.code,
            zh=known.get(row.code, {}).get("zh", row.code),
            en=known.get(row.code, {}).get("en", row.code),
            main=known.get(row.code, {}).get("main", False),
            state=row.state,
            file_id=row.file_id,
            note=row.note,
        )
        for row in rows
    ]


async def _timeline(session: AsyncSession, case: Case) -> list[EventLine]:
    rows = await session.execute(
        sa.select(CaseEvent, col(Party.department_code), col(Account.name))
        .outerjoin(Party, col(Party.id) == col(CaseEvent.party_id))
        .outerjoin(Account, col(Account.id) == col(CaseEvent.by))
        .where(col(CaseEvent.case_id) == case.id)
        .order_by(col(CaseEvent.id))
    )
    return [
        EventLine(at=event.at, name=event.name, department_code=department, by=name or "", data=event.data)
        for event, department, name in rows
    ]


async def _search(session: AsyncSession, case: Case) -> SearchLine | None:
    search = await session.scalar(
        sa.select(SlotSearch)
        .where(col(SlotSearch.case_id) == case.id, col(SlotSearch.round) == case.round)
        .order_by(col(SlotSearch.id).desc())
        .limit(1)
    )
    if search is None:
        return None
    rows = await session.scalars(
        sa.select(SlotProposal)
        .where(col(SlotProposal.search_id) == search.id)
        .order_by(col(SlotProposal.rank))
    )
    return SearchLine(
        id=search.id,
        state=search.state,
        asked_at=search.asked_at,
        answered_at=search.answered_at,
        explanation=search.explanation,
        proposals=[
            ProposalLine(
                id=row.id,
                rank=row.rank,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                reasons=row.reasons,
                teams=row.teams,
            )
            for row in rows
        ],
    )


async def _findings(session: AsyncSession, case: Case) -> list[FindingLine]:
    rows = await session.execute(
        sa.select(Finding, col(Party.department_code), col(Opinion.second_signer).is_not(None))
        .join(Party, col(Party.id) == col(Finding.party_id))
        .outerjoin(
            Opinion,
            sa.and_(col(Opinion.party_id) == col(Finding.party_id), col(Opinion.round) == col(Finding.round)),
        )
        .where(col(Finding.case_id) == case.id)
        .order_by(col(Finding.id))
    )
    return [
        FindingLine(
            id=finding.id,
            department_code=department,
            text=finding.text,
            basis=finding.basis,
            safety_critical=finding.safety_critical,
            recheck=finding.recheck,
            due=finding.due,
            state=finding.state,
            rectification=finding.rectification,
            evidence=finding.evidence,
            round=finding.round,
            place=finding.place,
            photos=finding.photos,
            remote_look=finding.remote_look,
            standing=standing,
        )
        for finding, department, standing in rows
    ]
