"""What is to happen in a process because a date comes, and what may not be published before. Pure.

Nothing opens or closes because a request happened to arrive: each of these is a timed event.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from core import clock
from core.i18n import N_
from core.workdays import WorkCalendar
from tendering.content import Content
from tendering.remedies import remedy_of
from tendering.rules import Category, NoticeKind

CONTRACT_DAYS = 30  # 招标投标法 46, 政府采购法 46


class MilestoneName(StrEnum):
    REMEDY_ENDS = "remedy_ends"
    BIDS_CLOSE = "bids_close"
    LISTING_ENDS = "listing_ends"
    PUBLICITY_ENDS = "publicity_ends"
    CONTRACT_DUE = "contract_due"


class MilestoneState(StrEnum):
    """As Open Contracting's milestone states: scheduled, met, notMet; BLOCKED waits for an answer."""

    SCHEDULED = "scheduled"
    MET = "met"
    BLOCKED = "blocked"
    MISSED = "missed"
    CANCELLED = "cancelled"


TITLES: Mapping[MilestoneName, str] = {
    MilestoneName.REMEDY_ENDS: N_("异议或质疑期限届满"),
    MilestoneName.BIDS_CLOSE: N_("投标截止并开标"),
    MilestoneName.LISTING_ENDS: N_("挂牌截止"),
    MilestoneName.PUBLICITY_ENDS: N_("公示期满"),
    MilestoneName.CONTRACT_DUE: N_("合同订立期限"),
}
#: What waits while an objection or challenge is unanswered (招标投标法实施条例 22, 54; 政府采购法 57).
WAITING = frozenset({MilestoneName.BIDS_CLOSE, MilestoneName.LISTING_ENDS, MilestoneName.PUBLICITY_ENDS})
#: What ends a process's plan.
ENDING = frozenset({NoticeKind.TERMINATION, NoticeKind.FAILED})


@dataclass(frozen=True, slots=True)
class Planned:
    """`due` is the instant at which it happens; `law` and `article` are empty where only the notice says so."""

    name: MilestoneName
    due: datetime
    law: str = ""
    article: str = ""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a notice of the process says, newest last."""

    kind: NoticeKind
    content: Content


def milestones_of(
    category: Category, kind: NoticeKind, content: Content, *, published_at: datetime, calendar: WorkCalendar
) -> list[Planned]:
    """What a notice sets going, by date."""
    dates = content.dates
    planned = []
    if dates.bid_deadline and kind in {NoticeKind.TENDER, NoticeKind.CLARIFICATION}:
        planned.append(Planned(MilestoneName.BIDS_CLOSE, dates.bid_deadline, "招标投标法", "34"))
    if dates.listing_to:
        planned.append(Planned(MilestoneName.LISTING_ENDS, dates.listing_to))
    if dates.publicity_to and kind in {NoticeKind.CANDIDATES, NoticeKind.SINGLE_SOURCE}:
        planned.append(Planned(MilestoneName.PUBLICITY_ENDS, dates.publicity_to, "招标投标法实施条例", "54"))
    remedy = remedy_of(category, kind, content, published_at=published_at, calendar=calendar)
    if remedy is not None:
        planned.append(Planned(MilestoneName.REMEDY_ENDS, remedy.until, remedy.law, remedy.article))
    if kind is NoticeKind.RESULT and category in {Category.WORKS, Category.PROCUREMENT, Category.OTHER}:
        awarded = clock.local_date(dates.award_letter or published_at)
        last = calendar.add_calendar_days(awarded, CONTRACT_DAYS)
        law = "政府采购法" if category is Category.PROCUREMENT else "招标投标法"
        planned.append(Planned(MilestoneName.CONTRACT_DUE, _end_of(last), law, "46"))
    return sorted(planned, key=lambda item: item.due)


#: A notice of this kind may not be published before that date of the process's earlier notices, by this article.
GATES: Mapping[NoticeKind, tuple[tuple[MilestoneName, str, str], ...]] = {
    NoticeKind.OPENING: ((MilestoneName.BIDS_CLOSE, "招标投标法", "34"),),
    NoticeKind.CANDIDATES: ((MilestoneName.BIDS_CLOSE, "招标投标法", "34"),),
    NoticeKind.RESULT: (
        (MilestoneName.BIDS_CLOSE, "招标投标法", "34"),
        (MilestoneName.PUBLICITY_ENDS, "招标投标法实施条例", "54"),
    ),
}


def too_early(kind: NoticeKind, chain: Sequence[Stated], now: datetime) -> Planned | None:
    """The date that this notice would have to wait for; None when it may be published now."""
    for name, law, article in GATES.get(kind, ()):
        due = _stated(name, chain)
        if due is not None and now < due:
            return Planned(name, due, law, article)
    return None


def _stated(name: MilestoneName, chain: Sequence[Stated]) -> datetime | None:
    """The last word of the chain about this date."""
    for notice in reversed(chain):
        dates = notice.content.dates
        calls = notice.kind in {NoticeKind.TENDER, NoticeKind.CLARIFICATION}
        if name is MilestoneName.BIDS_CLOSE and calls and dates.bid_deadline:
            return dates.bid_deadline
        if (
            name is MilestoneName.PUBLICITY_ENDS
            and notice.kind is NoticeKind.CANDIDATES
            and dates.publicity_to
        ):
            return dates.publicity_to
    return None


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=clock.LOCAL)
