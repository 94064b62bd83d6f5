"""One officer's task: his department's party in one case, with all that he needs on site."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from core.errors import NotFound
from core.people import Department
from inspection.commands.fieldwork import PRESENT, RECORDING
from inspection.models import (
    Booking,
    Case,
    CheckAnswer,
    CheckIn,
    Finding,
    Matter,
    Officer,
    Opinion,
    Party,
    Project,
    Segment,
    Visit,
)
from inspection.queries.delegations import holding
from inspection.rules import DESK_SPEAKING, SPEAKING
from inspection.states import (
    UNSETTLED,
    BookingState,
    CaseState,
    CheckResult,
    PartyState,
    RecheckMode,
    Verdict,
    VisitState,
)


class Colleague(msgspec.Struct, frozen=True):
    name: str
    department_zh: str
    department_en: str
    ours: bool
    checked_in_at: datetime | None


class Signature(msgspec.Struct, frozen=True):
    name: str
    at: datetime


class CheckLine(msgspec.Struct, frozen=True):
    """An item of the checklist and its answer; `version` 0 where there is none yet."""

    item: int
    text: str
    result: CheckResult | None = None
    note: str = ""
    by: str = ""
    version: int = 0


class FindingLine(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is empty where it came with an opinion and not from the field."""

    id: int
    key: str
    text: str
    basis: str
    safety_critical: bool
    recheck: RecheckMode
    due: date
    place: dict[str, Any] | None
    photos: list[str]
    version: int
    remote_look: dict[str, Any] | None


class OpinionView(msgspec.Struct, frozen=True):
    verdict: Verdict
    text: str
    first: Signature
    second: Signature | None
    version: int
    mine: bool
    """The reader gave the first signature, so the second must be another's."""


class TaskView(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    state: CaseState
    matter: str
    matter_zh: str
    matter_en: str
    checklist: list[CheckLine]
    party_id: int
    party_state: PartyState
    site: bool
    project: str
    segment: str
    floor_area: Decimal
    address: str
    district: str
    lon: Decimal
    lat: Decimal
    visit: VisitState | None
    starts_at: datetime | None
    ends_at: datetime | None
    assigned: bool
    checked_in_at: datetime | None
    colleagues: list[Colleague]
    findings: list[FindingLine]
    to_recheck: list[FindingLine]
    """What was to be rectified in earlier rounds and is not settled."""
    opinion: OpinionView | None

    @property
    def may_record(self) -> bool:
        """Whether answers and findings are taken: from the arrival until both have signed."""
        there = self.assigned or self.party_state is not PartyState.CHECKED_IN
        signed = self.opinion is not None and self.opinion.second is not None
        return self.state in RECORDING and self.party_state in PRESENT and there and not signed

    @property
    def may_arrive(self) -> bool:
        return self.assigned and self.state in {CaseState.SCHEDULED, CaseState.ONSITE}

    @property
    def may_speak(self) -> bool:
        if self.opinion is not None and self.opinion.second is not None:
            return False
        at_desk = not self.site and self.party_state is PartyState.REVIEW_OK
        return (self.state in SPEAKING and self.party_state in PRESENT) or (
            at_desk and self.state in DESK_SPEAKING
        )


async def party_in_reach(
    session: AsyncSession, caller: Principal, code: str, matter: str, *, on: date
) -> Party:
    """Raises `NotFound` unless it is the part of the caller's own department, or of one that delegated to him."""
    party: Party = (await _reached(session, caller, code, matter, on=on)).Party
    return party


async def _reached(session: AsyncSession, caller: Principal, code: str, matter: str, *, on: date) -> Any:
    row = (
        await session.execute(
            sa.select(Case, Segment, Project, Party, Matter, Officer)
            .join(Segment, col(Segment.id) == col(Case.segment_id))
            .join(Project, col(Project.id) == col(Segment.project_id))
            .join(Party, col(Party.case_id) == col(Case.id))
            .join(Matter, col(Matter.id) == col(Party.matter_id))
            .join(
                Officer,
                sa.or_(
                    col(Officer.department_code) == col(Party.department_code),
                    holding(caller.person, col(Party.department_code), col(Matter.code), on=on),
                ),
            )
            .where(
                col(Case.code) == code,
                col(Matter.code) == matter,
                col(Officer.account_id) == caller.person,
                col(Officer.active),
            )
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


async def load_task(
    session: AsyncSession, caller: Principal, code: str, matter: str, *, on: date
) -> TaskView:
    """Raises `NotFound` where `party_in_reach` does."""
    case, segment, project, party, subject, officer = await _reached(session, caller, code, matter, on=on)
    visit = await _visit(session, case, party)
    colleagues = await _colleagues(session, visit, party)
    arrival = await _arrival(session, visit, officer)
    span = await _span(session, visit, party)
    return TaskView(
        code=case.code,
        state=case.state,
        matter=subject.code,
        matter_zh=subject.name_zh,
        matter_en=subject.name_en,
        checklist=await _checklist(session, case, party, subject),
        party_id=party.id,
        party_state=party.state,
        site=party.site,
        project=project.name,
        segment=segment.name,
        floor_area=segment.floor_area,
        address=project.address,
        district=project.district,
        lon=project.lon,
        lat=project.lat,
        visit=visit.state if visit else None,
        starts_at=span[0] if span else None,
        ends_at=span[1] if span else None,
        assigned=await _is_booked(session, visit, officer),
        checked_in_at=arrival,
        colleagues=colleagues,
        findings=await _findings(session, party, col(Finding.round) == case.round),
        to_recheck=await _findings(
            session, party, col(Finding.round) < case.round, col(Finding.state).in_(UNSETTLED)
        ),
        opinion=await _opinion(session, case, party, officer),
    )


async def _visit(session: AsyncSession, case: Case, party: Party) -> Visit | None:
    visit: Visit | None = await session.scalar(
        sa.select(Visit)
        .join(Booking, col(Booking.visit_id) == col(Visit.id))
        .where(
            col(Visit.case_id) == case.id,
            col(Visit.round) == case.round,
            col(Visit.state) != VisitState.CANCELLED,
            col(Booking.party_id) == party.id,
        )
        .limit(1)
    )
    return visit


async def _span(session: AsyncSession, visit: Visit | None, party: Party) -> tuple[datetime, datetime] | None:
    if visit is None:
        return None
    row = (
        await session.execute(
            sa.select(
                sa.func.min(sa.func.lower(col(Booking.during))),
                sa.func.max(sa.func.upper(col(Booking.during))),
            ).where(
                col(Booking.visit_id) == visit.id,
                col(Booking.party_id) == party.id,
                col(Booking.state) == BookingState.BOOKED,
            )
        )
    ).one()
    return (row[0], row[1]) if row[0] else (visit.starts_at, visit.ends_at)


async def _is_booked(session: AsyncSession, visit: Visit | None, officer: Officer) -> bool:
    if visit is None:
        return False
    found = sa.select(col(Booking.id)).where(
        col(Booking.visit_id) == visit.id,
        col(Booking.officer_id) == officer.id,
        col(Booking.state) == BookingState.BOOKED,
    )
    return await session.scalar(found.limit(1)) is not None


async def _arrival(session: AsyncSession, visit: Visit | None, officer: Officer) -> datetime | None:
    if visit is None:
        return None
    at: datetime | None = await session.scalar(
        sa.select(col(CheckIn.at)).where(
            col(CheckIn.visit_id) == visit.id, col(CheckIn.officer_id) == officer.id
        )
    )
    return at


async def _colleagues(session: AsyncSession, visit: Visit | None, party: Party) -> list[Colleague]:
    """Everybody booked for the visit, the own department first."""
    if visit is None:
        return []
    rows = await session.execute(
        sa.select(
            col(Officer.name),
            col(Department.name_zh),
            col(Department.name_en),
            (col(Booking.party_id) == party.id).label("ours"),
            col(CheckIn.at),
        )
        .join(Officer, col(Officer.id) == col(Booking.officer_id))
        .join(Department, col(Department.code) == col(Officer.department_code))
        .outerjoin(
            CheckIn,
            sa.and_(col(CheckIn.visit_id) == visit.id, col(CheckIn.officer_id) == col(Booking.officer_id)),
        )
        .where(col(Booking.visit_id) == visit.id, col(Booking.state) == BookingState.BOOKED)
        .order_by(sa.desc("ours"), col(Booking.id))
    )
    return [Colleague(row.name, row.name_zh, row.name_en, row.ours, row.at) for row in rows]


async def _checklist(session: AsyncSession, case: Case, party: Party, matter: Matter) -> list[CheckLine]:
    rows = await session.execute(
        sa.select(CheckAnswer, col(Officer.name))
        .join(Officer, col(Officer.id) == col(CheckAnswer.officer_id))
        .where(col(CheckAnswer.party_id) == party.id, col(CheckAnswer.round) == case.round)
    )
    known = {answer.item: (answer, name) for answer, name in rows}
    lines = []
    for item, text in enumerate(matter.checklist, 1):
        answer, name = known.get(item, (None, ""))
        lines.append(
            CheckLine(item, text, answer.result, answer.note, name, answer.version)
            if answer
            else CheckLine(item, text)
        )
    return lines


async def _findings(
    session: AsyncSession, party: Party, *conditions: sa.ColumnElement[bool]
) -> list[FindingLine]:
    rows = await session.scalars(
        sa.select(Finding).where(col(Finding.party_id) == party.id, *conditions).order_by(col(Finding.id))
    )
    return [
        FindingLine(
            id=row.id,
            key=row.key or "",
            text=row.text,
            basis=row.basis,
            safety_critical=row.safety_critical,
            recheck=row.recheck,
            due=row.due,
            place=row.place,
            photos=row.photos,
            version=row.version,
            remote_look=row.remote_look,
        )
        for row in rows
    ]


async def _opinion(session: AsyncSession, case: Case, party: Party, officer: Officer) -> OpinionView | None:
    opinion = await session.scalar(
        sa.select(Opinion).where(col(Opinion.party_id) == party.id, col(Opinion.round) == case.round)
    )
    if opinion is None:
        return None
    first = await session.get_one(Officer, opinion.first_signer)
    second = await session.get(Officer, opinion.second_signer) if opinion.second_signer else None
    return OpinionView(
        verdict=opinion.verdict,
        text=opinion.text,
        first=Signature(first.name, opinion.first_signed_at),
        second=Signature(second.name, opinion.second_signed_at)
        if second and opinion.second_signed_at
        else None,
        version=opinion.version,
        mine=opinion.first_signer == officer.id,
    )
