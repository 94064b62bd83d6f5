"""联合验收会议纪要: what was done on one visit, as it was recorded there."""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import NotFound
from core.people import Account, Department
from core.printed import set_pages
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
from inspection.states import BookingState, CheckResult, RecheckMode, Verdict, VisitState

TEMPLATE = Path(__file__).parent / "templates" / "minutes.typ"


class Arrival(msgspec.Struct, frozen=True):
    """`distance` in metres; `reason` where it was not on the spot or not at the hour."""

    name: str
    at: datetime | None
    distance: int | None
    reason: str


class Checked(msgspec.Struct, frozen=True):
    text: str
    result: CheckResult
    note: str


class Found(msgspec.Struct, frozen=True):
    text: str
    basis: str
    safety_critical: bool
    recheck: RecheckMode
    due: str
    photos: int


class PartyMinutes(msgspec.Struct, frozen=True, kw_only=True):
    department: str
    department_en: str
    matter: str
    matter_en: str
    arrivals: list[Arrival]
    """Everybody who was expected, whether he came or not."""
    checked: list[Checked]
    findings: list[Found]
    verdict: Verdict | None
    text: str
    signers: list[str]


class Minutes(msgspec.Struct, frozen=True, kw_only=True):
    case: str
    round: int
    project: str
    segment: str
    address: str
    owner: str
    starts_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    chair: str
    """Who convened the visit."""
    text: str
    parties: list[PartyMinutes]


async def minutes_of(session: AsyncSession, code: str, number: int) -> Minutes:
    """Of the visit of one round, from its opening on. Raises `NotFound` before."""
    row: Any = (
        await session.execute(
            sa.select(Visit, Case, Segment, Project, col(Account.name).label("chair"))
            .join(Case, col(Case.id) == col(Visit.case_id))
            .join(Segment, col(Segment.id) == col(Case.segment_id))
            .join(Project, col(Project.id) == col(Segment.project_id))
            .join(Account, col(Account.id) == col(Visit.confirmed_by))
            .where(
                col(Case.code) == code,
                col(Visit.round) == number,
                col(Visit.state).in_((VisitState.OPEN, VisitState.CLOSED)),
            )
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    visit: Visit = row.Visit
    return Minutes(
        case=row.Case.code,
        round=visit.round,
        project=row.Project.name,
        segment=row.Segment.name,
        address=row.Project.address,
        owner=row.Project.owner_name,
        starts_at=visit.starts_at,
        opened_at=visit.opened_at,
        closed_at=visit.closed_at,
        chair=row.chair,
        text=visit.minutes_text,
        parties=await _parties(session, visit),
    )


async def _parties(session: AsyncSession, visit: Visit) -> list[PartyMinutes]:
    """Those who came to the site, in the catalogue's order."""
    booked = sa.select(col(Booking.party_id)).where(col(Booking.visit_id) == visit.id)
    rows = await session.execute(
        sa.select(Party, Matter, Department, Opinion)
        .join(Matter, col(Matter.id) == col(Party.matter_id))
        .join(Department, col(Department.code) == col(Party.department_code))
        .outerjoin(
            Opinion, sa.and_(col(Opinion.party_id) == col(Party.id), col(Opinion.round) == visit.round)
        )
        .where(col(Party.id).in_(booked))
        .order_by(col(Matter.position), col(Party.id))
    )
    found = [(row.Party, row.Matter, row.Department, row.Opinion) for row in rows]
    names = await _names(session, [opinion for *_, opinion in found if opinion])
    return [
        PartyMinutes(
            department=department.name_zh,
            department_en=department.name_en,
            matter=matter.name_zh,
            matter_en=matter.name_en,
            arrivals=await _arrivals(session, visit, party),
            checked=await _checked(session, visit, party, matter),
            findings=await _found(session, visit, party),
            verdict=opinion.verdict if opinion else None,
            text=opinion.text if opinion else "",
            signers=[names[each] for each in _signers(opinion)] if opinion else [],
        )
        for party, matter, department, opinion in found
    ]


def _signers(opinion: Opinion) -> list[int]:
    return [each for each in (opinion.first_signer, opinion.second_signer) if each]


async def _names(session: AsyncSession, opinions: list[Opinion]) -> dict[int, str]:
    ids = {each for opinion in opinions for each in _signers(opinion)}
    rows = await session.execute(
        sa.select(col(Officer.id), col(Officer.name)).where(col(Officer.id).in_(ids))
    )
    return dict(rows.all())


async def _arrivals(session: AsyncSession, visit: Visit, party: Party) -> list[Arrival]:
    rows = await session.execute(
        sa.select(col(Officer.name), col(CheckIn.at), col(CheckIn.distance), col(CheckIn.override_reason))
        .distinct()
        .select_from(Booking)
        .join(Officer, col(Officer.id) == col(Booking.officer_id))
        .outerjoin(
            CheckIn,
            sa.and_(col(CheckIn.visit_id) == visit.id, col(CheckIn.officer_id) == col(Booking.officer_id)),
        )
        .where(
            col(Booking.visit_id) == visit.id,
            col(Booking.party_id) == party.id,
            sa.or_(col(Booking.state) == BookingState.BOOKED, col(CheckIn.id).is_not(None)),
        )
        .order_by(col(CheckIn.at), col(Officer.name))
    )
    return [Arrival(row.name, row.at, row.distance, row.override_reason or "") for row in rows]


async def _checked(session: AsyncSession, visit: Visit, party: Party, matter: Matter) -> list[Checked]:
    answers = await session.scalars(
        sa.select(CheckAnswer)
        .where(col(CheckAnswer.party_id) == party.id, col(CheckAnswer.round) == visit.round)
        .order_by(col(CheckAnswer.item))
    )
    return [Checked(matter.checklist[each.item - 1], each.result, each.note) for each in answers]


async def _found(session: AsyncSession, visit: Visit, party: Party) -> list[Found]:
    findings = await session.scalars(
        sa.select(Finding)
        .where(col(Finding.party_id) == party.id, col(Finding.round) == visit.round)
        .order_by(col(Finding.id))
    )
    return [
        Found(
            each.text, each.basis, each.safety_critical, each.recheck, each.due.isoformat(), len(each.photos)
        )
        for each in findings
    ]


def render(minutes: Minutes) -> bytes:
    """The PDF. Takes some hundred milliseconds: run it in a thread."""
    return set_pages(TEMPLATE, msgspec.to_builtins(minutes))
