"""Lists of cases: the window's queue, the lead's board, the owner's own."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from inspection import clocks
from inspection.models import Case, Clock, Pause, Project, Segment
from inspection.queries.pages import PAGE, Page, page_of
from inspection.states import CaseKind, CaseState, Lamp, Node, Profile

#: What each desk works through.
WINDOW_STATES = (CaseState.SUBMITTED, CaseState.RECEIVED, CaseState.CORRECTING)
LEAD_STATES = (
    CaseState.ACCEPTED,
    CaseState.REVIEWING,
    CaseState.SLOTTING,
    CaseState.SCHEDULED,
    CaseState.ONSITE,
    CaseState.DELIBERATING,
    CaseState.RECTIFYING,
    CaseState.RECHECK_REQUESTED,
    CaseState.DESK_RECHECK,
    CaseState.SUSPENDED,
)
ISSUER_STATES = (CaseState.OPINION_READY,)


CLOCK = (
    *(col(Clock.node), col(Clock.due), col(Clock.yellow_on), col(Clock.days), col(Clock.paused_days)),
    *(col(Clock.article), col(Clock.calendar_version), col(Clock.provisional)),
)


class CaseLine(msgspec.Struct, frozen=True, kw_only=True):
    """`node`, `due` and `lamp` are of the running clock that ends first; `paused` while a pause runs."""

    code: str
    kind: CaseKind
    state: CaseState
    profile: Profile
    priority: bool
    project_name: str
    segment_name: str
    district: str
    floor_area: Decimal
    submitted_at: datetime | None
    round: int
    node: Node | None
    due: date | None
    lamp: Lamp
    days: int | None
    paused_days: int | None
    article: str | None
    calendar_version: str | None
    provisional: bool | None
    paused: bool


async def list_cases(
    session: AsyncSession,
    *,
    today: date,
    states: Collection[CaseState] = (),
    applicant: int | None = None,
    text: str = "",
    after: int | None = None,
    oldest_first: bool = False,
    urgent_first: bool = False,
    limit: int = PAGE,
) -> Page[CaseLine]:
    """Newest first unless `oldest_first`; `urgent_first` is by deadline, on one page.

    `text` is part of a case's code or of a project's name.
    """
    nearest = (
        sa.select(*CLOCK)
        .where(col(Clock.case_id) == col(Case.id), col(Clock.stopped_at).is_(None))
        .order_by(col(Clock.due), col(Clock.id))
        .limit(1)
        .lateral("nearest")
    )
    paused = (
        sa.select(sa.literal(1))
        .where(col(Pause.case_id) == col(Case.id), col(Pause.ended_on).is_(None))
        .exists()
    )
    order = col(Case.id) if oldest_first else col(Case.id).desc()
    statement: Any = (
        sa.select(
            col(Case.id),
            col(Case.code),
            col(Case.kind),
            col(Case.state),
            col(Case.profile),
            col(Case.priority),
            col(Case.submitted_at),
            col(Case.round),
            col(Project.name).label("project_name"),
            col(Project.district),
            col(Segment.name).label("segment_name"),
            col(Segment.floor_area),
            *nearest.c,
            paused.label("paused"),
        )
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .outerjoin(nearest, sa.true())
        .order_by(*([nearest.c.due.nulls_last()] if urgent_first else []), order)
        .limit(limit + 1)
    )
    if states:
        statement = statement.where(col(Case.state).in_(states))
    if applicant is not None:
        statement = statement.where(
            sa.or_(col(Case.applicant_id) == applicant, col(Case.agent_id) == applicant)
        )
    if text:
        statement = statement.where(
            sa.or_(
                col(Case.code).icontains(text, autoescape=True),
                col(Project.name).icontains(text, autoescape=True),
            )
        )
    if after is not None:
        statement = statement.where(col(Case.id) > after if oldest_first else col(Case.id) < after)
    rows = (await session.execute(statement)).all()
    return page_of([(row.id, _line(row, today)) for row in rows], limit)


def _line(row: Any, today: date) -> CaseLine:
    lamp = clocks.lamp(today, yellow_on=row.yellow_on, due=row.due) if row.due else Lamp.GREEN
    return CaseLine(
        code=row.code,
        kind=row.kind,
        state=row.state,
        profile=row.profile,
        priority=row.priority,
        project_name=row.project_name,
        segment_name=row.segment_name,
        district=row.district,
        floor_area=row.floor_area,
        submitted_at=row.submitted_at,
        round=row.round,
        node=row.node,
        due=row.due,
        lamp=lamp,
        days=row.days,
        paused_days=row.paused_days,
        article=row.article,
        calendar_version=row.calendar_version,
        provisional=row.provisional,
        paused=row.paused,
    )


async def count_by_state(session: AsyncSession) -> dict[CaseState, int]:
    rows = await session.execute(
        sa.select(col(Case.state), sa.func.count().label("number")).group_by(col(Case.state))
    )
    return {row.state: row.number for row in rows}
