"""办事指南: what a joint inspection asks for and gives, matter by matter, for everybody."""

from datetime import date, datetime

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.web.cases.acts import PageRequest
from api.web.rendering import page
from core.clock import local_date
from core.errors import NotFound
from inspection.queries.guide import service_guide
from inspection.reckoning import reckoning


@get("/guide", opt={"public": True}, include_in_schema=False)
async def show_guide(
    request: PageRequest, session: AsyncSession, now: datetime, on: FromQuery[date | None] = None
) -> Template:
    rules = (await reckoning(session, now)).rules
    guide = await service_guide(session, rules, on=on or local_date(now))
    return page(request, "guide/list.html", guide=guide)


@get("/guide/{code:str}", opt={"public": True}, include_in_schema=False)
async def show_matter(
    request: PageRequest,
    session: AsyncSession,
    code: FromPath[str],
    now: datetime,
    on: FromQuery[date | None] = None,
) -> Template:
    rules = (await reckoning(session, now)).rules
    guide = await service_guide(session, rules, on=on or local_date(now))
    matter = next((each for each in guide.matters if each.code == code), None)
    if matter is None:
        raise NotFound
    return page(request, "guide/matter.html", matter=matter, on=guide.on)


ROUTES: list[ControllerRouterHandler] = [show_guide, show_matter]
