"""What is told in writing and what is issued: letters, the joint opinion, and the bytes of each as a PDF."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.printed import verification_code
from core.tables import Json, Timestamp, enum_type, identity, reference
from inspection.states import LetterKind


class Paper(SQLModel, table=True):
    """A PDF that we issued, under the SHA-256 of its own bytes; never changed (`migrations/schema.py`)."""

    __tablename__ = "paper"

    sha256: str = Field(primary_key=True, sa_type=sa.CHAR(64))
    pdf: bytes = Field(sa_type=sa.LargeBinary)
    made_at: datetime = Field(sa_type=Timestamp)


class Letter(SQLModel, table=True):
    """Something told in writing, with its proof: sent, read, to be answered by."""

    __tablename__ = "letter"
    __table_args__ = (sa.Index("ix_letter_case_id", "case_id", "id"),)

    id: int = identity()
    case_id: int = reference("inspection_case.id", index=False)
    party_id: int | None = reference("party.id", nullable=True)
    visit_id: int | None = reference("visit.id", nullable=True)
    kind: LetterKind = Field(sa_type=enum_type(LetterKind))
    recipient: str
    """`department:CODE`, `account:ID` or `office:ROLE`."""
    content: dict[str, Any] = Field(sa_type=Json)
    sent_at: datetime = Field(sa_type=Timestamp)
    reply_by: date | None = None
    read_at: datetime | None = Field(default=None, sa_type=Timestamp)
    read_by: int | None = reference("account.id", index=False, nullable=True)
    handed_over_by: int | None = reference("account.id", index=False, nullable=True)
    """Who served it on paper, where it was not opened on the site."""
    verification_code: str = Field(default_factory=verification_code, unique=True)
    sha256: str | None = Field(default=None, foreign_key="paper.sha256", index=True, sa_type=sa.CHAR(64))
    """Of its one rendering; empty until the worker has made it."""


class JointOpinion(SQLModel, table=True):
    """联合验收意见书. `content` is what was decided, `sha256` that of its one rendering."""

    __tablename__ = "joint_opinion"

    id: int = identity()
    case_id: int = Field(
        foreign_key="inspection_case.id", unique=True, sa_type=sa.BigInteger, ondelete="RESTRICT"
    )
    verification_code: str = Field(unique=True)
    issued_at: datetime = Field(sa_type=Timestamp)
    issued_by: int = reference("account.id", index=False)
    content: dict[str, Any] = Field(sa_type=Json)
    sha256: str | None = Field(default=None, foreign_key="paper.sha256", index=True, sa_type=sa.CHAR(64))
    revoked_at: datetime | None = Field(default=None, sa_type=Timestamp)
    revoked_by: int | None = reference("account.id", index=False, nullable=True)
