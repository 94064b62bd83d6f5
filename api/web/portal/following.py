"""Following by e-mail: asking for it beside a process or a search, confirming it, leaving."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.web.portal.notices import PageRequest, address, labels_of, provide_search, state_of
from api.web.portal.objections import refused
from api.web.rendering import page
from core.errors import FieldProblem, InvalidInput
from core.i18n import current_locale, gettext
from tendering.following import commands
from tendering.following.models import Pace
from tendering.queries import NoticeFilter
from tendering.records import find_process


@dataclass
class Wish:
    email: str = ""
    pace: str = "daily"
    process: str = ""


@get("/following", opt={"public": True}, include_in_schema=False, dependencies={"wanted": provide_search})
async def show_wish(
    request: PageRequest, session: AsyncSession, wanted: NoticeFilter, process: FromQuery[str] = ""
) -> Template:
    return await _wish(request, session, Wish(process=process), wanted)


@post(
    "/following",
    opt={"public": True},
    include_in_schema=False,
    status_code=303,
    dependencies={"wanted": provide_search},
)
async def ask(
    request: PageRequest,
    session: AsyncSession,
    now: datetime,
    *,
    wanted: NoticeFilter,
    data: Annotated[Wish, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect | Template:
    """The search to follow stands in the address, the rest in the form."""
    try:
        subject = await find_process(session, data.process) if data.process else None
        await commands.ask_to_follow(
            session,
            email=data.email,
            pace=_pace(data.pace),
            locale=current_locale.get(),
            label=subject.notices[-1].title if subject else name_of(wanted),
            process=subject.code if subject else None,
            wanted=wanted,
            now=now,
        )
    except InvalidInput as refusal:
        return await _wish(request, session, data, wanted, refusal)
    return Redirect("/following/asked", status_code=303)


@get("/following/asked", opt={"public": True}, include_in_schema=False)
async def show_asked(request: PageRequest) -> Template:
    return page(request, "portal/following_asked.html")


@get("/following/{token:str}", opt={"public": True}, include_in_schema=False)
async def show_follow(request: PageRequest, session: AsyncSession, token: FromPath[str]) -> Template:
    """Confirming and leaving are acts, so they are buttons: mail scanners open every address they see."""
    return page(request, "portal/following_one.html", follow=await commands.find_follow(session, token))


@post("/following/{token:str}", opt={"public": True}, include_in_schema=False, status_code=303)
async def confirm(session: AsyncSession, now: datetime, token: FromPath[str]) -> Redirect:
    await commands.confirm_follow(session, token, now=now)
    return Redirect(f"/following/{token}", status_code=303)


@post(
    "/following/{token:str}/end",
    opt={"public": True, "exclude_from_csrf": True},
    include_in_schema=False,
    status_code=200,
)
async def leave(
    request: PageRequest, session: AsyncSession, token: FromPath[str]
) -> Template | Response[None]:
    """Mail programs post here by themselves when their user says so (RFC 8058), without a page or a cookie."""
    await commands.end_follow(session, token)
    return page(request, "portal/following_ended.html")


def _pace(value: str) -> Pace:
    try:
        return Pace(value)
    except ValueError as error:
        raise InvalidInput(problems=(FieldProblem("pace", "该项填写有误。"),)) from error


def name_of(wanted: NoticeFilter) -> str:
    return " · ".join(labels_of(wanted).values()) or gettext("全部交易信息")


async def _wish(
    request: PageRequest,
    session: AsyncSession,
    data: Wish,
    wanted: NoticeFilter,
    refusal: InvalidInput | None = None,
) -> Template:
    subject = await find_process(session, data.process) if data.process else None
    return page(
        request,
        "portal/following.html",
        data=data,
        label=subject.notices[-1].title if subject else name_of(wanted),
        back=f"/processes/{subject.ocid}" if subject else address(state_of(wanted)),
        query=address(state_of(wanted)).removeprefix("/notices"),
        **refused(refusal),
    )


ROUTES: list[ControllerRouterHandler] = [show_wish, ask, show_asked, show_follow, confirm, leave]
