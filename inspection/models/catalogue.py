"""The catalogue of matters with their six publics, and the numbers that rules are applied with.

Both are versioned by the day from which they hold; what a case was decided with stays readable.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables import Json, Timestamp, enum_type, identity, reference


class MatterStatus(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


class Matter(SQLModel, table=True):
    """One version of a special inspection matter (专项验收事项), proposed by one administrator, approved by another.

    `triggers` draw the department in (see `triggers.py`); `documents` is a list of {code, zh, en, main}; the six
    publics (六公开) are content, basis, procedure, conditions, promised_days and fee.
    """

    __tablename__ = "matter"
    __table_args__ = (
        sa.Index(
            "uq_matter_code_valid_from",
            "code",
            "valid_from",
            unique=True,
            postgresql_where=sa.text("status = 'approved'"),
        ),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="four_eyes"),
    )

    id: int = identity()
    code: str
    valid_from: date
    retired: bool = False
    """From this version on the matter is no longer part of a joint inspection."""
    department_code: str = Field(foreign_key="department.code", index=True)
    position: int
    name_zh: str
    name_en: str
    triggers: list[dict[str, Any]] = Field(sa_type=Json)
    site: bool
    hard_order: bool = False
    """Must be settled before the joint opinion, and never by silence."""
    deemed_consent_allowed: bool = False
    certificate: str
    officers: int = 2
    site_share: int = 100
    """Percent of the visit's length that this party needs on site."""
    content: str
    basis: str
    procedure: str
    conditions: str
    promised_days: int
    fee: str
    documents: list[dict[str, Any]] = Field(sa_type=Json)
    checklist: list[str] = Field(sa_type=Json)
    result_zh: str = ""
    """结果文书: what the department hands out for this matter."""
    result_en: str = ""
    source: str
    status: MatterStatus = Field(default=MatterStatus.APPROVED, sa_type=enum_type(MatterStatus))
    proposed_by: int | None = reference("account.id", index=False, nullable=True)
    proposed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    decided_by: int | None = reference("account.id", index=False, nullable=True)
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)


class RuleValue(SQLModel, table=True):
    """A limit or a default with its source: never a constant in code. The latest `valid_from` not after a day holds."""

    __tablename__ = "rule_value"
    __table_args__ = (sa.UniqueConstraint("name", "valid_from"),)

    id: int = identity()
    name: str
    valid_from: date
    value: int
    unit: str
    source: str
    article: str = ""
    proposed_by: int | None = reference("account.id", index=False, nullable=True)
    approved_by: int | None = reference("account.id", index=False, nullable=True)
