"""The intake's tables: stored bytes, what they were found to be, dossiers, notices, changes of the rules."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables import Json, Timestamp, enum_type, identity, reference


class DossierState(StrEnum):
    OPEN = "open"
    CHECKING = "checking"
    CHECKED = "checked"


class StoredFile(SQLModel, table=True):
    """Bytes in the store, once, however often they are submitted."""

    __tablename__ = "stored_file"

    id: int = identity()
    sha256: str = Field(sa_type=sa.CHAR(64), unique=True)
    size: int = Field(sa_type=sa.BigInteger)
    stored_at: datetime = Field(sa_type=Timestamp)


class Upload(SQLModel, table=True):
    """A file on its way in, piece by piece. How far it is, the partial file says; `sha256` is set once it is whole."""

    __tablename__ = "upload"

    id: int = identity()
    key: str = Field(unique=True)
    subject: str = Field(index=True)
    name: str
    size: int = Field(sa_type=sa.BigInteger)
    sha256: str | None = Field(default=None, sa_type=sa.CHAR(64))
    opened_by: int = reference("account.id", index=False)
    opened_at: datetime = Field(sa_type=Timestamp)
    taken_at: datetime | None = Field(default=None, sa_type=Timestamp)


class DocumentResult(SQLModel, table=True):
    """A document's own report as of a day, under a version of the rules; reused when the same bytes come again.

    The day counts because certificates expire.
    """

    __tablename__ = "document_result"
    __table_args__ = (sa.UniqueConstraint("sha256", "rules_version", "day"),)

    id: int = identity()
    sha256: str = Field(sa_type=sa.CHAR(64))
    rules_version: str
    day: date
    report: dict[str, Any] = Field(sa_type=Json)
    checked_at: datetime = Field(sa_type=Timestamp)


class Dossier(SQLModel, table=True):
    """A submission. `key` is its public id; `subject` names whose it is (`case:CODE`), for other areas to know.

    It is held to the rules in force on `submitted_on`, the day of its first check, in every later round as well.
    `previous` is the report of the round before. `request_key` and `request_digest` make a program's retry harmless.
    """

    __tablename__ = "dossier"

    id: int = identity()
    key: str = Field(unique=True)
    subject: str | None = Field(default=None, index=True)
    project: dict[str, Any] = Field(sa_type=Json)
    state: DossierState = Field(sa_type=enum_type(DossierState))
    report: dict[str, Any] | None = Field(default=None, sa_type=Json)
    previous: dict[str, Any] | None = Field(default=None, sa_type=Json)
    submitted_on: date | None = None
    request_key: str | None = Field(default=None, unique=True)
    request_digest: str | None = Field(default=None, sa_type=sa.CHAR(64))
    opened_by: int | None = reference("account.id", index=False, nullable=True)
    opened_at: datetime = Field(sa_type=Timestamp)
    checked_at: datetime | None = Field(default=None, sa_type=Timestamp)


class DossierFile(SQLModel, table=True):
    """A file of a submission under the sender's name; withdrawn ones stay on record."""

    __tablename__ = "dossier_file"

    id: int = identity()
    dossier_id: int = reference("dossier.id")
    file_id: int = reference("stored_file.id", index=False)
    name: str
    added_at: datetime = Field(sa_type=Timestamp)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Timestamp)


class DeficiencyNotice(SQLModel, table=True):
    """一次性告知书 as issued: what was told, its one rendering, and the hash of that."""

    __tablename__ = "intake_notice"

    id: int = identity()
    subject: str = Field(index=True)
    verification_code: str = Field(unique=True)
    issued_at: datetime = Field(sa_type=Timestamp)
    content: dict[str, Any] = Field(sa_type=Json)
    pdf: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    sha256: str | None = Field(default=None, sa_type=sa.CHAR(64), index=True)


class RulePart(StrEnum):
    """The rule book's parts; each is one TOML text."""

    CHECKLIST = "checklist"
    SHEETS = "sheets"
    FAMILIES = "families"
    FIELDS = "fields"
    FINDINGS = "findings"


class RuleStatus(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


class RuleVersion(SQLModel, table=True):
    """A part of the rule book as changed from a day on, proposed by one administrator and approved by another."""

    __tablename__ = "rule_version"
    __table_args__ = (
        sa.CheckConstraint("approved_by IS NULL OR approved_by <> proposed_by", name="four_eyes"),
    )

    id: int = identity()
    part: RulePart = Field(sa_type=enum_type(RulePart))
    text: str
    valid_from: date
    title: str
    source: str
    status: RuleStatus = Field(sa_type=enum_type(RuleStatus))
    proposed_by: int = reference("account.id", index=False)
    proposed_at: datetime = Field(sa_type=Timestamp)
    approved_by: int | None = reference("account.id", index=False, nullable=True)
    approved_at: datetime | None = Field(default=None, sa_type=Timestamp)
