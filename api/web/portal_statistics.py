"""A year's trading in figures, each leading to its notices."""

import calendar
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from litestar import get
from litestar.params import QueryParameter
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.web.portal import WORDS, PageRequest
from api.web.rendering import page
from core import clock
from tendering.rules import Category
from tendering.statistics import Figures, yearly_competition, yearly_figures

FIRST_YEAR, LAST_YEAR = 2000, 2100
YEARS = 4


class MonthBar(msgspec.Struct, frozen=True):
    """A month's results, for the chart. `share` is of the busiest month, in percent."""

    month: str
    results: int
    amount: Decimal
    share: int
    href: str


@get("/statistics", opt={"public": True, "cached": True}, include_in_schema=False)
async def show_statistics(
    request: PageRequest,
    session: AsyncSession,
    now: datetime,
    year: Annotated[int | None, QueryParameter(ge=FIRST_YEAR, le=LAST_YEAR)] = None,
) -> Template:
    present = clock.local_date(now).year
    year = year or present
    figures = await yearly_figures(session, year)
    return page(
        request,
        "portal/statistics.html",
        year=year,
        years=years_until(present),
        total=_sum(figures),
        categories=[
            (category, _sum([item for item in figures if item.category is category])) for category in Category
        ],
        months=_months(figures),
        competition=await yearly_competition(session, year),
        **WORDS,
    )


def years_until(present: int) -> range:
    """The years that a reader may choose from, this one first."""
    return range(present, present - YEARS, -1)


def _sum(figures: list[Figures]) -> Figures:
    return Figures(
        month="",
        category=Category.OTHER,
        results=sum(item.results for item in figures),
        amount=sum((item.amount for item in figures), Decimal(0)),
        without_sum=sum(item.without_sum for item in figures),
        saving=sum((item.saving for item in figures), Decimal(0)),
        base=sum((item.base for item in figures), Decimal(0)),
    )


def _months(figures: list[Figures]) -> list[MonthBar]:
    names = sorted({item.month for item in figures})
    sums = [(name, _sum([item for item in figures if item.month == name])) for name in names]
    most = max((total.results for _, total in sums), default=1)
    return [
        MonthBar(name, total.results, total.amount, round(100 * total.results / most), _notices_of(name))
        for name, total in sums
    ]


def _notices_of(month: str) -> str:
    year, number = (int(part) for part in month.split("-"))
    last = calendar.monthrange(year, number)[1]
    return f"/notices?stage=award&from={month}-01&to={month}-{last:02}"


ROUTES: list[ControllerRouterHandler] = [show_statistics]
