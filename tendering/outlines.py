"""What a clerk begins a notice with, by category and kind (outlines.toml): the law's headings, its earliest dates."""

import tomllib
from datetime import date, datetime, time
from functools import cache
from pathlib import Path

import msgspec

from core import clock
from core.workdays import WorkCalendar
from tendering.content import Content, Dates
from tendering.rules import Category, NoticeKind
from tendering.timetable import earliest_dates

NUMERALS = "一二三四五六七八九十"
#: Periods begin with office hours and end with the day; bids are opened in the morning.
OPENS, BEGINS, ENDS = time(9, 30), time(9), time(23, 59)


class Outline(msgspec.Struct, frozen=True):
    """`ending` is what its title ends in, `method` the usual way of trading."""

    categories: tuple[Category, ...]
    kind: NoticeKind
    ending: str
    headings: tuple[str, ...]
    method: str | None = None

    @property
    def text(self) -> str:
        return "\n".join(
            f"{numeral}、{heading}：" for numeral, heading in zip(NUMERALS, self.headings, strict=False)
        )


@cache
def outlines() -> tuple[Outline, ...]:
    with Path(__file__).with_suffix(".toml").open("rb") as source:
        return msgspec.convert(tomllib.load(source)["outline"], tuple[Outline, ...])


def outline_of(category: Category, kind: NoticeKind) -> Outline | None:
    return next((each for each in outlines() if each.kind is kind and category in each.categories), None)


def begun(outline: Outline, category: Category, *, today: date, calendar: WorkCalendar) -> Content:
    """The headings, and every date as early as the law allows if it is published on the next working day."""
    day = calendar.add_working_days(today, 1)
    dates = earliest_dates(category, outline.kind, outline.method, day, calendar=calendar)
    stated = {name: _moment(name, each) for name, each in dates.items() if name in Dates.__struct_fields__}
    return Content(dates=Dates(**stated), method=outline.method, text=outline.text)


def _moment(name: str, day: date) -> datetime:
    at = OPENS if name in {"bid_deadline", "opening"} else ENDS if name.endswith("_to") else BEGINS
    return datetime.combine(day, at, tzinfo=clock.LOCAL)
