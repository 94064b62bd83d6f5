"""The front page, what the site is, and the design system's own page."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from litestar import Request, get
from litestar.datastructures import State
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.web.rendering import page
from api.web.words import category_name, kind_name
from core import clock
from core.errors import NotFound
from inspection.models.cases import Case
from tendering.models import SearchEntry
from tendering.queries import NoticeFilter, count_notices, list_notices
from tendering.rules import Category, Stage

PageRequest = Request[Principal | None, Any, State]
NEWEST = 9


class Figures(msgspec.Struct, frozen=True):
    """What goes on just now: counts of notices, and of cases this year."""

    published_today: int
    open_for_bids: int
    in_publicity: int
    accepted: int
    issued: int


@get("/", opt={"public": True}, include_in_schema=False)
async def show_home(request: PageRequest, session: AsyncSession, now: datetime) -> Template:
    newest = await list_notices(session, NoticeFilter(), limit=NEWEST)
    return page(
        request,
        "home.html",
        newest=newest.items,
        categories=list(Category),
        category_name=category_name,
        kind_name=kind_name,
        figures=await current_figures(session, now=now),
    )


async def current_figures(session: AsyncSession, *, now: datetime) -> Figures:
    today = clock.local_date(now)
    new_year = datetime(today.year, 1, 1, tzinfo=clock.LOCAL).astimezone(UTC)
    open_stages = await session.execute(
        sa.select(col(SearchEntry.stage), sa.func.count())
        .where(col(SearchEntry.closes_at) > now)
        .group_by(col(SearchEntry.stage))
    )
    still_open = dict(open_stages.all())
    cases = await session.execute(
        sa.select(
            sa.func.count().filter(col(Case.accepted_at) >= new_year),
            sa.func.count().filter(col(Case.issued_at) >= new_year),
        )
    )
    accepted, issued = cases.one()
    return Figures(
        published_today=await count_notices(session, NoticeFilter(since=today, until=today)),
        open_for_bids=still_open.get(Stage.TENDER, 0),
        in_publicity=still_open.get(Stage.CANDIDATES, 0),
        accepted=accepted,
        issued=issued,
    )


@get("/about", opt={"public": True}, include_in_schema=False)
async def show_about(request: PageRequest) -> Template:
    return page(request, "about.html")


@get("/styleguide", opt={"public": True}, include_in_schema=False)
async def show_styleguide(request: PageRequest, state: State) -> Template:
    """Every part of the design system on one page, for those who build pages."""
    if not state.resources.settings.debug:
        raise NotFound
    return page(request, "styleguide.html", phone="phone" in request.query_params)


ROUTES: list[ControllerRouterHandler] = [show_home, show_about, show_styleguide]
