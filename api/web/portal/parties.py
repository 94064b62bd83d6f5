"""A buyer's or supplier's page: its figures, its partners, its notices."""

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.web.portal.notices import WORDS, PageRequest, address
from api.web.rendering import page
from core.errors import NotFound
from tendering.parties import Role, figures_of
from tendering.queries import NoticeFilter, count_notices, list_notices

NEWEST = 10
Name = Annotated[str, QueryParameter(max_length=100)]


@get("/buyers", opt={"public": True, "cached": True}, include_in_schema=False)
async def show_buyer(request: PageRequest, session: AsyncSession, name: Name) -> Template:
    return await _show(request, session, Role.BUYER, name)


@get("/suppliers", opt={"public": True, "cached": True}, include_in_schema=False)
async def show_supplier(request: PageRequest, session: AsyncSession, name: Name) -> Template:
    return await _show(request, session, Role.SUPPLIER, name)


async def _show(request: PageRequest, session: AsyncSession, role: Role, name: str) -> Template:
    wanted = NoticeFilter(buyer=name) if role is Role.BUYER else NoticeFilter(supplier=name)
    found = await list_notices(session, wanted, limit=NEWEST)
    if not found.items:
        raise NotFound
    return page(
        request,
        "portal/party.html",
        role=role,
        name=name,
        found=found,
        count=await count_notices(session, wanted),
        figures=await figures_of(session, role, name),
        all_notices=address({role.value: name}),
        follow=address({role.value: name}).replace("/notices", "/following", 1),
        **WORDS,
    )


ROUTES: list[ControllerRouterHandler] = [show_buyer, show_supplier]
