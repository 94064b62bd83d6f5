"""Fees, promises, ratings, complaints and deemed consents: of one case, and as registers for supervision."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.people import Account
from inspection.models import (
    Case,
    Complaint,
    ComplaintState,
    DeemedConsent,
    Fee,
    Party,
    Project,
    Rating,
    Segment,
)

REGISTER = 100


class FeeLine(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` in 元; paid, let through with a reason, or still due."""

    id: int
    item: str
    basis: str
    amount: Decimal
    demanded_at: datetime
    paid_at: datetime | None
    overridden_at: datetime | None
    override_reason: str


class ComplaintLine(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    text: str
    state: ComplaintState
    received_at: datetime
    due: date
    answer: str
    answered_at: datetime | None


class RatingLine(msgspec.Struct, frozen=True, kw_only=True):
    level: int
    text: str
    at: datetime
    follow_up_due: date | None
    followed_up_at: datetime | None
    follow_up_text: str


class ConsentLine(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    department_code: str
    due: date
    legal_basis: str
    lead_id: int
    asked_at: datetime
    decided_at: datetime | None
    approved: bool | None


class Aftercare(msgspec.Struct, frozen=True, kw_only=True):
    fees: list[FeeLine] = []
    complaints: list[ComplaintLine] = []
    rating: RatingLine | None = None
    consents: list[ConsentLine] = []
    agent: str = ""
    """The agent's login, for the owner."""


class RegisterLine(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint, or a bad rating, and its case; `done_at` is empty while it waits."""

    case_code: str
    project_name: str
    text: str
    at: datetime
    due: date
    done_at: datetime | None
    level: int = 0

    def is_late(self, today: date) -> bool:
        return self.done_at is None and self.due < today


async def aftercare_of(session: AsyncSession, code: str, *, complaints: bool) -> Aftercare:
    """`complaints` are for who complained and for supervision alone."""
    case = (await session.scalars(sa.select(Case).where(col(Case.code) == code))).one()
    consents = await session.execute(
        sa.select(DeemedConsent, col(Party.department_code))
        .join(Party, col(Party.id) == col(DeemedConsent.party_id))
        .where(col(Party.case_id) == case.id)
        .order_by(col(DeemedConsent.id))
    )
    rating = await _lines(session, RatingLine, Rating, case)
    agent = await session.get(Account, case.agent_id) if case.agent_id else None
    return Aftercare(
        fees=await _lines(session, FeeLine, Fee, case),
        complaints=await _lines(session, ComplaintLine, Complaint, case) if complaints else [],
        rating=rating[0] if rating else None,
        consents=[
            ConsentLine(
                id=row.id,
                department_code=department,
                due=row.due,
                legal_basis=row.legal_basis,
                lead_id=row.lead_id,
                asked_at=row.asked_at,
                decided_at=row.decided_at,
                approved=row.approved,
            )
            for row, department in consents
        ],
        agent=agent.login if agent else "",
    )


async def _lines(session: AsyncSession, struct: Any, model: Any, case: Case) -> list[Any]:
    """A model's rows of the case as structs whose fields are the model's columns."""
    columns = [getattr(model, name) for name in struct.__struct_fields__]
    rows = await session.execute(sa.select(*columns).where(model.case_id == case.id).order_by(model.id))
    return [struct(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for a row's dict


async def complaints_register(session: AsyncSession) -> list[RegisterLine]:
    """What waits first, the nearest deadline on top; then what was answered last."""
    return await _register(
        session,
        Complaint,
        done=col(Complaint.answered_at),
        at=col(Complaint.received_at),
        due=col(Complaint.due),
    )


async def low_ratings_register(session: AsyncSession) -> list[RegisterLine]:
    return await _register(
        session,
        Rating,
        done=col(Rating.followed_up_at),
        at=col(Rating.at),
        due=col(Rating.follow_up_due),
        level=col(Rating.level),
    )


async def _register(
    session: AsyncSession, model: Any, *, done: Any, at: Any, due: Any, **more: Any
) -> list[RegisterLine]:
    rows = await session.execute(
        sa.select(
            col(Case.code).label("case_code"),
            (col(Project.name) + " " + col(Segment.name)).label("project_name"),
            model.text,
            at.label("at"),
            due.label("due"),
            done.label("done_at"),
            *(column.label(name) for name, column in more.items()),
        )
        .join(Case, col(Case.id) == model.case_id)
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .where(due.is_not(None))
        .order_by(done.is_not(None), due, model.id.desc())
        .limit(REGISTER)
    )
    return [RegisterLine(**row._mapping) for row in rows]  # noqa: SLF001 - as above
