"""A problem to be scheduled, checked on construction, and the records that it is made of."""

from scheduling.records import (
    CITY_LEVELS,
    Booking,
    Certificate,
    DayWindow,
    Half,
    HalfDay,
    Hold,
    Leave,
    Level,
    Matrix,
    Office,
    Officer,
    Party,
    Post,
    ProblemData,
    Record,
    Recusal,
    Site,
    Speed,
    Term,
    Vehicle,
    Visit,
    Window,
)
from scheduling.validation import validate

__all__ = [
    "CITY_LEVELS",
    "Booking",
    "Certificate",
    "DayWindow",
    "Half",
    "HalfDay",
    "Hold",
    "Leave",
    "Level",
    "Matrix",
    "Office",
    "Officer",
    "Party",
    "Post",
    "Problem",
    "Record",
    "Recusal",
    "Site",
    "Speed",
    "Term",
    "Vehicle",
    "Visit",
    "Window",
]


class Problem(ProblemData, frozen=True, kw_only=True, dict=True):
    """All that a plan depends on. Raises `ProblemError`, with a stable code, if it contradicts itself."""

    def __post_init__(self) -> None:
        validate(self)
