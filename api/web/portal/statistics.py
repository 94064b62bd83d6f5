"""A year's trading in figures by month, category and region, each figure leading to its notices."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import get
from litestar.di import Provide
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.web import charts, words
from api.web.portal.notices import WORDS, PageRequest
from api.web.rendering import number, page
from core import clock
from core.calendars import load_calendar
from core.errors import NotFound
from core.i18n import gettext
from tendering.regions import regions
from tendering.rules import Category
from tendering.statistics.queries import trading_between
from tendering.statistics.rules import Counted, Trading

FIRST_YEAR, LAST_YEAR = 2000, 2100
YEARS = 4
SHOWN = 100
HUNDRED_MILLION = 100_000_000


class Figure(StrEnum):
    RESULTS = "results"
    AMOUNT = "amount"
    SAVING = "saving"
    TIMELINESS = "timeliness"
    COMPETITION = "competition"


class Cut(msgspec.Struct, frozen=True):
    """The part of a year that is looked at; a month is `YYYY-MM`."""

    year: int
    category: Category | None = None
    district: str | None = None
    month: str | None = None

    def holds(self, notice: Counted) -> bool:
        return (
            self.category in {None, notice.category}
            and self.district in {None, notice.district}
            and self.month in {None, notice.month}
        )

    def query(self, **changes: str) -> str:
        """As query parameters, changed."""
        values = msgspec.structs.asdict(self) | changes
        return urlencode({name: value for name, value in values.items() if value})


class Line(msgspec.Struct, frozen=True):
    """One month, category or region: what it is called, and the cut that leads to its notices."""

    label: str
    cut: Cut
    trading: Trading


def cut_of(
    *,
    now: datetime,
    year: Annotated[int | None, QueryParameter(ge=FIRST_YEAR, le=LAST_YEAR)] = None,
    category: FromQuery[str] = "",
    district: FromQuery[str] = "",
    month: FromQuery[str] = "",
) -> Cut:
    """What cannot be understood counts as not said."""
    chosen = year or clock.local_date(now).year
    return Cut(
        chosen,
        Category(category) if category in set(Category) else None,
        district if district in regions() else None,
        month if month in _months(chosen) else None,
    )


CUT = {"cut": Provide(cut_of, sync_to_thread=False)}


@get("/statistics", opt={"public": True, "cached": True}, include_in_schema=False, dependencies=CUT)
async def show_statistics(
    request: PageRequest, session: AsyncSession, now: datetime, cut: Cut, figure: FromQuery[str] = ""
) -> Template:
    trading = await _trading(session, cut)
    chosen = Figure(figure) if figure in set(Figure) else Figure.RESULTS
    months = _lines(trading, cut, "month", {month: month[5:] for month in _months(cut.year)})
    categories = _lines(
        trading, cut, "category", {each.value: words.category_name(each) for each in Category}
    )
    names = regions()
    present = sorted({item.notice.district for item in trading.deals if item.notice.district})
    districts = _lines(trading, cut, "district", {code: names.get(code, code) for code in present})
    return page(
        request,
        "portal/statistics.html",
        cut=cut,
        figure=chosen,
        figures=list(Figure),
        figure_name=figure_name,
        cell=cell,
        years=years_until(clock.local_date(now).year),
        trading=trading,
        parts=[
            (gettext("按月份"), gettext("月份"), months, charts.columns(_values(chosen, months))),
            (gettext("按类别"), gettext("类别"), categories, charts.rows(_values(chosen, categories))),
            (gettext("按区域"), gettext("区域"), districts, charts.rows(_values(chosen, districts))),
        ],
        **WORDS,
    )


@get(
    "/statistics/{figure:str}",
    opt={"public": True, "cached": True},
    include_in_schema=False,
    dependencies=CUT,
)
async def show_counted(
    *,
    request: PageRequest,
    session: AsyncSession,
    cut: Cut,
    figure: FromPath[str],
    start: Annotated[int, QueryParameter(ge=0, le=1_000_000)] = 0,
) -> Template:
    """The notices that a figure is counted from, `SHOWN` at a time."""
    if figure not in set(Figure):
        raise NotFound
    chosen, trading, end = Figure(figure), await _trading(session, cut), start + SHOWN
    items: tuple[Any, ...] = {
        Figure.RESULTS: trading.deals,
        Figure.AMOUNT: trading.deals,
        Figure.SAVING: tuple(deal for deal in trading.deals if deal.saving is not None),
        Figure.TIMELINESS: tuple(sorted(trading.publishings, key=lambda each: each.in_time)),
        Figure.COMPETITION: trading.contests,
    }[chosen]
    here = f"/statistics/{chosen}?{cut.query()}&start="
    return page(
        request,
        "portal/statistics_counted.html",
        cut=cut,
        figure=chosen,
        figure_name=figure_name,
        value=cell(chosen, trading),
        count=len(items),
        items=items[start:end],
        newer=f"{here}{max(0, start - SHOWN)}" if start else None,
        older=f"{here}{end}" if end < len(items) else None,
        **WORDS,
    )


def years_until(present: int) -> range:
    """The years that a reader may choose from, this one first."""
    return range(present, present - YEARS, -1)


def figure_name(figure: Figure) -> str:
    return {
        Figure.RESULTS: gettext("成交"),
        Figure.AMOUNT: gettext("成交金额"),
        Figure.SAVING: gettext("节约率"),
        Figure.TIMELINESS: gettext("按时发布率"),
        Figure.COMPETITION: gettext("每标段投标人"),
    }[figure]


def cell(figure: Figure, trading: Trading) -> str:
    """A figure in the reader's words; empty where there is nothing to count."""
    size = _size(figure, trading)
    if size is None:
        return ""
    if figure is Figure.RESULTS:
        return number(int(size))
    if figure is Figure.AMOUNT:
        return gettext("%(amount)s 亿元", amount=number(round(Decimal(size) / HUNDRED_MILLION, 2)))
    return f"{size:.2f}" if figure is Figure.COMPETITION else f"{size:.2%}"


def _size(figure: Figure, trading: Trading) -> float | None:
    fractions: dict[Figure, tuple[Decimal | int, Decimal | int]] = {
        Figure.RESULTS: (trading.results, 1),
        Figure.AMOUNT: (trading.amount, 1),
        Figure.SAVING: (trading.saving, trading.saved_of),
        Figure.TIMELINESS: (trading.in_time, len(trading.publishings)),
        Figure.COMPETITION: (trading.bidders, len(trading.contests)),
    }
    part, whole = fractions[figure]
    return float(part) / float(whole) if whole else None


def _values(figure: Figure, lines: list[Line]) -> list[charts.Value]:
    return [
        charts.Value(line.label, _size(figure, line.trading) or 0, cell(figure, line.trading))
        for line in lines
    ]


def _lines(trading: Trading, cut: Cut, name: str, labels: Mapping[str, str]) -> list[Line]:
    """The cut's parts by one of its fields, in the order of the labels; what holds nothing is left out."""
    parts = trading.by(attrgetter(name))
    return [
        Line(label, msgspec.structs.replace(cut, **{name: value}), parts[value])
        for value, label in labels.items()
        if value in parts
    ]


async def _trading(session: AsyncSession, cut: Cut) -> Trading:
    whole = await trading_between(
        session, date(cut.year, 1, 1), date(cut.year, 12, 31), await load_calendar(session)
    )
    return whole.where(cut.holds)


def _months(year: int) -> list[str]:
    return [f"{year}-{month:02}" for month in range(1, 13)]


ROUTES: list[ControllerRouterHandler] = [show_statistics, show_counted]
