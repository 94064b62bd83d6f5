"""What surrounds the cases: fees, deemed consent, moved deadlines, ratings, complaints, draws, figures."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables import Json, Timestamp, enum_type, identity, reference


class Fee(SQLModel, table=True):
    """必须交费: unpaid, it holds the joint opinion up unless somebody overrides it with a reason. `amount` in 元."""

    __tablename__ = "fee"

    id: int = identity()
    case_id: int = reference("inspection_case.id")
    item: str
    basis: str
    amount: Decimal = Field(sa_type=sa.Numeric(14, 2))
    demanded_at: datetime = Field(sa_type=Timestamp)
    paid_at: datetime | None = Field(default=None, sa_type=Timestamp)
    overridden_at: datetime | None = Field(default=None, sa_type=Timestamp)
    overridden_by: int | None = reference("account.id", index=False, nullable=True)
    override_reason: str = ""


class DeemedConsent(SQLModel, table=True):
    """超时默许, with its whole proof chain: letter, reading, deadline, legal basis, who proposed and who reviewed."""

    __tablename__ = "deemed_consent"
    __table_args__ = (
        sa.CheckConstraint("supervisor_id IS NULL OR lead_id <> supervisor_id", name="four_eyes"),
        sa.Index(
            "uq_deemed_consent_party_id",
            "party_id",
            unique=True,
            postgresql_where=sa.text("approved IS NOT FALSE"),
        ),
    )

    id: int = identity()
    party_id: int = reference("party.id", index=False)
    letter_id: int = reference("letter.id", index=False)
    due: date
    legal_basis: str
    lead_id: int = reference("account.id", index=False)
    asked_at: datetime = Field(sa_type=Timestamp)
    supervisor_id: int | None = reference("account.id", index=False, nullable=True)
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    approved: bool | None = None


class DeadlineChange(SQLModel, table=True):
    """A running deadline that a new calendar moved."""

    __tablename__ = "deadline_change"
    __table_args__ = (sa.UniqueConstraint("calendar_version_id", "clock_id"),)

    id: int = identity()
    calendar_version_id: int = reference("calendar_version.id", index=False)
    clock_id: int = reference("clock.id")
    due_before: date
    due_after: date
    at: datetime = Field(sa_type=Timestamp)


class Rating(SQLModel, table=True):
    """好差评: 5 very satisfied … 1 very dissatisfied; the two lowest are followed up within 15 working days."""

    __tablename__ = "rating"
    __table_args__ = (sa.CheckConstraint("level BETWEEN 1 AND 5", name="level"),)

    id: int = identity()
    case_id: int = Field(
        foreign_key="inspection_case.id", unique=True, sa_type=sa.BigInteger, ondelete="RESTRICT"
    )
    level: int
    text: str = ""
    by: int = reference("account.id", index=False)
    at: datetime = Field(sa_type=Timestamp)
    follow_up_due: date | None = None
    followed_up_at: datetime | None = Field(default=None, sa_type=Timestamp)
    followed_up_by: int | None = reference("account.id", index=False, nullable=True)
    follow_up_text: str = ""


class ComplaintState(StrEnum):
    RECEIVED = "received"
    ANSWERED = "answered"


class Complaint(SQLModel, table=True):
    __tablename__ = "complaint"

    id: int = identity()
    case_id: int = reference("inspection_case.id")
    by: int = reference("account.id", index=False)
    text: str
    state: ComplaintState = Field(sa_type=enum_type(ComplaintState))
    received_at: datetime = Field(sa_type=Timestamp)
    due: date
    calendar_version: str
    answer: str = ""
    answered_by: int | None = reference("account.id", index=False, nullable=True)
    answered_at: datetime | None = Field(default=None, sa_type=Timestamp)


class Draw(SQLModel, table=True):
    """双随机: the commitment is published before, the seed after; anybody can draw again from the file."""

    __tablename__ = "draw"

    id: int = identity()
    title: str
    roster: dict[str, Any] = Field(sa_type=Json)
    """The ballot (`scheduling.draw.Ballot`): who is eligible for which seats; frozen when committed."""
    commitment: str = Field(sa_type=sa.CHAR(64))
    sealed_seed: str
    """Revealed by the draw; not shown before."""
    committed_at: datetime = Field(sa_type=Timestamp)
    committed_by: int = reference("account.id", index=False)
    drawn_at: datetime | None = Field(default=None, sa_type=Timestamp)
    drawn_by: int | None = reference("account.id", index=False, nullable=True)
    public: str = ""
    """A value that nobody could know at the time of the commitment, where one was named."""
    teams: list[list[str]] | None = Field(default=None, sa_type=Json)
    result: list[dict[str, Any]] | None = Field(default=None, sa_type=Json)


class IndicatorSnapshot(SQLModel, table=True):
    """Published figures of a period as they were: a rerun gives the same or says what changed."""

    __tablename__ = "indicator_snapshot"
    __table_args__ = (sa.Index("ix_indicator_snapshot_period", "first_day", "last_day"),)

    id: int = identity()
    first_day: date
    last_day: date
    calendar_version: str
    ledger_seq: int = Field(sa_type=sa.BigInteger)
    figures: list[dict[str, Any]] = Field(sa_type=Json)
    made_at: datetime = Field(sa_type=Timestamp)
    made_by: int = reference("account.id", index=False)
