"""What supervision looks at: deadlines that are about to pass or have passed, violations, and what the law or a rule
did in somebody's place.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from inspection import clocks
from inspection.models import Case, CaseEvent, Clock, Party, Pause, Project, Segment, ViolationRecord
from inspection.queries.pages import PAGE, Page, page_of
from inspection.states import CaseState, Event, Lamp, Node, Violation


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


class Notable(StrEnum):
    """Facts of the timeline that supervision looks at one by one."""

    DEEMED_ACCEPTED = "deem_accepted"
    DEEMED_ATTENDING = "party.silent"
    DEEMED_CONSENT = "party.deemed"
    SECOND_NOTICE = "second_notice"
    UNREAD = "letter.unread"
    PROMISE_BROKEN = "promise.broken"


class NotableEvent(msgspec.Struct, frozen=True, kw_only=True):
    case_code: str
    project_name: str
    department_code: str | None
    kind: Notable
    at: datetime


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
    for department, kind, number in rows:
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


async def notable_counts(session: AsyncSession, *, since: datetime) -> dict[Notable, int]:
    events = _notable(since).subquery()
    rows = await session.execute(sa.select(events.c.kind, sa.func.count()).group_by(events.c.kind))
    found = {Notable(kind): number for kind, number in rows}
    return {kind: found.get(kind, 0) for kind in Notable}


async def list_notable(
    session: AsyncSession, kind: Notable, *, since: datetime, after: int | None = None, limit: int = PAGE
) -> Page[NotableEvent]:
    """Newest first."""
    events = _notable(since).subquery()
    statement: Any = (
        sa.select(events.c.id, events.c.at, col(Case.code), col(Project.name), col(Party.department_code))
        .join(Case, col(Case.id) == events.c.case_id)
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .outerjoin(Party, col(Party.id) == events.c.party_id)
        .where(events.c.kind == kind.value)
        .order_by(events.c.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(events.c.id < after)
    rows = (await session.execute(statement)).all()
    return page_of(
        [
            (
                row.id,
                NotableEvent(
                    case_code=row.code,
                    project_name=row.name,
                    department_code=row.department_code,
                    kind=kind,
                    at=row.at,
                ),
            )
            for row in rows
        ],
        limit,
    )


def _notable(since: datetime) -> Any:
    """A case's second list of what is missing, and every later one, is a second notice."""
    number = sa.func.row_number().over(
        partition_by=(col(CaseEvent.case_id), col(CaseEvent.name)), order_by=col(CaseEvent.id)
    )
    names = [kind.value for kind in Notable if kind is not Notable.SECOND_NOTICE]
    told = (
        sa.select(
            col(CaseEvent.id),
            col(CaseEvent.case_id),
            col(CaseEvent.party_id),
            col(CaseEvent.at),
            col(CaseEvent.name),
            number.label("number"),
        )
        .where(col(CaseEvent.name).in_([*names, Event.NOTIFY_DEFICIENCIES.value]))
        .subquery()
    )
    again = told.c.name == Event.NOTIFY_DEFICIENCIES.value
    return sa.select(
        told.c.id,
        told.c.case_id,
        told.c.party_id,
        told.c.at,
        sa.case((again, Notable.SECOND_NOTICE.value), else_=told.c.name).label("kind"),
    ).where(told.c.at >= since, sa.or_(~again, told.c.number > 1))


def _violation(record: ViolationRecord, code: str, project: str) -> ViolationLine:
    return ViolationLine(
        case_code=code,
        project_name=project,
        department_code=record.department_code,
        kind=record.kind,
        at=record.at,
        note=record.note,
    )
