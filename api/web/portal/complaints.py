"""Complaints: one's own objections and until when one may complain, the authority's desk."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from litestar import get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.web.portal import words as portal_words
from api.web.portal.notices import WORDS, PageRequest
from api.web.portal.objections import refused
from api.web.rendering import page
from core.access import Action
from core.errors import InvalidInput
from tendering.complaints import commands

RAISING: dict[str, Any] = {"opt": {"action": Action.OBJECTION_RAISE}, "include_in_schema": False}
DECIDING: dict[str, Any] = {"opt": {"action": Action.COMPLAINT_DECIDE}, "include_in_schema": False}


@dataclass
class Raising:
    text: str = ""


@dataclass
class Handling:
    """`act` is accept, suspend (accept and stop the process), decline, uphold or reject."""

    act: str = ""
    text: str = ""


@get("/objections/mine", **RAISING)
async def show_mine(request: PageRequest, session: AsyncSession, caller: Principal) -> Template:
    items = await commands.own_objections(session, by=caller.person)
    return _page(request, "portal/own_objections.html", items=items)


@get("/objections/{code:str}/complaint", **RAISING)
async def show_raising(request: PageRequest, session: AsyncSession, code: FromPath[str]) -> Template:
    return await _raising(request, session, code, Raising())


@post("/objections/{code:str}/complaint", status_code=303, **RAISING)
async def raise_it(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal,
    now: datetime,
    *,
    code: FromPath[str],
    data: Annotated[Raising, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect | Template:
    try:
        await commands.raise_complaint(session, code, text=data.text, by=caller.person, now=now)
    except InvalidInput as refusal:
        return await _raising(request, session, code, data, refusal)
    return Redirect("/objections/mine", status_code=303)


@get("/complaints", opt={"public": True}, include_in_schema=False)
async def show_register(request: PageRequest, session: AsyncSession) -> Template:
    return _page(request, "portal/complaints.html", items=await commands.list_complaints(session))


@get("/complaints/{code:str}", **DECIDING)
async def show_one(request: PageRequest, session: AsyncSession, code: FromPath[str]) -> Template:
    return await _one(request, session, code, Handling())


@post("/complaints/{code:str}", status_code=303, **DECIDING)
async def handle(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal,
    now: datetime,
    *,
    code: FromPath[str],
    data: Annotated[Handling, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect | Template:
    who: dict[str, Any] = {"by": caller.person, "now": now}
    try:
        if data.act in {"accept", "suspend"}:
            await commands.accept_complaint(session, code, suspend=data.act == "suspend", **who)
        elif data.act == "decline":
            await commands.decline_complaint(session, code, reason=data.text, **who)
        else:
            upheld = data.act == "uphold"
            await commands.decide_complaint(session, code, decision=data.text, upheld=upheld, **who)
    except InvalidInput as refusal:
        return await _one(request, session, code, data, refusal)
    return Redirect(f"/complaints/{code}", status_code=303)


async def _raising(
    request: PageRequest, session: AsyncSession, code: str, data: Raising, refusal: InvalidInput | None = None
) -> Template:
    own = await commands.own_objections(session, by=request.user.person) if request.user else []
    item = next((item for item in own if item.code == code), None)
    return _page(request, "portal/raise_complaint.html", item=item, data=data, **refused(refusal))


async def _one(
    request: PageRequest,
    session: AsyncSession,
    code: str,
    data: Handling,
    refusal: InvalidInput | None = None,
) -> Template:
    item = await commands.find_complaint(session, code)
    return _page(request, "portal/complaint.html", item=item, data=data, **refused(refusal))


def _page(request: PageRequest, template: str, **context: Any) -> Template:
    return page(request, template, complaint_state=portal_words.complaint_state, **context, **WORDS)


ROUTES: list[ControllerRouterHandler] = [
    show_mine,
    show_raising,
    raise_it,
    show_register,
    show_one,
    handle,
]
