"""What closes soon: tenders that still take bids, day by day."""

from datetime import datetime
from itertools import groupby

from litestar import get
from litestar.params import FromQuery
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.web.portal.notices import WORDS, PageRequest
from api.web.rendering import page
from core import clock
from tendering.nearby import closing_soon
from tendering.queries import NoticeLine
from tendering.rules import Category


@get("/closing", opt={"public": True, "cached": True}, include_in_schema=False)
async def show_closing(
    request: PageRequest, session: AsyncSession, now: datetime, category: FromQuery[str] = ""
) -> Template:
    chosen = Category(category) if category in set(Category) else None
    found = await closing_soon(session, now=now, category=chosen)
    return page(
        request,
        "portal/closing.html",
        days=[(day, list(lines)) for day, lines in groupby(found, _closing_day)],
        chosen=chosen,
        categories=list(Category),
        **WORDS,
    )


def _closing_day(line: NoticeLine) -> object:
    return clock.local_date(line.closes_at) if line.closes_at else None


ROUTES: list[ControllerRouterHandler] = [show_closing]
