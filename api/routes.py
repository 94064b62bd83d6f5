"""Every route of the service, by audience."""

from litestar.types import ControllerRouterHandler

from api import health
from api.web import account, home

ROUTES: list[ControllerRouterHandler] = [
    *health.ROUTES,
    *account.ROUTES,
    *home.ROUTES,
]
