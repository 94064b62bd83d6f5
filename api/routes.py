"""Every route of the service, by audience."""

from litestar.types import ControllerRouterHandler

from api import health
from api.v1 import routes as v1
from api.web import account, administration, home, portal

ROUTES: list[ControllerRouterHandler] = [
    *health.ROUTES,
    *account.ROUTES,
    *home.ROUTES,
    *administration.ROUTES,
    *portal.ROUTES,
    *v1.ROUTES,
]
