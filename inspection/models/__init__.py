"""Every table of the area."""

from inspection.models.cases import (
    Case,
    CaseCounter,
    CaseDocument,
    CaseEvent,
    Clock,
    Party,
    Pause,
    Project,
    Promise,
    Segment,
    ViolationRecord,
)
from inspection.models.catalogue import Matter, MatterStatus, RuleValue
from inspection.models.fieldwork import CheckAnswer, FieldRecord
from inspection.models.messages import Message, MessagePreference
from inspection.models.organisation import CalendarFeed, Certificate, Leave, Officer, Recusal, Vehicle
from inspection.models.papers import JointOpinion, Letter, Paper
from inspection.models.supervision import (
    Complaint,
    ComplaintState,
    DeadlineChange,
    DeemedConsent,
    Draw,
    Fee,
    IndicatorSnapshot,
    Rating,
)
from inspection.models.visits import (
    Booking,
    CheckIn,
    Finding,
    Opinion,
    SlotProposal,
    SlotSearch,
    Visit,
)

__all__ = [
    "Booking",
    "CalendarFeed",
    "Case",
    "CaseCounter",
    "CaseDocument",
    "CaseEvent",
    "Certificate",
    "CheckAnswer",
    "CheckIn",
    "Clock",
    "Complaint",
    "ComplaintState",
    "DeadlineChange",
    "DeemedConsent",
    "Draw",
    "Fee",
    "FieldRecord",
    "Finding",
    "IndicatorSnapshot",
    "JointOpinion",
    "Leave",
    "Letter",
    "Matter",
    "MatterStatus",
    "Message",
    "MessagePreference",
    "Officer",
    "Opinion",
    "Paper",
    "Party",
    "Pause",
    "Project",
    "Promise",
    "Rating",
    "Recusal",
    "RuleValue",
    "Segment",
    "SlotProposal",
    "SlotSearch",
    "Vehicle",
    "ViolationRecord",
    "Visit",
]
