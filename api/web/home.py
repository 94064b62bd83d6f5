"""The front page, what the site is, and the design system's own page."""

from typing import Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from api.auth.principal import Principal
from api.web.rendering import page
from core.errors import NotFound

PageRequest = Request[Principal | None, Any, State]


@get("/about", opt={"public": True}, include_in_schema=False)
async def show_about(request: PageRequest) -> Template:
    return page(request, "about.html")


@get("/styleguide", opt={"public": True}, include_in_schema=False)
async def show_styleguide(request: PageRequest, state: State) -> Template:
    """Every part of the design system on one page, for those who build pages."""
    if not state.resources.settings.debug:
        raise NotFound
    return page(request, "styleguide.html", phone="phone" in request.query_params)


ROUTES: list[ControllerRouterHandler] = [show_about, show_styleguide]
