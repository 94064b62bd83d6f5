"""The intake's tables: stored bytes, what they were found to be, and dossiers made of them."""

from datetime import datetime
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


class DocumentResult(SQLModel, table=True):
    """A document's own report under a version of the rules; reused when the same bytes come again."""

    __tablename__ = "document_result"
    __table_args__ = (sa.UniqueConstraint("sha256", "rules_version"),)

    id: int = identity()
    sha256: str = Field(sa_type=sa.CHAR(64))
    rules_version: str
    report: dict[str, Any] = Field(sa_type=Json)
    checked_at: datetime = Field(sa_type=Timestamp)


class Dossier(SQLModel, table=True):
    """A submission. `key` is its public id; `subject` names whose it is (`case:CODE`), for other areas to know."""

    __tablename__ = "dossier"

    id: int = identity()
    key: str = Field(unique=True)
    subject: str | None = Field(default=None, index=True)
    project: dict[str, Any] = Field(sa_type=Json)
    state: DossierState = Field(sa_type=enum_type(DossierState))
    report: dict[str, Any] | None = Field(default=None, sa_type=Json)
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
