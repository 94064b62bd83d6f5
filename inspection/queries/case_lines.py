"""What one case's page shows, as Structs."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from inspection.states import (
    CaseKind,
    CaseState,
    DocumentState,
    Event,
    FindingState,
    Lamp,
    LetterKind,
    Node,
    PartyState,
    PauseReason,
    Profile,
    RecheckMode,
    SearchState,
    Verdict,
    VisitState,
)


class PartyLine(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    department_code: str
    department_zh: str
    department_en: str
    matter_code: str
    matter_zh: str
    matter_en: str
    checklist: list[str]
    state: PartyState
    site: bool
    verdict: Verdict | None
    review_note: str
    reply_note: str
    reason: str
    deemed_attending: bool
    officers: list[str]
    """Names of those booked for the standing visit."""
    opinion_text: str
    signatures: int
    """Of the present round's opinion: 0, 1 or 2."""


class ClockLine(msgspec.Struct, frozen=True, kw_only=True):
    node: Node
    department_code: str | None
    responsible: str
    started_on: date
    days: int
    paused_days: int
    due: date
    lamp: Lamp
    rule: str
    article: str
    calendar_version: str
    provisional: bool
    running: bool


class DocumentLine(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    zh: str
    en: str
    main: bool
    state: DocumentState
    file_id: int | None
    note: str


class EventLine(msgspec.Struct, frozen=True, kw_only=True):
    at: datetime
    name: str
    department_code: str | None
    by: str
    data: dict[str, Any]


class ProposalLine(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    rank: int
    starts_at: datetime
    ends_at: datetime
    reasons: list[dict[str, Any]]
    teams: list[dict[str, Any]]


class SearchLine(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    state: SearchState
    asked_at: datetime
    answered_at: datetime | None
    explanation: list[dict[str, Any]]
    proposals: list[ProposalLine]


class VisitLine(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    round: int
    state: VisitState
    starts_at: datetime
    ends_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    minutes_text: str


class FindingLine(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    department_code: str
    text: str
    basis: str
    safety_critical: bool
    recheck: RecheckMode
    due: date
    state: FindingState
    rectification: str
    evidence: list[str]
    round: int
    place: dict[str, Any] | None
    photos: list[str]
    remote_look: dict[str, Any] | None
    standing: bool
    """The opinion that lists it has both signatures; until then it is the department's own note."""

    @property
    def pictures(self) -> list[str]:
        return [*self.photos, *(self.remote_look or {}).get("photos", [])]


class PromiseLine(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    kind: str
    subject: str
    text: str
    due: date
    kept_at: datetime | None
    broken_at: datetime | None


class LetterLine(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    kind: LetterKind
    party_id: int | None
    recipient: str
    content: dict[str, Any]
    sent_at: datetime
    reply_by: date | None
    read_at: datetime | None
    handed_over_by: int | None
    verification_code: str

    @property
    def kind_and_moment(self) -> tuple[datetime, str]:
        """Letters that went to several departments at once stand together."""
        return self.sent_at, self.kind.value


class PauseLine(msgspec.Struct, frozen=True, kw_only=True):
    reason: PauseReason
    detail: str
    started_on: date
    ended_on: date | None


class CaseDetail(msgspec.Struct, frozen=True, kw_only=True):
    """`events` are what may be tried in this state, guards aside."""

    code: str
    kind: CaseKind
    state: CaseState
    profile: Profile
    priority: bool
    round: int
    promised_days: int | None
    applicant_id: int
    dispatcher_id: int | None
    project_code: str
    project_name: str
    owner_name: str
    address: str
    district: str
    segment_name: str
    floor_area: Decimal
    facts: dict[str, Any]
    created_at: datetime
    submitted_at: datetime | None
    accepted_at: datetime | None
    issued_at: datetime | None
    verification_code: str | None
    opinion_ready: bool
    """The PDF has been rendered."""
    events: list[Event]
    parties: list[PartyLine]
    clocks: list[ClockLine]
    pauses: list[PauseLine]
    documents: list[DocumentLine]
    timeline: list[EventLine]
    search: SearchLine | None
    visits: list[VisitLine]
    findings: list[FindingLine]
    promises: list[PromiseLine]
    letters: list[LetterLine]
