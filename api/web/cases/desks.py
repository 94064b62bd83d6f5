"""/inspections leads each person to his desk; /progress/{code} tells everybody how far a case is."""

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.web.cases.acts import PageRequest, person
from api.web.rendering import page
from core.access import Action
from core.errors import NotFound
from inspection.queries.public_progress import public_progress

#: The first that the caller may do is his desk.
DESKS = (
    (Action.CASE_ACCEPT, "/inspections/window"),
    (Action.CASE_BOOK, "/inspections/board"),
    (Action.CASE_ISSUE, "/inspections/issue"),
    (Action.CASE_REPLY, "/inspections/inbox"),
    (Action.CASE_OPINE, "/tasks"),
    (Action.SUPERVISE, "/supervision"),
    (Action.CASE_CREATE, "/cases"),
)


@get("/inspections", opt={"action": Action.CASE_READ}, include_in_schema=False, status_code=303)
async def show_desk(caller: Principal | None) -> Redirect:
    who = person(caller)
    desk = next((path for action, path in DESKS if who.may(action)), None)
    if desk is None:
        raise NotFound
    return Redirect(desk, status_code=303)


@get("/progress", opt={"public": True}, include_in_schema=False)
async def ask_progress(request: PageRequest, session: AsyncSession, code: FromQuery[str] = "") -> Template:
    if not code.strip():
        return page(request, "cases/progress.html", found=None, code="", unknown=False)
    return await _progress(request, session, code.strip().upper())


@get("/progress/{code:str}", opt={"public": True}, include_in_schema=False)
async def show_progress(request: PageRequest, session: AsyncSession, code: FromPath[str]) -> Template:
    return await _progress(request, session, code)


async def _progress(request: PageRequest, session: AsyncSession, code: str) -> Template:
    try:
        found = await public_progress(session, code)
    except NotFound:
        return page(request, "cases/progress.html", status=404, found=None, code=code, unknown=True)
    return page(request, "cases/progress.html", found=found, code=code, unknown=False)


ROUTES: list[ControllerRouterHandler] = [show_desk, ask_progress, show_progress]
