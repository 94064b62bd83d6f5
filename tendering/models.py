"""Tables of published notices. A notice's row is never changed: a trigger refuses it."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType
from sqlmodel import Field, SQLModel

from core.tables import Json, Timestamp, enum_type, identity, reference
from tendering.content import Party, content_from
from tendering.remedies import RemedyKind
from tendering.rules import Category, Nature, NoticeKind, Stage
from tendering.search import text_of

#: The Open Contracting prefix of this publisher: "ocds-" and six characters.
OCID_PREFIX = "ocds-linlan"


class TransactionId(UserDefinedType[str]):
    """xid8: the full, never reused number of the writing transaction, by which the change feed is ordered."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


class Process(SQLModel, table=True):
    """One contracting process. What it is now follows from its notices; the row only holds them together."""

    __tablename__ = "process"

    id: int = identity()
    code: str = Field(unique=True)
    category: Category = Field(sa_type=enum_type(Category))
    opened_on: date
    """The law of this day governs the process."""
    notices: int = 0
    latest_kind: NoticeKind | None = Field(default=None, sa_type=enum_type(NoticeKind))

    @property
    def ocid(self) -> str:
        return ocid_of(self.code)


def ocid_of(code: str) -> str:
    return f"{OCID_PREFIX}-{code}"


class Notice(SQLModel, table=True):
    """One publication. `content` is what it says (`content.Content`), the other columns are its head.

    `digest` is the SHA-256 of what was published.
    """

    __tablename__ = "notice"
    __table_args__ = (
        sa.UniqueConstraint("process_id", "ordinal", name="uq_notice_process_ordinal"),
        sa.UniqueConstraint("source", "source_key", name="uq_notice_source_key"),
        sa.Index("ix_notice_newest", sa.desc("published_at"), sa.desc("id")),
        sa.Index("ix_notice_change", "xid", "id"),
        sa.Index("ix_notice_project", "project_code", postgresql_where=sa.text("project_code IS NOT NULL")),
        # A buyer's figures are counted from its openings, candidates and results.
        sa.Index("ix_notice_buyer", "buyer_name", "kind", postgresql_where=sa.text("buyer_name IS NOT NULL")),
    )

    id: int = identity()
    code: str = Field(unique=True)
    process_id: int = reference("process.id", index=False)
    ordinal: int
    category: Category = Field(sa_type=enum_type(Category))
    kind: NoticeKind = Field(sa_type=enum_type(NoticeKind))
    stage: Stage = Field(sa_type=enum_type(Stage))
    nature: Nature = Field(sa_type=enum_type(Nature))
    about_id: int | None = reference("notice.id", nullable=True)
    title: str
    district: str | None = None
    project_code: str | None = None
    buyer_name: str | None = None
    buyer_code: str | None = None
    buyer_scheme: str | None = None
    amount: Decimal | None = Field(default=None, sa_type=sa.Numeric(18, 2))
    published_at: datetime = Field(sa_type=Timestamp)
    closes_at: datetime | None = Field(default=None, sa_type=Timestamp)
    """Bid deadline or end of publicity: what a reader must not miss."""
    recorded_at: datetime = Field(sa_type=Timestamp)
    source: str
    source_key: str
    content: dict[str, Any] = Field(sa_type=Json)
    digest: str = Field(sa_type=sa.CHAR(64))
    xid: str = Field(
        default=None,
        sa_type=TransactionId,
        nullable=False,
        sa_column_kwargs={"server_default": sa.text("pg_current_xact_id()")},
    )

    @property
    def search_text(self) -> str:
        """What its search entry holds."""
        return text_of(self.title, self.code, self.project_code, self.buyer, content_from(self.content))

    @property
    def buyer(self) -> Party | None:
        return Party(self.buyer_name, self.buyer_code, self.buyer_scheme) if self.buyer_name else None


class SearchEntry(SQLModel, table=True):
    """A notice as search reads it: narrow, so that a page of memory holds many. Derived, and never changed either.

    `month` counts civil months since the year 0; the index's keys begin with it. `search.py` says what `facets` and
    `text` hold.
    """

    __tablename__ = "search_entry"
    __table_args__ = (
        sa.Index("ix_search_entry_newest", "published_at", "notice_id"),
        sa.Index("ix_search_entry_month", "month"),
        sa.Index("ix_search_entry_district", "district"),
        sa.Index(
            "ix_search_entry_closing",
            "closes_at",
            postgresql_include=["month"],
            postgresql_where=sa.text("closes_at IS NOT NULL"),
        ),
    )

    notice_id: int = Field(
        primary_key=True,
        foreign_key="notice.id",
        sa_type=sa.BigInteger,
        sa_column_kwargs={"autoincrement": False},
    )
    month: int
    published_at: datetime = Field(sa_type=Timestamp)
    closes_at: datetime | None = Field(default=None, sa_type=Timestamp)
    amount: Decimal | None = Field(default=None, sa_type=sa.Numeric(18, 2))
    category: Category = Field(sa_type=enum_type(Category))
    stage: Stage = Field(sa_type=enum_type(Stage))
    district: str | None = None
    facets: list[int] = Field(sa_type=postgresql.ARRAY(sa.Integer))
    text: str


class NoticeTree(SQLModel, table=True):
    """A day's Merkle tree of notices: root, signature and public key in hexadecimal."""

    __tablename__ = "notice_tree"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    day: date
    size: int
    root: str = Field(sa_type=sa.CHAR(64))
    signature: str = Field(sa_type=sa.CHAR(128))
    public_key: str = Field(sa_type=sa.CHAR(64))
    made_at: datetime = Field(sa_type=Timestamp)


class SealedNotice(SQLModel, table=True):
    """Which tree a notice is in, and where."""

    __tablename__ = "sealed_notice"
    __table_args__ = (sa.UniqueConstraint("tree", "place", name="uq_sealed_notice_place"),)

    notice_id: int = Field(
        primary_key=True,
        foreign_key="notice.id",
        sa_type=sa.BigInteger,
        sa_column_kwargs={"autoincrement": False},
    )
    tree: int = Field(foreign_key="notice_tree.number")
    place: int


class Supplier(SQLModel, table=True):
    __tablename__ = "supplier"

    id: int = identity()
    name: str = Field(unique=True)
    code: str | None = Field(default=None, index=True)


class Participation(SQLModel, table=True):
    """A supplier in a notice: who bid, was ranked, won. Derived from the content, for supplier pages and figures."""

    __tablename__ = "participation"
    __table_args__ = (sa.Index("ix_participation_supplier", "supplier_id", sa.desc("notice_id")),)

    notice_id: int = Field(primary_key=True, foreign_key="notice.id", sa_type=sa.BigInteger)
    supplier_id: int = Field(primary_key=True, foreign_key="supplier.id", sa_type=sa.BigInteger)
    lot: str = Field(primary_key=True)
    rank: int | None = None
    leads: bool = True
    won: bool = False
    amount: Decimal | None = Field(default=None, sa_type=sa.Numeric(18, 2))


class Delivery(SQLModel, table=True):
    """One delivery of a source system, answered once: `answer` is repeated for the same idempotency key."""

    __tablename__ = "delivery"
    __table_args__ = (
        sa.UniqueConstraint("source", "idempotency_key", name="uq_delivery_source_key"),
        sa.Index("ix_delivery_source_received", "source", sa.desc("received_at")),
    )

    id: int = identity()
    source: str
    idempotency_key: str
    body_hash: str = Field(sa_type=sa.CHAR(64))
    received_at: datetime = Field(sa_type=Timestamp)
    newest: datetime | None = Field(default=None, sa_type=Timestamp)
    """The publication time of its newest item: the source's lag is counted from it."""
    answer: dict[str, Any] = Field(sa_type=Json)


class QuarantineState(StrEnum):
    OPEN = "open"
    PUBLISHED = "published"
    DISMISSED = "dismissed"


class Quarantined(SQLModel, table=True):
    """A delivered item that could not be published: kept as it came, with what is wrong, until a clerk decides."""

    __tablename__ = "quarantined"
    __table_args__ = (
        sa.Index("ix_quarantined_open", "source", "id", postgresql_where=sa.text("state = 'open'")),
    )

    id: int = identity()
    delivery_id: int = reference("delivery.id")
    source: str
    key: str
    row: dict[str, str] = Field(sa_type=Json)
    problems: list[dict[str, Any]] = Field(sa_type=Json)
    state: QuarantineState = Field(sa_type=enum_type(QuarantineState))
    decided_by: int | None = reference("account.id", index=False, nullable=True)
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)


class DraftState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"


class Draft(SQLModel, table=True):
    """A notice that a clerk writes and another one publishes."""

    __tablename__ = "notice_draft"
    __table_args__ = (
        sa.CheckConstraint("published_by IS NULL OR published_by <> drafted_by", name="four_eyes"),
    )

    id: int = identity()
    process_code: str | None = None
    """The process that it continues; None begins a new one."""
    publication: dict[str, Any] = Field(sa_type=Json)
    state: DraftState = Field(sa_type=enum_type(DraftState))
    drafted_by: int = reference("account.id", index=False)
    drafted_at: datetime = Field(sa_type=Timestamp)
    published_by: int | None = reference("account.id", index=False, nullable=True)
    publish_at: datetime | None = Field(default=None, sa_type=Timestamp)
    """When it is published by itself, once approved for later."""
    notice_id: int | None = reference("notice.id", index=False, nullable=True)
    remark: str = ""
    """Why it was sent back."""


class Objection(SQLModel, table=True):
    """异议 or 质疑 against a notice. `organisation` and `text` stay with the centre; the answer is published."""

    __tablename__ = "objection"
    __table_args__ = (
        # Before each publication: does the process wait for an answer?
        sa.Index("ix_objection_unanswered", "process_id", postgresql_where=sa.text("answered_at IS NULL")),
        sa.Index("ix_objection_newest", sa.desc("raised_at"), sa.desc("id")),
    )

    id: int = identity()
    code: str = Field(unique=True)
    kind: RemedyKind = Field(sa_type=enum_type(RemedyKind))
    notice_id: int = reference("notice.id")
    process_id: int = reference("process.id", index=False)
    raised_by: int = reference("account.id")
    raised_at: datetime = Field(sa_type=Timestamp)
    organisation: str
    text: str
    answer_due: date
    calendar_version: str
    answered_by: int | None = reference("account.id", index=False, nullable=True)
    answered_at: datetime | None = Field(default=None, sa_type=Timestamp)
    answer: str | None = None
    upheld: bool | None = None
