"""Slots, visits and bookings; what was found on site, said and signed."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlmodel import Field, SQLModel

from core.tables import Json, Timestamp, enum_type, identity, reference
from inspection.models.organisation import Degrees
from inspection.states import (
    BookingState,
    FindingState,
    RecheckMode,
    SearchState,
    Verdict,
    VisitState,
)


class SlotSearch(SQLModel, table=True):
    """One request for joint slots, and its answer: proposals, or the smallest reason why there are none."""

    __tablename__ = "slot_search"
    __table_args__ = (sa.Index("ix_slot_search_case_id", "case_id", "id"),)

    id: int = identity()
    case_id: int = reference("inspection_case.id", index=False)
    round: int
    first_day: date
    last_day: date
    state: SearchState = Field(sa_type=enum_type(SearchState))
    asked_by: int | None = reference("account.id", index=False, nullable=True)
    asked_at: datetime = Field(sa_type=Timestamp)
    answered_at: datetime | None = Field(default=None, sa_type=Timestamp)
    calendar_version: str = ""
    explanation: list[dict[str, Any]] = Field(default=[], sa_type=Json)
    """{kind: conflict | way_out, reasons: [{code, zh, en}]}"""


class SlotProposal(SQLModel, table=True):
    """One ranked slot. `teams` is a list of {party_id, starts_at, ends_at, officer_ids}; times in ISO 8601."""

    __tablename__ = "slot_proposal"
    __table_args__ = (sa.UniqueConstraint("search_id", "rank"),)

    id: int = identity()
    search_id: int = reference("slot_search.id", index=False)
    rank: int
    starts_at: datetime = Field(sa_type=Timestamp)
    ends_at: datetime = Field(sa_type=Timestamp)
    teams: list[dict[str, Any]] = Field(sa_type=Json)
    reasons: list[dict[str, Any]] = Field(sa_type=Json)
    """{code, zh, en} for each thing that speaks for or against it."""


class Visit(SQLModel, table=True):
    __tablename__ = "visit"
    __table_args__ = (
        sa.Index(
            "uq_visit_standing",
            "case_id",
            "round",
            unique=True,
            postgresql_where=sa.text("state <> 'cancelled'"),
        ),
        sa.CheckConstraint("starts_at < ends_at", name="span"),
    )

    id: int = identity()
    case_id: int = reference("inspection_case.id", index=False)
    round: int
    state: VisitState = Field(sa_type=enum_type(VisitState))
    mode: RecheckMode = Field(default=RecheckMode.SITE, sa_type=enum_type(RecheckMode))
    starts_at: datetime = Field(sa_type=Timestamp, index=True)
    ends_at: datetime = Field(sa_type=Timestamp)
    confirmed_by: int = reference("account.id", index=False)
    opened_at: datetime | None = Field(default=None, sa_type=Timestamp)
    closed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    minutes_text: str = ""
    """联合验收会议纪要"""


class Booking(SQLModel, table=True):
    """An officer's part in a visit. The database itself refuses to have one officer in two places."""

    __tablename__ = "booking"
    __table_args__ = (
        ExcludeConstraint(
            (sa.text("int8range(officer_id, officer_id, '[]')"), "&&"),
            (sa.column("during"), "&&"),
            name="ex_booking_officer_during",
            using="gist",
            where=sa.text("state <> 'cancelled'"),
        ),
        sa.Index("ix_booking_visit_id", "visit_id", "party_id"),
    )

    id: int = identity()
    visit_id: int = reference("visit.id", index=False)
    party_id: int = reference("party.id")
    officer_id: int = reference("officer.id")
    during: Range[datetime] = Field(sa_type=TSTZRANGE)
    state: BookingState = Field(sa_type=enum_type(BookingState))

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Start and end: `during` is bounded on both sides."""
        return cast("datetime", self.during.lower), cast("datetime", self.during.upper)


class CheckIn(SQLModel, table=True):
    """`distance` is in metres from the site; outside the radius or the hour a reason is needed."""

    __tablename__ = "check_in"
    __table_args__ = (sa.UniqueConstraint("visit_id", "officer_id"),)

    id: int = identity()
    visit_id: int = reference("visit.id", index=False)
    party_id: int = reference("party.id", index=False)
    officer_id: int = reference("officer.id")
    at: datetime = Field(sa_type=Timestamp)
    lon: Decimal | None = Field(default=None, sa_type=Degrees)
    lat: Decimal | None = Field(default=None, sa_type=Degrees)
    distance: int | None = None
    override_reason: str = ""
    received_at: datetime | None = Field(default=None, sa_type=Timestamp)
    """When the service learnt of it, where that was later than `at`."""
    left_at: datetime | None = Field(default=None, sa_type=Timestamp)
    """Where the lead saw him leave before the visit was closed."""


class Opinion(SQLModel, table=True):
    """A party's opinion of one round. It stands once two different officers have signed."""

    __tablename__ = "opinion"
    __table_args__ = (
        sa.UniqueConstraint("party_id", "round"),
        sa.CheckConstraint("second_signer <> first_signer", name="two_signers"),
    )

    id: int = identity()
    party_id: int = reference("party.id", index=False)
    visit_id: int | None = reference("visit.id", nullable=True)
    """Empty where the party rechecked at its desk."""
    round: int
    verdict: Verdict = Field(sa_type=enum_type(Verdict))
    text: str
    first_signer: int = reference("officer.id", index=False)
    first_signed_at: datetime = Field(sa_type=Timestamp)
    second_signer: int | None = reference("officer.id", index=False, nullable=True)
    second_signed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    version: int = 1
    """Grows with each rewording, so that nobody signs what he has not read."""


class Finding(SQLModel, table=True):
    """Something to rectify. `evidence` names stored files, `photos` pictures in the store by their SHA-256.

    `place` is a point on a page of a submitted drawing: {file, page, x, y, height}, x and y as shares of
    the picture's width and height, which is given where the width is 1000.
    `key` is the name under which a phone recorded it.
    """

    __tablename__ = "finding"

    id: int = identity()
    case_id: int = reference("inspection_case.id")
    party_id: int = reference("party.id")
    round: int
    text: str
    basis: str = ""
    safety_critical: bool = False
    recheck: RecheckMode = Field(sa_type=enum_type(RecheckMode))
    due: date
    key: str | None = Field(default=None, unique=True, max_length=64)
    officer_id: int | None = reference("officer.id", index=False, nullable=True)
    version: int = 1
    place: dict[str, Any] | None = Field(default=None, sa_type=Json)
    photos: list[str] = Field(default=[], sa_type=Json)
    state: FindingState = Field(sa_type=enum_type(FindingState))
    rectification: str = ""
    evidence: list[str] = Field(default=[], sa_type=Json)
    rectified_at: datetime | None = Field(default=None, sa_type=Timestamp)
    remote_look: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """远程复验: {text, photos, officer, at}"""
    cleared_at: datetime | None = Field(default=None, sa_type=Timestamp)
