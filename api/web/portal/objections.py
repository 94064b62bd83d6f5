"""Objections and challenges: the public register, raising one, answering one."""

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
from api.problems import problem_of
from api.web.portal.notices import WORDS, PageRequest
from api.web.rendering import page
from core.access import Action
from core.errors import InvalidInput
from tendering.objections import (
    answer_objection,
    find_objection,
    list_objections,
    raise_objection,
)
from tendering.records import find_notice


@dataclass
class Raising:
    organisation: str = ""
    text: str = ""


@dataclass
class Answering:
    answer: str = ""
    upheld: str = ""


@get("/objections", opt={"public": True}, include_in_schema=False)
async def show_register(request: PageRequest, session: AsyncSession) -> Template:
    items = await list_objections(session)
    return page(request, "portal/objections.html", items=items, **WORDS)


@get("/notices/{code:str}/objection", opt={"action": Action.OBJECTION_RAISE}, include_in_schema=False)
async def show_raising(request: PageRequest, session: AsyncSession, code: FromPath[str]) -> Template:
    return await _raising(request, session, code, Raising())


@post(
    "/notices/{code:str}/objection",
    opt={"action": Action.OBJECTION_RAISE},
    include_in_schema=False,
    status_code=303,
)
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
        await raise_objection(
            session, code, organisation=data.organisation, text=data.text, by=caller.person, now=now
        )
    except InvalidInput as refusal:
        return await _raising(request, session, code, data, refusal)
    return Redirect(f"/notices/{code}", status_code=303)


@get("/objections/{code:str}", opt={"action": Action.OBJECTION_ANSWER}, include_in_schema=False)
async def show_answering(request: PageRequest, session: AsyncSession, code: FromPath[str]) -> Template:
    return await _answering(request, session, code, Answering())


@post(
    "/objections/{code:str}",
    opt={"action": Action.OBJECTION_ANSWER},
    include_in_schema=False,
    status_code=303,
)
async def answer_it(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal,
    now: datetime,
    *,
    code: FromPath[str],
    data: Annotated[Answering, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect | Template:
    try:
        await answer_objection(
            session, code, answer=data.answer, upheld=data.upheld == "yes", by=caller.person, now=now
        )
    except InvalidInput as refusal:
        return await _answering(request, session, code, data, refusal)
    return Redirect("/objections", status_code=303)


async def _raising(
    request: PageRequest, session: AsyncSession, code: str, data: Raising, refusal: InvalidInput | None = None
) -> Template:
    notice = await find_notice(session, code)
    return page(request, "portal/raise_objection.html", notice=notice, data=data, **refused(refusal), **WORDS)


async def _answering(
    request: PageRequest,
    session: AsyncSession,
    code: str,
    data: Answering,
    refusal: InvalidInput | None = None,
) -> Template:
    item = await find_objection(session, code)
    return page(request, "portal/answer_objection.html", item=item, data=data, **refused(refusal), **WORDS)


def refused(refusal: InvalidInput | None) -> dict[str, Any]:
    """What is wrong with a form, by field, and the status of showing it again."""
    problems = problem_of(refusal).problems if refusal else []
    return {
        "status": InvalidInput.status if refusal else 200,
        "errors": {problem.field: problem.message for problem in problems},
    }


ROUTES: list[ControllerRouterHandler] = [show_register, show_raising, raise_it, show_answering, answer_it]
