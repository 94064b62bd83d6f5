"""The statutory timetable: which period must lie between which two dates of a notice, by which article.

The rules are data (timetable.csv), each with the day from which its law is in force. A process is judged by the law
of the day on which it opened. Rules known only from memory or secondary reports ("K") warn and never refuse.
"""

import csv
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

from core import clock
from core.workdays import WorkCalendar
from tendering.content import Bid, Content, Dates, Publication
from tendering.rules import Category, NoticeKind

RANKED_CANDIDATES = 3
FEWEST_BIDDERS = 3


class Bound(StrEnum):
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    EXACTLY = "exactly"


@dataclass(frozen=True, slots=True)
class Rule:
    """`end` must lie `bound` `value` `unit`s after `start`. `meaning` is Chinese and a message id."""

    id: str
    categories: frozenset[Category]
    kinds: frozenset[NoticeKind]
    methods: frozenset[str]
    start: str
    end: str
    bound: Bound
    value: int
    unit: str
    law: str
    article: str
    confirmed: bool
    since: date
    until: date | None
    meaning: str

    def applies(self, category: Category, kind: NoticeKind, method: str | None, day: date) -> bool:
        return (
            category in self.categories
            and kind in self.kinds
            and (not self.methods or method in self.methods)
            and self.since <= day
            and (self.until is None or day <= self.until)
        )

    def last_day(self, start: date, calendar: WorkCalendar) -> date:
        """The last day of the period: the start's own day is excluded, a day off rolls on (民法典 201, 203)."""
        if self.unit == "workday":
            return calendar.add_working_days(start, self.value)
        return calendar.add_calendar_days(start, self.value)


@dataclass(frozen=True, slots=True)
class Finding:
    """A date (or count) that breaks a rule. `lawful` is the earliest or latest lawful day."""

    rule: str
    field: str
    meaning: str
    law: str
    article: str
    refuses: bool
    stated: date | None = None
    lawful: date | None = None


@dataclass(frozen=True, slots=True)
class DatedRule:
    """A date that a notice states, with the rule that governs it (None where no rule is known)."""

    field: str
    moment: datetime
    rule: Rule | None
    lawful: date | None


@cache
def timetable() -> tuple[Rule, ...]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as source:
        return tuple(_rule(row) for row in csv.DictReader(source))


@lru_cache(maxsize=4096)
def rules_for(category: Category, kind: NoticeKind, method: str | None, day: date) -> tuple[Rule, ...]:
    return tuple(rule for rule in timetable() if rule.applies(category, kind, method, day))


@cache
def fields_of(category: Category, kind: NoticeKind) -> frozenset[str]:
    """The dates that any rule speaks of for such a notice."""
    rules = [rule for rule in timetable() if category in rule.categories and kind in rule.kinds]
    return frozenset(name for rule in rules for name in (rule.start, rule.end))


def stated_dates(content: Content, published_at: datetime) -> dict[str, datetime]:
    """Every date that the notice states, by the names that rules use.

    Documents are issued with the notice where it says nothing else.
    """
    fields = {name: getattr(content.dates, name) for name in Dates.__struct_fields__}
    stated = {"published": published_at, **{name: value for name, value in fields.items() if value}}
    if "bid_deadline" in stated:
        stated.setdefault("documents_from", published_at)
    return stated


def check_before_publication(
    publication: Publication, *, law_of: date, calendar: WorkCalendar
) -> list[Finding]:
    """What is unlawful about a notice, by the law of the process's first day. Empty when nothing is."""
    category, kind, content = publication.category, publication.kind, publication.content
    stated = stated_dates(content, publication.published_at)
    dates = {name: clock.local_date(moment) for name, moment in stated.items()}
    findings = [
        _finding(rule, dates[rule.end], lawful)
        for rule in rules_for(category, kind, content.method, law_of)
        if rule.start in dates and rule.end in dates
        for lawful in [rule.last_day(dates[rule.start], calendar)]
        if _breaks(rule, dates, lawful)
    ]
    if category in {Category.WORKS, Category.OTHER}:
        findings += _counts(kind, content)
    return findings


def earliest_dates(
    category: Category, kind: NoticeKind, method: str | None, day: date, *, calendar: WorkCalendar
) -> dict[str, date]:
    """The earliest lawful dates of a notice published on this day, by the names that rules use.

    Only those that rules speak of; what no rule leads up to begins on the day itself.
    """
    rules = [rule for rule in rules_for(category, kind, method, day) if rule.bound is not Bound.AT_MOST]
    ends = {rule.end for rule in rules}
    dates = {rule.start: day for rule in rules if rule.start not in ends}
    for _ in rules:  # one rule's end may be another one's start
        for rule in rules:
            if rule.start in dates:
                dates[rule.end] = rule.last_day(dates[rule.start], calendar)
    return dates


def dated_rules(
    category: Category,
    kind: NoticeKind,
    content: Content,
    *,
    published_at: datetime,
    law_of: date,
    calendar: WorkCalendar,
) -> list[DatedRule]:
    """The notice's dates in order, each with its rule and the last day that the rule gives."""
    stated = stated_dates(content, published_at)
    governing = {
        rule.end: rule
        for rule in reversed(rules_for(category, kind, content.method, law_of))
        if rule.start in stated
    }
    return [
        DatedRule(
            name,
            moment,
            rule,
            rule.last_day(clock.local_date(stated[rule.start]), calendar) if rule else None,
        )
        for name, moment in sorted(stated.items(), key=lambda item: item[1])
        for rule in [governing.get(name)]
    ]


def _breaks(rule: Rule, dates: dict[str, date], lawful: date) -> bool:
    end = dates[rule.end]
    if rule.bound is Bound.AT_LEAST:
        return end < lawful
    if rule.bound is Bound.AT_MOST:
        return end > lawful
    return end != dates[rule.start]


def _counts(kind: NoticeKind, content: Content) -> list[Finding]:
    """At most three ranked candidates (条例 53); no opening with fewer than three bidders (条例 44), by lot."""
    by_lot: dict[str, list[Bid]] = {}
    for bid in content.bids:
        by_lot.setdefault(bid.lot, []).append(bid)
    findings = []
    if kind is NoticeKind.CANDIDATES and any(len(bids) > RANKED_CANDIDATES for bids in by_lot.values()):
        meaning = "中标候选人不超过三个，并标明排序"
        findings.append(Finding("GC-12", "bids", meaning, "招标投标法实施条例", "53", refuses=True))
    if kind is NoticeKind.OPENING and any(len(bids) < FEWEST_BIDDERS for bids in by_lot.values()):
        meaning = "投标人少于三个的不得开标，应当重新招标"
        findings.append(Finding("GC-10", "bids", meaning, "招标投标法实施条例", "44", refuses=True))
    return findings


def _finding(rule: Rule, stated: date, lawful: date) -> Finding:
    return Finding(
        rule.id,
        rule.end,
        rule.meaning,
        rule.law,
        rule.article,
        refuses=rule.confirmed,
        stated=stated,
        lawful=lawful,
    )


def _rule(row: dict[str, str]) -> Rule:
    return Rule(
        id=row["id"],
        categories=frozenset(map(Category, row["categories"].split())),
        kinds=frozenset(map(NoticeKind, row["kinds"].split())),
        methods=frozenset(row["methods"].split()),
        start=row["start"],
        end=row["end"],
        bound=Bound(row["bound"]),
        value=int(row["value"]),
        unit=row["unit"],
        law=row["law"],
        article=row["article"],
        confirmed=row["verified"].startswith("V"),
        since=date.fromisoformat(row["since"]),
        until=date.fromisoformat(row["until"]) if row["until"] else None,
        meaning=row["meaning"],
    )
