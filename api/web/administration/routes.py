from litestar.types import ControllerRouterHandler

from api.web.administration import catalogue, delegations, limits, pages, rulebook

ROUTES: list[ControllerRouterHandler] = [
    *pages.ROUTES,
    *catalogue.ROUTES,
    *delegations.ROUTES,
    *limits.ROUTES,
    *rulebook.ROUTES,
]
