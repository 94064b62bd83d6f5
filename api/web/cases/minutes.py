"""会议纪要: the minutes of a visit, to read and as PDF, for the authorities that took part."""

import asyncio

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.web.cases.acts import PageRequest, person
from api.web.cases.view import check_reach
from api.web.rendering import page
from core.access import Action, Scope
from core.errors import NotFound
from inspection.minutes import Minutes, minutes_of, render


async def load_minutes(session: AsyncSession, caller: Principal, code: str, number: int) -> Minutes:
    """They name officers: applicants read the opinion and the list of what to rectify instead."""
    await check_reach(session, caller, code)
    if caller.scope(Action.CASE_READ) is Scope.OWN:
        raise NotFound
    return await minutes_of(session, code, number)


@get(
    "/inspections/{code:str}/minutes/{number:int}", opt={"action": Action.CASE_READ}, include_in_schema=False
)
async def show_minutes(
    request: PageRequest,
    session: AsyncSession,
    code: FromPath[str],
    number: FromPath[int],
    caller: Principal | None,
) -> Template:
    minutes = await load_minutes(session, person(caller), code, number)
    return page(request, "opinions/minutes.html", minutes=minutes)


@get(
    "/inspections/{code:str}/minutes/{number:int}/minutes.pdf",
    opt={"action": Action.CASE_READ},
    include_in_schema=False,
)
async def download_minutes(
    session: AsyncSession, code: FromPath[str], number: FromPath[int], caller: Principal | None
) -> Response[bytes]:
    minutes = await load_minutes(session, person(caller), code, number)
    headers = {"Content-Disposition": f'attachment; filename="{code}-minutes-{number}.pdf"'}
    return Response(await asyncio.to_thread(render, minutes), media_type="application/pdf", headers=headers)


ROUTES: list[ControllerRouterHandler] = [show_minutes, download_minutes]
