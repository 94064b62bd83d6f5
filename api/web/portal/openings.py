"""The calendar of openings: public, day by day; clerks book the rooms."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Annotated, Any

from litestar import get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, QueryParameter
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.web.portal.notices import WORDS, PageRequest
from api.web.portal.objections import refused
from api.web.rendering import page
from core import clock
from core.access import Action
from core.errors import InvalidInput
from tendering.openings import commands

DAYS = 14
BOOKING: dict[str, Any] = {"opt": {"action": Action.NOTICE_DRAFT}, "include_in_schema": False}


@dataclass
class VenueForm:
    name: str = ""


@dataclass
class BookingForm:
    venue: int = 0
    minutes: int = 60


@get("/openings", opt={"public": True}, include_in_schema=False)
async def show_openings(
    request: PageRequest,
    session: AsyncSession,
    now: datetime,
    day: Annotated[str, QueryParameter(name="from", max_length=10)] = "",
) -> Template:
    return await _calendar(request, session, _day(day) or clock.local_date(now))


@post("/openings/venues", status_code=303, **BOOKING)
async def add_venue(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal,
    now: datetime,
    data: Annotated[VenueForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect | Template:
    try:
        await commands.add_venue(session, data.name, by=caller.person, now=now)
    except InvalidInput as refusal:
        return await _calendar(request, session, clock.local_date(now), refusal)
    return Redirect("/openings", status_code=303)


@post("/openings/{process:str}", status_code=303, **BOOKING)
async def book(
    session: AsyncSession,
    caller: Principal,
    now: datetime,
    *,
    process: FromPath[str],
    data: Annotated[BookingForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    await commands.book_venue(session, data.venue, process, minutes=data.minutes, by=caller.person, now=now)
    return Redirect("/openings", status_code=303)


async def _calendar(
    request: PageRequest, session: AsyncSession, first: date, refusal: InvalidInput | None = None
) -> Template:
    since = datetime.combine(first, time(), tzinfo=clock.LOCAL)
    found = await commands.list_openings(session, since=since, until=since + timedelta(days=DAYS))
    return page(
        request,
        "portal/openings.html",
        first=first,
        last=first + timedelta(days=DAYS - 1),
        days=[(day, list(items)) for day, items in groupby(found, lambda item: clock.local_date(item.at))],
        earlier=f"/openings?from={first - timedelta(days=DAYS)}",
        later=f"/openings?from={first + timedelta(days=DAYS)}",
        venues=[(venue.id, venue.name) for venue in await commands.list_venues(session)],
        **refused(refusal),
        **WORDS,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


ROUTES: list[ControllerRouterHandler] = [show_openings, add_venue, book]
