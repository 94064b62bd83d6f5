"""Deadlines, lamps and pauses: arithmetic on working days. Pure.

A period starts the day after its event (民法典 art. 201), counts working days (行政许可法 art. 82), and does not count
the days of a pause (art. 45).
"""

import math
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from core.clock import LOCAL
from core.workdays import DayKind, WorkCalendar
from inspection.states import Lamp, Node, PauseReason

#: A pause stops these nodes' clocks.
PAUSED_NODES: Final[Mapping[PauseReason, frozenset[Node]]] = {
    PauseReason.SPECIAL_PROCEDURE: frozenset(Node),
    PauseReason.CORRECTING: frozenset({Node.ACCEPT}),
    PauseReason.REVIEW_REJECTED: frozenset({Node.WHOLE}),
    PauseReason.RECTIFYING: frozenset({Node.WHOLE}),
    PauseReason.OWNER_RESCHEDULED: frozenset({Node.WHOLE}),
}

#: Hours of business, in which letters are expected to be read.
BUSINESS_HOURS: Final = ((time(9), time(12)), (time(13, 30), time(17)))
NOON: Final = time(12)
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day in time, and the first day on which the lamp is yellow."""

    due: date
    yellow_on: date
    paused_days: int
    provisional: bool


def deadline(
    calendar: WorkCalendar,
    start: date,
    days: int,
    *,
    yellow_percent: int,
    yellow_before: int,
    pauses: Iterable[tuple[date, date]] = (),
) -> Deadline:
    """The deadline of `days` ≥ 1 working days after `start`; `pauses` are ended ones, (first excluded, last included].

    Yellow at `yellow_percent` of the period or `yellow_before` working days before its end, whichever is first.
    """
    used_up = min(math.ceil(days * yellow_percent / 100), days - yellow_before)
    idle = _days_of(pauses)
    due, paused = _count(calendar, start, days, idle)
    return Deadline(
        due=due,
        yellow_on=_count(calendar, start, max(used_up, 0), idle)[0],
        paused_days=paused,
        provisional=calendar.is_provisional(due),
    )


def paused_working_days(calendar: WorkCalendar, start: date, pauses: Iterable[tuple[date, date]]) -> int:
    """Working days after `start` that lie in at least one pause; overlapping pauses count once."""
    return sum(day > start and calendar.is_working_day(day) for day in _days_of(pauses))


def _days_of(pauses: Iterable[tuple[date, date]]) -> set[date]:
    """(first excluded, last included]"""
    return {first + timedelta(days=n) for first, last in pauses for n in range(1, (last - first).days + 1)}


def _count(calendar: WorkCalendar, start: date, days: int, idle: Container[date]) -> tuple[date, int]:
    """The last of `days` working days after `start` outside `idle`, and how many inside it lay before."""
    last, paused = calendar.roll_to_working_day(start) if not days else start, 0
    while days:
        last = calendar.add_working_days(last, 1)
        if last in idle:
            paused += 1
        else:
            days -= 1
    return last, paused


def lamp(today: date, *, yellow_on: date, due: date) -> Lamp:
    if today > due:
        return Lamp.RED
    return Lamp.YELLOW if today >= yellow_on else Lamp.GREEN


def start_of(day: date) -> datetime:
    """Midnight, local time."""
    return datetime.combine(day, time(), LOCAL)


def add_working_hours(calendar: WorkCalendar, moment: datetime, hours: int) -> datetime:
    """The moment at which `hours` of business have passed since."""
    left, at = timedelta(hours=hours), moment.astimezone(LOCAL)
    while True:
        for opens, closes in business_hours(calendar, at.date()):
            begin = max(at, datetime.combine(at.date(), opens, LOCAL))
            end = datetime.combine(at.date(), closes, LOCAL)
            if begin >= end:
                continue
            if left <= end - begin:
                return begin + left
            left -= end - begin
        at = start_of(at.date() + ONE_DAY)


def business_hours(calendar: WorkCalendar, day: date) -> tuple[tuple[time, time], ...]:
    morning, afternoon = BUSINESS_HOURS
    return {
        DayKind.WORKING: (morning, afternoon),
        DayKind.MORNING: (morning,),
        DayKind.AFTERNOON: (afternoon,),
        DayKind.OFF: (),
    }[calendar.kind(day)]
