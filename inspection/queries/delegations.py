"""What somebody may sign for departments that are not his."""

from datetime import date
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.people import Delegation
from inspection.models import Case, Matter, Officer, Opinion, Party, Project, Segment
from inspection.rules import AT_DESK, DESK_SPEAKING, SPEAKING
from inspection.states import PartyState


class DelegatedTask(msgspec.Struct, frozen=True, kw_only=True):
    """Another department's part in a case, whose opinion the reader may sign."""

    case_code: str
    matter_code: str
    matter: str
    matter_en: str
    project_name: str
    segment_name: str
    state: PartyState


def holding(
    account: int,
    department: sa.SQLColumnExpression[str],
    matter: sa.SQLColumnExpression[str],
    *,
    on: date,
) -> sa.Exists:
    """Whether the account holds any right of the department for the matter that day."""
    return sa.exists().where(
        col(Delegation.account_id) == account,
        col(Delegation.department_code) == department,
        col(Delegation.valid_from) <= on,
        col(Delegation.valid_to) >= on,
        sa.or_(sa.func.cardinality(col(Delegation.matters)) == 0, matter == sa.any_(col(Delegation.matters))),
    )


async def delegated_tasks(session: AsyncSession, account: int, *, on: date) -> list[DelegatedTask]:
    """Those whose opinion is awaited that day, oldest first; of an officer, since nobody else has such a page."""
    signed = sa.exists().where(
        col(Opinion.party_id) == col(Party.id),
        col(Opinion.round) == col(Case.round),
        col(Opinion.second_signer).is_not(None),
    )
    rows: sa.Result[Any] = await session.execute(
        sa.select(
            col(Case.code),
            col(Matter.code).label("matter_code"),
            col(Matter.name_zh),
            col(Matter.name_en),
            col(Project.name).label("project_name"),
            col(Segment.name).label("segment_name"),
            col(Party.state),
        )
        .select_from(Party)
        .join(Case, col(Case.id) == col(Party.case_id))
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .join(Matter, col(Matter.id) == col(Party.matter_id))
        .join(Officer, sa.and_(col(Officer.account_id) == account, col(Officer.active)))
        .where(
            col(Party.department_code) != col(Officer.department_code),
            holding(account, col(Party.department_code), col(Matter.code), on=on),
            sa.or_(
                col(Case.state).in_(SPEAKING) & col(Party.state).in_(AT_DESK | {PartyState.CHECKED_IN}),
                col(Case.state).in_(DESK_SPEAKING)
                & (col(Party.state) == PartyState.REVIEW_OK)
                & ~col(Party.site),
            ),
            ~signed,
        )
        .order_by(col(Party.id))
    )
    return [
        DelegatedTask(
            case_code=row.code,
            matter_code=row.matter_code,
            matter=row.name_zh,
            matter_en=row.name_en,
            project_name=row.project_name,
            segment_name=row.segment_name,
            state=row.state,
        )
        for row in rows
    ]
