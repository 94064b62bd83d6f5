"""Whole months to take away, listed for people."""

from litestar import get
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.v1.bulk import files_of
from api.web.portal.notices import PageRequest
from api.web.rendering import page
from tendering.bulk import list_months


@get("/data", opt={"public": True, "cached": True}, include_in_schema=False)
async def show_months(request: PageRequest, session: AsyncSession) -> Template:
    months = [files_of(month) for month in await list_months(session)]
    return page(request, "portal/data.html", months=months)


ROUTES: list[ControllerRouterHandler] = [show_months]
