"""Clerks' desk: drafting notices with the timetable checked, publishing by a second clerk, resolving quarantine."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from litestar import get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.web import words
from api.web.portal import words as portal_words
from api.web.portal.notices import WORDS, PageRequest
from api.web.portal.objections import refused
from api.web.rendering import page
from core import clock
from core.access import Action
from core.errors import FieldProblem, InvalidInput
from tendering import drafts
from tendering.content import Content, Dates, Lot, Party, Publication
from tendering.exchange import commands as exchange
from tendering.exchange.queries import find_item, open_items, source_health
from tendering.models import Draft
from tendering.regions import regions
from tendering.rules import Category, NoticeKind

DATE_FIELDS = (
    "documents_from",
    "documents_to",
    "bid_deadline",
    "opening",
    "listing_from",
    "listing_to",
    "publicity_from",
    "publicity_to",
)


@dataclass
class DraftForm:
    """The form as it comes: plain text, dates as `datetime-local` in civil time."""

    title: str = ""
    category: str = "works"
    kind: str = "tender"
    district: str = ""
    buyer: str = ""
    project_code: str = ""
    method: str = ""
    ceiling: str = ""
    text: str = ""
    documents_from: str = ""
    documents_to: str = ""
    bid_deadline: str = ""
    opening: str = ""
    listing_from: str = ""
    listing_to: str = ""
    publicity_from: str = ""
    publicity_to: str = ""
    process: str = ""


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
async def show_new(request: PageRequest, process: FromQuery[str] = "") -> Template:
    return _form(request, DraftForm(process=process))


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
        **_choices(),
        **refused(None),
        **WORDS,
    )


def _form(
    request: PageRequest, data: DraftForm, *, refusal: InvalidInput | None = None, number: int | None = None
) -> Template:
    return page(
        request, "portal/draft_form.html", data=data, number=number, **_choices(), **refused(refusal), **WORDS
    )


def _choices() -> dict[str, Any]:
    return {
        "categories": [(item.value, words.category_name(item)) for item in Category],
        "kinds": [(item.value, words.kind_name(item, Category.WORKS)) for item in NoticeKind],
        "methods": [(code, portal_words.method_name(code)) for code in portal_words.METHODS],
        "districts": list(regions().items()),
        "date_fields": DATE_FIELDS,
    }


def publication_from(data: DraftForm, *, now: datetime) -> Publication:
    """The form's notice. Raises InvalidInput, field by field."""
    problems: list[FieldProblem] = []
    dates: dict[str, datetime] = {}
    for name in DATE_FIELDS:
        if text := getattr(data, name):
            try:
                dates[name] = datetime.fromisoformat(text).replace(tzinfo=clock.LOCAL)
            except ValueError:
                problems.append(FieldProblem(name, "该项填写有误。"))
    ceiling = None
    try:
        ceiling = Decimal(data.ceiling.replace(",", "")) if data.ceiling else None
    except InvalidOperation:
        problems.append(FieldProblem("ceiling", "该项填写有误。"))
    if data.district and data.district not in regions():
        problems.append(FieldProblem("district", "该项填写有误。"))
    if data.category not in set(Category) or data.kind not in set(NoticeKind):
        problems.append(FieldProblem("kind", "该项填写有误。"))
    if problems:
        raise InvalidInput(problems=tuple(problems))
    key = secrets.token_hex(8)
    return Publication(
        source=drafts.SOURCE,
        key=key,
        process=key,
        category=Category(data.category),
        kind=NoticeKind(data.kind),
        title=data.title.strip(),
        published_at=now,
        district=data.district or None,
        project_code=data.project_code.strip() or None,
        buyer=Party(data.buyer.strip()) if data.buyer.strip() else None,
        content=Content(
            lots=(Lot("1", ceiling=ceiling),) if ceiling is not None else (),
            dates=Dates(**dates),
            method=data.method or None,
            text=data.text.strip(),
        ),
    )


def _moment(text: str) -> datetime:
    """Civil time, as `datetime-local` sends it."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=clock.LOCAL)
    except ValueError as error:
        raise InvalidInput(problems=(FieldProblem("publish_at", "该项填写有误。"),)) from error


def form_of(publication: Publication, process_code: str | None) -> DraftForm:
    content = publication.content
    moments = {
        name: moment.astimezone(clock.LOCAL).strftime("%Y-%m-%dT%H:%M")
        for name in DATE_FIELDS
        if (moment := getattr(content.dates, name)) is not None
    }
    ceiling = content.lots[0].ceiling if content.lots else None
    return DraftForm(
        title=publication.title,
        category=publication.category.value,
        kind=publication.kind.value,
        district=publication.district or "",
        buyer=publication.buyer.name if publication.buyer else "",
        project_code=publication.project_code or "",
        method=content.method or "",
        ceiling=str(ceiling) if ceiling is not None else "",
        text=content.text,
        process=process_code or "",
        **moments,
    )


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
