"""Projects, their segments, the joint case on a segment, and what has happened to it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables import Json, Timestamp, enum_type, identity, reference
from inspection.models.organisation import Degrees
from inspection.states import (
    CaseKind,
    CaseState,
    DocumentState,
    Lamp,
    Node,
    PartyState,
    PauseReason,
    Profile,
    PromiseKind,
    Verdict,
    Violation,
)


class Project(SQLModel, table=True):
    """`code` is the national investment project code; `owner_credit_code` the unified social credit code."""

    __tablename__ = "project"

    id: int = identity()
    code: str = Field(unique=True)
    name: str
    owner_name: str
    owner_credit_code: str = Field(index=True)
    address: str
    district: str = Field(index=True)
    lon: Decimal = Field(sa_type=Degrees)
    lat: Decimal = Field(sa_type=Degrees)
    key_project: bool = False


class Segment(SQLModel, table=True):
    """单位工程/分期. `facts` are those of `triggers.Facts`; they decide who takes part."""

    __tablename__ = "segment"
    __table_args__ = (sa.UniqueConstraint("project_id", "number"),)

    id: int = identity()
    project_id: int = reference("project.id", index=False)
    number: int
    name: str
    floor_area: Decimal = Field(sa_type=sa.Numeric(12, 2))
    """㎡"""
    buildings: int = 1
    facts: dict[str, Any] = Field(sa_type=Json)


class CaseCounter(SQLModel, table=True):
    """The last number given to a case of a year."""

    __tablename__ = "case_counter"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int


class Case(SQLModel, table=True):
    __tablename__ = "inspection_case"
    __table_args__ = (sa.Index("ix_inspection_case_state", "state", "id"),)

    id: int = identity()
    code: str = Field(unique=True)
    kind: CaseKind = Field(sa_type=enum_type(CaseKind))
    segment_id: int = reference("segment.id")
    applicant_id: int = reference("account.id")
    agent_id: int | None = reference("account.id", nullable=True)
    """代办: acts for the owner in everything but withdrawing, rating and complaining."""
    state: CaseState = Field(sa_type=enum_type(CaseState))
    profile: Profile = Field(sa_type=enum_type(Profile))
    promised_days: int | None = None
    priority: bool = False
    """绿色通道"""
    round: int = 1
    """1 for the first visit, one more for each recheck."""
    owner_reschedules: int = 0
    deficiency_notices: int = 0
    suspended_from: str | None = None
    wanted_from: date | None = None
    wanted_to: date | None = None
    created_at: datetime = Field(sa_type=Timestamp)
    submitted_at: datetime | None = Field(default=None, sa_type=Timestamp)
    received_at: datetime | None = Field(default=None, sa_type=Timestamp)
    accepted_at: datetime | None = Field(default=None, sa_type=Timestamp)
    first_visit_at: datetime | None = Field(default=None, sa_type=Timestamp)
    issued_at: datetime | None = Field(default=None, sa_type=Timestamp)
    dispatcher_id: int | None = reference("account.id", index=False, nullable=True)
    """Who confirmed the slot: may not issue."""
    issuer_id: int | None = reference("account.id", index=False, nullable=True)


class CaseEvent(SQLModel, table=True):
    """The timeline: every transition and every other fact worth counting. `name` is an `Event` or a party's fact."""

    __tablename__ = "case_event"
    __table_args__ = (
        sa.Index("ix_case_event_case_id", "case_id", "id"),
        sa.Index("ix_case_event_name", "name", "at"),
    )

    id: int = identity()
    case_id: int = reference("inspection_case.id", index=False)
    party_id: int | None = reference("party.id", nullable=True)
    at: datetime = Field(sa_type=Timestamp)
    by: int | None = reference("account.id", index=False, nullable=True)
    name: str
    state_before: str
    state_after: str
    data: dict[str, Any] = Field(default={}, sa_type=Json)


class CaseDocument(SQLModel, table=True):
    """What the intake says about one document that the case needs; `file_id` points into the intake's store."""

    __tablename__ = "case_document"
    __table_args__ = (sa.UniqueConstraint("case_id", "code"),)

    id: int = identity()
    case_id: int = reference("inspection_case.id", index=False)
    code: str
    state: DocumentState = Field(sa_type=enum_type(DocumentState))
    file_id: int | None = Field(default=None, sa_type=sa.BigInteger)
    note: str = ""


class Promise(SQLModel, table=True):
    """A gap (容缺) or a commitment (告知承诺): what is owed, by when, and whether it came."""

    __tablename__ = "promise"

    id: int = identity()
    case_id: int = reference("inspection_case.id")
    party_id: int | None = reference("party.id", nullable=True)
    kind: PromiseKind = Field(sa_type=enum_type(PromiseKind))
    subject: str
    """A document's code, or the thing promised."""
    text: str
    due: date
    made_at: datetime = Field(sa_type=Timestamp)
    kept_at: datetime | None = Field(default=None, sa_type=Timestamp)
    broken_at: datetime | None = Field(default=None, sa_type=Timestamp)


class Party(SQLModel, table=True):
    """参验部门: a department's part in a case, for one matter. `added_by` is empty where the rule drew it in."""

    __tablename__ = "party"
    __table_args__ = (sa.UniqueConstraint("case_id", "matter_id"),)

    id: int = identity()
    case_id: int = reference("inspection_case.id", index=False)
    department_code: str = Field(foreign_key="department.code", index=True)
    matter_id: int = reference("matter.id")
    state: PartyState = Field(sa_type=enum_type(PartyState))
    site: bool
    added_by: int | None = reference("account.id", index=False, nullable=True)
    reason: str = ""
    notified_at: datetime = Field(sa_type=Timestamp)
    read_at: datetime | None = Field(default=None, sa_type=Timestamp)
    review_note: str = ""
    replied_at: datetime | None = Field(default=None, sa_type=Timestamp)
    reply_note: str = ""
    deemed_attending: bool = False
    verdict: Verdict | None = Field(default=None, sa_type=enum_type(Verdict))
    """The opinion that stands; a recheck replaces it."""


class Clock(SQLModel, table=True):
    """One deadline. Rule, article and calendar version stay with it; `due` counts its last day in."""

    __tablename__ = "clock"
    __table_args__ = (sa.Index("ix_clock_running", "due", postgresql_where=sa.text("stopped_at IS NULL")),)

    id: int = identity()
    case_id: int = reference("inspection_case.id")
    party_id: int | None = reference("party.id", nullable=True)
    node: Node = Field(sa_type=enum_type(Node))
    responsible: str
    """`department:CODE`, `account:ID` or a role's name."""
    started_on: date
    days: int
    paused_days: int = 0
    due: date
    yellow_on: date
    rule: str
    article: str
    calendar_version: str
    provisional: bool = False
    """The due day lies in a year whose State Council notice is not yet known."""
    lamp: Lamp = Field(default=Lamp.GREEN, sa_type=enum_type(Lamp))
    stopped_at: datetime | None = Field(default=None, sa_type=Timestamp)


class Pause(SQLModel, table=True):
    """Time that is not counted, told in writing (行政许可法 art. 45). At most one of a kind runs."""

    __tablename__ = "pause"
    __table_args__ = (
        sa.Index(
            "uq_pause_running", "case_id", "reason", unique=True, postgresql_where=sa.text("ended_on IS NULL")
        ),
    )

    id: int = identity()
    case_id: int = reference("inspection_case.id")
    reason: PauseReason = Field(sa_type=enum_type(PauseReason))
    detail: str = ""
    started_on: date
    ended_on: date | None = None


class ViolationRecord(SQLModel, table=True):
    """A department's violation, counted by supervision."""

    __tablename__ = "violation"

    id: int = identity()
    case_id: int = reference("inspection_case.id")
    party_id: int | None = reference("party.id", nullable=True)
    department_code: str = Field(foreign_key="department.code", index=True)
    kind: Violation = Field(sa_type=enum_type(Violation))
    at: datetime = Field(sa_type=Timestamp)
    note: str = ""
