"""An officer's calendar as a private address that phones subscribe to, and that can be revoked."""

from datetime import datetime

import sqlalchemy as sa
from icalendar import Calendar, Event
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases.acts import PageRequest, person
from api.web.rendering import page
from core.access import Action
from core.errors import NotFound
from core.i18n import gettext
from inspection.commands.feeds import open_feed, revoke_feed
from inspection.models import CalendarFeed, Officer
from inspection.queries.agendas import Task, feed_tasks


@get("/tasks/feed", opt={"action": Action.CASE_OPINE}, include_in_schema=False)
async def show_feed(request: PageRequest, session: AsyncSession, caller: Principal | None) -> Template:
    """Whether an address is in use. The address itself is shown once, when it is made."""
    officer = await _officer(session, person(caller))
    since = await session.scalar(
        sa.select(col(CalendarFeed.created_at)).where(
            col(CalendarFeed.officer_id) == officer.id, col(CalendarFeed.revoked_at).is_(None)
        )
    )
    return page(request, "officer/feed.html", since=since, address=None)


@post("/tasks/feed", opt={"action": Action.CASE_OPINE}, include_in_schema=False, status_code=200)
async def make_feed(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal | None,
    resources: Resources,
    now: datetime,
) -> Template:
    """A new address; the one before stops working."""
    token = await open_feed(session, await _officer(session, person(caller)), now=now)
    address = f"{resources.settings.base_url}/feeds/{token}/tasks.ics"
    return page(request, "officer/feed.html", since=now, address=address)


@post("/tasks/feed/revoke", opt={"action": Action.CASE_OPINE}, include_in_schema=False)
async def end_feed(session: AsyncSession, caller: Principal | None, now: datetime) -> Redirect:
    await revoke_feed(session, await _officer(session, person(caller)), now=now)
    return Redirect("/tasks/feed", status_code=303)


@get("/feeds/{token:str}/tasks.ics", opt={"public": True}, include_in_schema=False)
async def read_feed(
    session: AsyncSession, token: FromPath[str], resources: Resources, now: datetime
) -> Response[bytes]:
    """Whoever knows the address reads it; an unknown or revoked one is not found."""
    tasks = await feed_tasks(session, token, now=now)
    return Response(
        calendar_of(tasks, resources.settings.base_url, now=now),
        media_type="text/calendar; charset=utf-8",
        headers={"Cache-Control": "private, no-cache"},
    )


def calendar_of(tasks: list[Task], base_url: str, *, now: datetime) -> bytes:
    """RFC 5545, times in UTC, one event for each booking. Places and projects, no person."""
    calendar = Calendar()
    calendar.add("prodid", "-//Yichuang//Joint inspections//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", gettext("联合验收任务"))
    for task in tasks:
        event = Event()
        event.add("uid", f"{task.case_code}.{task.matter_code}.{task.round}@yichuang")
        event.add("dtstamp", now)
        event.add("dtstart", task.starts_at)
        event.add("dtend", task.ends_at)
        event.add("summary", f"{task.project_name} {task.segment_name}")
        event.add("location", task.address)
        event.add("url", f"{base_url}/tasks/{task.case_code}/{task.matter_code}")
        calendar.add_component(event)
    return bytes(calendar.to_ical())


async def _officer(session: AsyncSession, caller: Principal) -> Officer:
    officer = await session.scalar(
        sa.select(Officer).where(col(Officer.account_id) == caller.person, col(Officer.active))
    )
    if officer is None:
        raise NotFound
    return officer


ROUTES: list[ControllerRouterHandler] = [show_feed, make_feed, end_feed, read_feed]
