"""The public inspection board, and one project from tender to inspection."""

from datetime import datetime

from litestar import get
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.project_trail import project_trail
from api.web.portal.notices import WORDS, PageRequest
from api.web.rendering import page
from inspection.queries.public_board import public_board


@get("/board", opt={"public": True, "cached": True}, include_in_schema=False)
async def show_board(request: PageRequest, session: AsyncSession, now: datetime) -> Template:
    return page(request, "inspections/board.html", board=await public_board(session, now=now))


@get("/projects/{code:str}", opt={"public": True, "cached": True}, include_in_schema=False)
async def show_project(request: PageRequest, session: AsyncSession, code: FromPath[str]) -> Template:
    return page(request, "inspections/project.html", trail=await project_trail(session, code), **WORDS)


ROUTES: list[ControllerRouterHandler] = [show_board, show_project]
