"""Clerks' desk: drafting notices with the timetable checked, publishing by a second clerk, resolving quarantine."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from litestar import get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.web.portal.draft_form import (
    Beginnings,
    DraftForm,
    beginnings,
    choices,
    continued,
    filled,
    form_of,
    publication_from,
)
from api.web.portal.notices import WORDS, PageRequest
from api.web.portal.objections import refused
from api.web.rendering import page
from core import clock
from core.access import Action
from core.calendars import load_calendar
from core.errors import FieldProblem, InvalidInput
from tendering import drafts
from tendering.exchange import commands as exchange
from tendering.exchange.queries import find_item, open_items, source_health
from tendering.models import Draft, ocid_of
from tendering.outlines import begun, outline_of
from tendering.records import find_process
from tendering.rules import Category, NoticeKind


@dataclass
class Remark:
    remark: str = ""


@dataclass
class When:
    publish_at: str = ""


Filled = Annotated[DraftForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
DRAFTING: dict[str, Any] = {"opt": {"action": Action.NOTICE_DRAFT}, "include_in_schema": False}
PUBLISHING: dict[str, Any] = {"opt": {"action": Action.NOTICE_PUBLISH}, "include_in_schema": False}


@get("/drafts", **DRAFTING)
async def show_drafts(request: PageRequest, session: AsyncSession, now: datetime) -> Template:
    return page(
        request,
        "portal/drafts.html",
        drafts=await drafts.list_drafts(session),
        waiting=await open_items(session),
        sources=await source_health(session, now=now),
        **WORDS,
    )


@get("/drafts/new", **DRAFTING)
async def show_new(
    request: PageRequest,
    session: AsyncSession,
    now: datetime,
    *,
    process: FromQuery[str] = "",
    category: FromQuery[str] = "",
    kind: FromQuery[str] = "",
) -> Template:
    """An empty form, or one begun by the outline of a kind; the next notice of a process repeats its head."""
    latest = (await find_process(session, ocid_of(process))).notices[-1] if process else None
    category = latest.category if latest else category
    known = category in set(Category) and kind in set(NoticeKind)
    outline = outline_of(Category(category), NoticeKind(kind)) if known else None
    data = continued(latest, process) if latest else DraftForm()
    if outline is not None:
        calendar = await load_calendar(session)
        content = begun(outline, Category(category), today=clock.local_date(now), calendar=calendar)
        data = filled(data, outline, Category(category), content)
    return _form(request, data, begin=beginnings(latest, process, (category, kind)))


@post("/drafts", status_code=303, **DRAFTING)
async def write_draft(
    request: PageRequest, session: AsyncSession, caller: Principal, now: datetime, data: Filled
) -> Redirect | Template:
    return await _save(request, session, data, caller, now=now)


@get("/drafts/{number:int}", **DRAFTING)
async def show_draft(
    request: PageRequest, session: AsyncSession, now: datetime, number: FromPath[int]
) -> Template:
    draft = await drafts.find_draft(session, number)
    return await _draft(request, session, draft, now)


@post("/drafts/{number:int}", status_code=303, **DRAFTING)
async def rewrite_draft(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal,
    now: datetime,
    *,
    number: FromPath[int],
    data: Filled,
) -> Redirect | Template:
    return await _save(request, session, data, caller, number=number, now=now)


@post("/drafts/{number:int}/submit", status_code=303, **DRAFTING)
async def submit(session: AsyncSession, caller: Principal, now: datetime, number: FromPath[int]) -> Redirect:
    await drafts.submit_draft(session, number, by=caller.person, now=now)
    return Redirect(f"/drafts/{number}", status_code=303)


@post("/drafts/{number:int}/return", status_code=303, **PUBLISHING)
async def send_back(
    session: AsyncSession,
    caller: Principal,
    now: datetime,
    *,
    number: FromPath[int],
    data: Annotated[Remark, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    await drafts.return_draft(session, number, remark=data.remark, by=caller.person, now=now)
    return Redirect("/drafts", status_code=303)


@post("/drafts/{number:int}/publish", status_code=303, **PUBLISHING)
async def publish(
    session: AsyncSession,
    caller: Principal,
    now: datetime,
    *,
    number: FromPath[int],
    data: Annotated[When, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """At once, or at the moment of the form."""
    if data.publish_at:
        await drafts.schedule_draft(session, number, at=_moment(data.publish_at), by=caller.person, now=now)
        return Redirect(f"/drafts/{number}", status_code=303)
    code = await drafts.publish_draft(session, number, by=caller.person, now=now)
    return Redirect(f"/notices/{code}", status_code=303)


@get("/quarantine/{number:int}", **PUBLISHING)
async def show_quarantined(request: PageRequest, session: AsyncSession, number: FromPath[int]) -> Template:
    item = await find_item(session, number)
    return page(request, "portal/quarantined.html", item=item, row=item.row, **refused(None), **WORDS)


@post("/quarantine/{number:int}", status_code=303, **PUBLISHING)
async def resolve(
    request: PageRequest, session: AsyncSession, caller: Principal, now: datetime, number: FromPath[int]
) -> Redirect | Template:
    """Publish with the fields as corrected in the form, or dismiss."""
    form = await request.form()
    item = await find_item(session, number)
    row = None if "dismiss" in form else {name: str(form.get(f"row-{name}", "")) for name in item.row}
    try:
        await exchange.resolve_quarantined(session, number, row, by=caller.person, now=now)
    except InvalidInput as refusal:
        return page(request, "portal/quarantined.html", item=item, row=row or {}, **refused(refusal), **WORDS)
    return Redirect("/drafts", status_code=303)


async def _save(
    request: PageRequest,
    session: AsyncSession,
    data: DraftForm,
    caller: Principal,
    *,
    number: int | None = None,
    now: datetime,
) -> Redirect | Template:
    try:
        number = await drafts.save_draft(
            session,
            publication_from(data, now=now),
            draft_id=number,
            process_code=data.process or None,
            by=caller.person,
            now=now,
        )
    except InvalidInput as refusal:
        return _form(request, data, refusal=refusal, number=number)
    return Redirect(f"/drafts/{number}", status_code=303)


async def _draft(request: PageRequest, session: AsyncSession, draft: Draft, now: datetime) -> Template:
    publication = drafts.publication_of(draft)
    return page(
        request,
        "portal/draft.html",
        draft=draft,
        publication=publication,
        findings=await drafts.check_draft(session, draft, now=now),
        data=form_of(publication, draft.process_code),
        **choices(),
        **refused(None),
        **WORDS,
    )


def _form(
    request: PageRequest,
    data: DraftForm,
    *,
    begin: Beginnings = (),
    refusal: InvalidInput | None = None,
    number: int | None = None,
) -> Template:
    return page(
        request,
        "portal/draft_form.html",
        data=data,
        number=number,
        begin=begin,
        **choices(),
        **refused(refusal),
        **WORDS,
    )


def _moment(text: str) -> datetime:
    """Civil time, as `datetime-local` sends it."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=clock.LOCAL)
    except ValueError as error:
        raise InvalidInput(problems=(FieldProblem("publish_at", "该项填写有误。"),)) from error


ROUTES: list[ControllerRouterHandler] = [
    show_drafts,
    show_new,
    write_draft,
    show_draft,
    rewrite_draft,
    submit,
    send_back,
    publish,
    show_quarantined,
    resolve,
]
