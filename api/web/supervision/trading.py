"""督查: what in a year's published notices is worth a look, each figure down to its notices. For supervision only."""

from datetime import date, datetime
from typing import Annotated

from litestar import get
from litestar.params import FromPath, QueryParameter
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.web.cases.acts import PageRequest
from api.web.portal.statistics import FIRST_YEAR, LAST_YEAR, years_until
from api.web.rendering import page
from core.access import Action
from core.calendars import load_calendar
from core.clock import local_date
from core.errors import NotFound
from tendering.red_flags.queries import Assessment, assess
from tendering.red_flags.rules import Indicator

SHOWN = 50
Year = Annotated[int | None, QueryParameter(ge=FIRST_YEAR, le=LAST_YEAR)]


@get("/supervision/trading", opt={"action": Action.SUPERVISE}, include_in_schema=False)
async def show_red_flags(
    request: PageRequest, session: AsyncSession, now: datetime, year: Year = None
) -> Template:
    present = local_date(now).year
    return page(
        request,
        "supervision/trading.html",
        year=year or present,
        years=years_until(present),
        assessments=await _assessed(session, year or present),
    )


@get("/supervision/trading/{indicator:str}", opt={"action": Action.SUPERVISE}, include_in_schema=False)
async def show_flagged(
    *,
    request: PageRequest,
    session: AsyncSession,
    now: datetime,
    indicator: FromPath[str],
    year: Year = None,
    start: Annotated[int, QueryParameter(ge=0, le=1_000_000)] = 0,
) -> Template:
    """The notices behind one indicator, `SHOWN` at a time."""
    if indicator not in set(Indicator):
        raise NotFound
    chosen = year or local_date(now).year
    found = await _assessed(session, chosen)
    assessment = next(each for each in found if each.indicator == indicator)
    count, end = len(assessment.flags), start + SHOWN
    here = f"/supervision/trading/{indicator}?year={chosen}&start="
    return page(
        request,
        "supervision/trading_flagged.html",
        year=chosen,
        assessment=assessment,
        flags=assessment.flags[start:end],
        newer=f"{here}{max(0, start - SHOWN)}" if start else None,
        older=f"{here}{end}" if end < count else None,
    )


async def _assessed(session: AsyncSession, year: int) -> list[Assessment]:
    return await assess(session, date(year, 1, 1), date(year, 12, 31), await load_calendar(session))


ROUTES: list[ControllerRouterHandler] = [show_red_flags, show_flagged]
