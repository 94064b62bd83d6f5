"""Until when a bidder may complain (投诉) after an answer, and how soon the complaint must be handled. Pure.

Works: 招标投标法实施条例 60, 61. Procurement: 政府采购法 55–57, 财政部令第94号 17, 21, 26.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from core import clock
from core.workdays import WorkCalendar
from tendering.remedies import RemedyKind

WORKS_DAYS = 10  # GC-16, from the answer; the time that the answer took is not counted
WORKS_ACCEPT_WORKDAYS = 3  # GC-17
PROCUREMENT_WORKDAYS = 15  # GP-26, from the end of the period for the answer
PROCUREMENT_EXAMINE_WORKDAYS = 5  # GP-27
DECIDE_WORKDAYS = 30  # GC-18 from acceptance, GP-28 from receipt
SUSPENSION_DAYS = 30  # GP-29


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when one may complain. `meaning` is Chinese and a message id."""

    opens: datetime
    closes: datetime
    law: str
    article: str
    meaning: str

    def is_open(self, now: datetime) -> bool:
        return self.opens <= now < self.closes


def window_of(
    kind: RemedyKind, *, answer_due: date, answered_at: datetime | None, calendar: WorkCalendar
) -> Window:
    """Whoever was answered, or waited in vain, may complain."""
    opens = answered_at or _start_of(answer_due + timedelta(days=1))
    if kind is RemedyKind.CHALLENGE:
        closes = _start_of(calendar.add_working_days(answer_due, PROCUREMENT_WORKDAYS) + timedelta(days=1))
        return Window(opens, closes, "政府采购法", "55", "投诉在质疑答复期满后十五个工作日内提出")
    answered = clock.local_date(answered_at) if answered_at else answer_due
    closes = _start_of(calendar.add_calendar_days(answered, WORKS_DAYS) + timedelta(days=1))
    return Window(opens, closes, "招标投标法实施条例", "60", "投诉在知道或者应当知道之日起十日内提出")


def accept_due(kind: RemedyKind, received_at: datetime, calendar: WorkCalendar) -> date:
    """The last day to accept or decline it."""
    challenged = kind is RemedyKind.CHALLENGE
    count = PROCUREMENT_EXAMINE_WORKDAYS if challenged else WORKS_ACCEPT_WORKDAYS
    return calendar.add_working_days(clock.local_date(received_at), count)


def decide_due(
    kind: RemedyKind, *, received_at: datetime, accepted_at: datetime, calendar: WorkCalendar
) -> date:
    """The last day for the decision."""
    start = received_at if kind is RemedyKind.CHALLENGE else accepted_at
    return calendar.add_working_days(clock.local_date(start), DECIDE_WORKDAYS)


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=clock.LOCAL)
