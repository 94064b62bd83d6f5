"""What anybody may know of a case: how far it is. No person, no telephone, no paper leaves through here."""

from datetime import date
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import local_date
from core.errors import NotFound
from core.people import Department
from inspection.models import Case, Clock, Matter, Party, Project, Segment
from inspection.states import CaseKind, CaseState, Node, PartyState


class PublicParty(msgspec.Struct, frozen=True, kw_only=True):
    department: str
    department_en: str
    matter: str
    matter_en: str
    state: PartyState


class PublicProgress(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    kind: CaseKind
    state: CaseState
    project_code: str
    project_name: str
    segment_name: str
    accepted_on: date | None
    promised_by: date | None
    """As reckoned at present; pauses move it."""
    issued_on: date | None
    parties: list[PublicParty]


async def public_progress(session: AsyncSession, code: str) -> PublicProgress:
    """Raises `NotFound`, also for what is still a draft."""
    row: Any = (
        await session.execute(
            sa.select(
                col(Case.id),
                col(Case.code),
                col(Case.kind),
                col(Case.state),
                col(Case.accepted_at),
                col(Case.issued_at),
                col(Project.code).label("project_code"),
                col(Project.name).label("project_name"),
                col(Segment.name).label("segment_name"),
                col(Clock.due),
            )
            .join(Segment, col(Segment.id) == col(Case.segment_id))
            .join(Project, col(Project.id) == col(Segment.project_id))
            .outerjoin(Clock, sa.and_(col(Clock.case_id) == col(Case.id), col(Clock.node) == Node.WHOLE))
            .where(col(Case.code) == code, col(Case.state) != CaseState.DRAFT)
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    parties: sa.Result[Any] = await session.execute(
        sa.select(
            col(Department.name_zh).label("department"),
            col(Department.name_en).label("department_en"),
            col(Matter.name_zh).label("matter"),
            col(Matter.name_en).label("matter_en"),
            col(Party.state),
        )
        .select_from(Party)
        .join(Matter, col(Matter.id) == col(Party.matter_id))
        .join(Department, col(Department.code) == col(Party.department_code))
        .where(col(Party.case_id) == row.id)
        .order_by(col(Matter.position))
    )
    return PublicProgress(
        code=row.code,
        kind=row.kind,
        state=row.state,
        project_code=row.project_code,
        project_name=row.project_name,
        segment_name=row.segment_name,
        accepted_on=local_date(row.accepted_at) if row.accepted_at else None,
        promised_by=row.due,
        issued_on=local_date(row.issued_at) if row.issued_at else None,
        parties=[
            PublicParty(
                department=party.department,
                department_en=party.department_en,
                matter=party.matter,
                matter_en=party.matter_en,
                state=party.state,
            )
            for party in parties
        ],
    )
