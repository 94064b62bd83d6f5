"""Complaints (投诉) to the supervising authority about an objection's or a challenge's answer."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables import Timestamp, enum_type, identity, reference


class ComplaintState(StrEnum):
    RECEIVED = "received"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    DECIDED = "decided"


class Complaint(SQLModel, table=True):
    """One for each objection. `text` stays with the authority; `decision` is published."""

    __tablename__ = "trade_complaint"
    __table_args__ = (
        # Before each publication: is the process suspended?
        sa.Index(
            "ix_trade_complaint_suspending",
            "process_id",
            postgresql_where=sa.text("suspended_until IS NOT NULL"),
        ),
    )

    id: int = identity()
    code: str = Field(unique=True)
    objection_id: int = Field(foreign_key="objection.id", unique=True, sa_type=sa.BigInteger)
    process_id: int = reference("process.id", index=False)
    raised_by: int = reference("account.id")
    raised_at: datetime = Field(sa_type=Timestamp)
    text: str
    state: ComplaintState = Field(sa_type=enum_type(ComplaintState))
    accept_due: date
    accepted_at: datetime | None = Field(default=None, sa_type=Timestamp)
    decide_due: date | None = None
    suspended_until: date | None = None
    """The process publishes nothing up to and including this day, or until the decision."""
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    handled_by: int | None = reference("account.id", index=False, nullable=True)
    decision: str | None = None
    upheld: bool | None = None
    calendar_version: str
