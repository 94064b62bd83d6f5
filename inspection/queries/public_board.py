"""The public inspection board: how departments keep their deadlines, in figures. Departments, never people."""

from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import LOCAL, local_date
from core.people import Department
from inspection.models import Case, Clock, Party, Pause, Project, Segment
from inspection.states import CaseKind, CaseState, Node

#: What a department owes in a case: its look at the papers, its answer to the invitation, its opinion.
OWED = (Node.REVIEW, Node.REPLY, Node.OPINION)


class BoardFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Deadlines running now and how many of them have passed; since the first day, those kept and those met late."""

    running: int
    overdue: int
    done: int
    on_time: int


class DepartmentLine(msgspec.Struct, frozen=True, kw_only=True):
    department: str
    department_en: str
    figures: BoardFigures


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """`cases` are whole inspections against what was promised to their owners."""

    since: date
    today: date
    cases: BoardFigures
    departments: list[DepartmentLine]


class ProjectCase(msgspec.Struct, frozen=True, kw_only=True):
    """A joint case of a project, as anybody may know it."""

    code: str
    kind: CaseKind
    state: CaseState
    project_name: str
    segment_name: str
    accepted_on: date | None
    promised_by: date | None
    issued_on: date | None


async def public_board(session: AsyncSession, *, now: datetime) -> Board:
    """The current year's. A paused case's deadlines wait: they are neither running nor overdue."""
    today = local_date(now)
    since = today.replace(month=1, day=1)
    parties: Any = await session.execute(
        sa.select(col(Department.name_zh), col(Department.name_en), *_counts(since, today))
        .join_from(Clock, Party, col(Party.id) == col(Clock.party_id))
        .join(Department, col(Department.code) == col(Party.department_code))
        .where(col(Clock.node).in_(OWED))
        .group_by(col(Department.code))
        .order_by(col(Department.code))
    )
    cases: Any = await session.execute(
        sa.select(*_counts(since, today))
        .join_from(Clock, Case, col(Case.id) == col(Clock.case_id))
        .where(col(Clock.node) == Node.WHOLE, col(Case.kind) == CaseKind.INSPECTION)
    )
    return Board(
        since=since,
        today=today,
        cases=_line(cases.one()),
        departments=[
            DepartmentLine(department=row.name_zh, department_en=row.name_en, figures=_line(row))
            for row in parties
        ],
    )


def _line(row: Any) -> BoardFigures:
    return BoardFigures(running=row.running, overdue=row.overdue, done=row.done, on_time=row.on_time)


def _counts(since: date, today: date) -> tuple[sa.Label[int], ...]:
    paused = (
        sa.select(sa.literal(1))
        .where(col(Pause.case_id) == col(Clock.case_id), col(Pause.ended_on).is_(None))
        .exists()
    )
    stopped_on = sa.cast(sa.func.timezone(LOCAL.key, col(Clock.stopped_at)), sa.Date)
    running = sa.and_(col(Clock.stopped_at).is_(None), ~paused)
    done, count = stopped_on >= since, sa.func.count
    return (
        count().filter(running).label("running"),
        count().filter(running, col(Clock.due) < today).label("overdue"),
        count().filter(done).label("done"),
        count().filter(done, stopped_on <= col(Clock.due)).label("on_time"),
    )


async def project_cases(session: AsyncSession, code: str) -> list[ProjectCase]:
    """Of the project with this national code, oldest first; drafts are nobody's business."""
    rows: Any = await session.execute(
        sa.select(
            col(Case.code),
            col(Case.kind),
            col(Case.state),
            col(Project.name).label("project_name"),
            col(Segment.name).label("segment_name"),
            col(Case.accepted_at),
            col(Case.issued_at),
            col(Clock.due),
        )
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .outerjoin(Clock, sa.and_(col(Clock.case_id) == col(Case.id), col(Clock.node) == Node.WHOLE))
        .where(col(Project.code) == code, col(Case.state) != CaseState.DRAFT)
        .order_by(col(Case.id))
    )
    return [
        ProjectCase(
            code=row.code,
            kind=row.kind,
            state=row.state,
            project_name=row.project_name,
            segment_name=row.segment_name,
            accepted_on=local_date(row.accepted_at) if row.accepted_at else None,
            promised_by=row.due,
            issued_on=local_date(row.issued_at) if row.issued_at else None,
        )
        for row in rows
    ]
