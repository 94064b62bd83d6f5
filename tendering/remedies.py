"""Until when a bidder may object to what a notice says, and how soon it must be answered. Pure.

异议 (works, 招标投标法实施条例 22, 54) and 质疑 (procurement, 政府采购法 52, 政府采购法实施条例 53).
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from core import clock
from core.workdays import WorkCalendar
from tendering.content import Content
from tendering.rules import Category, NoticeKind

DOCUMENT_OBJECTION_DAYS = 10  # before the bid deadline
PREQUALIFICATION_OBJECTION_DAYS = 2
ANSWER_DAYS = 3
NOTICE_PERIOD_WORKDAYS = 5
RESULT_PERIOD_WORKDAYS = 1
CHALLENGE_WORKDAYS = 7
CHALLENGE_ANSWER_WORKDAYS = 7


class RemedyKind(StrEnum):
    OBJECTION = "objection"  # 异议
    CHALLENGE = "challenge"  # 质疑


@dataclass(frozen=True, slots=True)
class Remedy:
    """What may be raised against a notice until which instant. `meaning` is Chinese and a message id."""

    kind: RemedyKind
    until: datetime
    rule: str
    law: str
    article: str
    meaning: str

    def is_open(self, now: datetime) -> bool:
        return now <= self.until


def remedy_of(
    category: Category, kind: NoticeKind, content: Content, *, published_at: datetime, calendar: WorkCalendar
) -> Remedy | None:
    """The remedy against a notice; None where the law gives none (or the notice states no date to count from)."""
    if category in {Category.WORKS, Category.OTHER}:
        return _objection(kind, content)
    if category is Category.PROCUREMENT:
        return _challenge(kind, content, clock.local_date(published_at), calendar)
    return None


def answer_due(kind: RemedyKind, raised_at: datetime, calendar: WorkCalendar) -> date:
    """The last day for the answer, counted from receipt."""
    day = clock.local_date(raised_at)
    if kind is RemedyKind.CHALLENGE:
        return calendar.add_working_days(day, CHALLENGE_ANSWER_WORKDAYS)
    return calendar.add_calendar_days(day, ANSWER_DAYS)


def _objection(kind: NoticeKind, content: Content) -> Remedy | None:
    deadline, publicity = content.dates.bid_deadline, content.dates.publicity_to
    if kind in {NoticeKind.TENDER, NoticeKind.CLARIFICATION} and deadline is not None:
        until = _end_of(clock.local_date(deadline) - timedelta(days=DOCUMENT_OBJECTION_DAYS))
        meaning = "对招标文件的异议在投标截止十日前提出"
        return Remedy(RemedyKind.OBJECTION, until, "GC-07", "招标投标法实施条例", "22", meaning)
    if kind is NoticeKind.PREQUALIFICATION and deadline is not None:
        until = _end_of(clock.local_date(deadline) - timedelta(days=PREQUALIFICATION_OBJECTION_DAYS))
        meaning = "对资格预审文件的异议在申请截止二日前提出"
        return Remedy(RemedyKind.OBJECTION, until, "GC-06", "招标投标法实施条例", "22", meaning)
    if kind is NoticeKind.CANDIDATES and publicity is not None:
        meaning = "对评标结果的异议在中标候选人公示期间提出"
        return Remedy(RemedyKind.OBJECTION, publicity, "GC-15", "招标投标法实施条例", "54", meaning)
    return None


def _challenge(kind: NoticeKind, content: Content, published: date, calendar: WorkCalendar) -> Remedy | None:
    if kind in {NoticeKind.TENDER, NoticeKind.CLARIFICATION}:
        period = calendar.add_working_days(published, NOTICE_PERIOD_WORKDAYS)
    elif kind is NoticeKind.RESULT:
        stated = content.dates.publicity_to
        period = (
            clock.local_date(stated)
            if stated is not None
            else calendar.add_working_days(published, RESULT_PERIOD_WORKDAYS)
        )
    else:
        return None
    until = _end_of(calendar.add_working_days(period, CHALLENGE_WORKDAYS))
    meaning = "质疑自公告期限届满之日起七个工作日内提出"
    return Remedy(RemedyKind.CHALLENGE, until, "GP-24", "政府采购法", "52", meaning)


def _end_of(day: date) -> datetime:
    """A period ends with its last day (民法典 203)."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=clock.LOCAL)
