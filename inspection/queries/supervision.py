"""What supervision looks at: deadlines that are about to pass or have passed, and departments' violations."""

from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from inspection import clocks
from inspection.models import Case, Clock, Party, Pause, Project, Segment, ViolationRecord
from inspection.queries.pages import PAGE, Page, page_of
from inspection.states import CaseState, Lamp, Node, Violation


class LitNode(msgspec.Struct, frozen=True, kw_only=True):
    """A running deadline with its lamp lit, and who answers for it."""

    case_code: str
    case_state: CaseState
    project_name: str
    segment_name: str
    department_code: str | None
    responsible: str
    node: Node
    due: date
    lamp: Lamp
    days: int
    paused_days: int
    article: str
    calendar_version: str
    provisional: bool


class ViolationLine(msgspec.Struct, frozen=True, kw_only=True):
    case_code: str
    project_name: str
    department_code: str
    kind: Violation
    at: datetime
    note: str


async def lit_nodes(session: AsyncSession, *, today: date) -> list[LitNode]:
    """Running deadlines at or past their yellow day, the longest overdue first; paused cases wait."""
    paused = (
        sa.select(sa.literal(1))
        .where(col(Pause.case_id) == col(Clock.case_id), col(Pause.ended_on).is_(None))
        .exists()
    )
    rows: Any = await session.execute(
        sa.select(
            Clock,
            col(Case.code),
            col(Case.state),
            col(Project.name).label("project"),
            col(Segment.name).label("segment"),
            col(Party.department_code),
        )
        .join(Case, col(Case.id) == col(Clock.case_id))
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .outerjoin(Party, col(Party.id) == col(Clock.party_id))
        .where(col(Clock.stopped_at).is_(None), col(Clock.yellow_on) <= today, ~paused)
        .order_by(col(Clock.due), col(Clock.id))
    )
    return [
        LitNode(
            case_code=row.code,
            case_state=row.state,
            project_name=row.project,
            segment_name=row.segment,
            department_code=row.department_code,
            responsible=row.Clock.responsible,
            node=row.Clock.node,
            due=row.Clock.due,
            lamp=clocks.lamp(today, yellow_on=row.Clock.yellow_on, due=row.Clock.due),
            days=row.Clock.days,
            paused_days=row.Clock.paused_days,
            article=row.Clock.article,
            calendar_version=row.Clock.calendar_version,
            provisional=row.Clock.provisional,
        )
        for row in rows
    ]


async def violation_counts(session: AsyncSession, *, since: datetime) -> dict[str, dict[Violation, int]]:
    """By department and kind."""
    rows = await session.execute(
        sa.select(col(ViolationRecord.department_code), col(ViolationRecord.kind), sa.func.count())
        .where(col(ViolationRecord.at) >= since)
        .group_by(col(ViolationRecord.department_code), col(ViolationRecord.kind))
    )
    counts: dict[str, dict[Violation, int]] = {}
    for department, kind, number in rows.tuples():
        counts.setdefault(department, {})[kind] = number
    return counts


async def list_violations(
    session: AsyncSession,
    *,
    since: datetime,
    department: str = "",
    kind: Violation | None = None,
    after: int | None = None,
    limit: int = PAGE,
) -> Page[ViolationLine]:
    """The cases behind the counts, newest first."""
    statement: Any = (
        sa.select(ViolationRecord, col(Case.code), col(Project.name).label("project"))
        .join(Case, col(Case.id) == col(ViolationRecord.case_id))
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .where(col(ViolationRecord.at) >= since)
        .order_by(col(ViolationRecord.id).desc())
        .limit(limit + 1)
    )
    if department:
        statement = statement.where(col(ViolationRecord.department_code) == department)
    if kind:
        statement = statement.where(col(ViolationRecord.kind) == kind)
    if after is not None:
        statement = statement.where(col(ViolationRecord.id) < after)
    rows = (await session.execute(statement)).all()
    return page_of(
        [(row.ViolationRecord.id, _violation(row.ViolationRecord, row.code, row.project)) for row in rows],
        limit,
    )


def _violation(record: ViolationRecord, code: str, project: str) -> ViolationLine:
    return ViolationLine(
        case_code=code,
        project_name=project,
        department_code=record.department_code,
        kind=record.kind,
        at=record.at,
        note=record.note,
    )
