from litestar.types import ControllerRouterHandler

from api.web.administration import accounts, catalogue, delegations, limits, pages, roster, rulebook

ROUTES: list[ControllerRouterHandler] = [
    *pages.ROUTES,
    *accounts.ROUTES,
    *catalogue.ROUTES,
    *delegations.ROUTES,
    *limits.ROUTES,
    *roster.ROUTES,
    *rulebook.ROUTES,
]
