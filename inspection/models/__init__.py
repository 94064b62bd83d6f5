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
from inspection.models.catalogue import Matter, RuleValue
from inspection.models.organisation import CalendarFeed, Certificate, Leave, Officer, Recusal, Vehicle
from inspection.models.visits import (
    Booking,
    CheckIn,
    Finding,
    JointOpinion,
    Letter,
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
    "CheckIn",
    "Clock",
    "Finding",
    "JointOpinion",
    "Leave",
    "Letter",
    "Matter",
    "Officer",
    "Opinion",
    "Party",
    "Pause",
    "Project",
    "Promise",
    "Recusal",
    "RuleValue",
    "Segment",
    "SlotProposal",
    "SlotSearch",
    "Vehicle",
    "ViolationRecord",
    "Visit",
]
