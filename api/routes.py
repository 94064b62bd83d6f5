"""Every route of the service, by audience."""

from litestar.types import ControllerRouterHandler

from api import health
from api.v1 import routes as v1
from api.web import account, guide, home, messages, passwords, schedules
from api.web.administration import routes as administration
from api.web.cases import routes as cases
from api.web.dossiers import routes as dossiers
from api.web.field import routes as field
from api.web.portal import routes as portal
from api.web.supervision import routes as supervision

ROUTES: list[ControllerRouterHandler] = [
    *health.ROUTES,
    *account.ROUTES,
    *passwords.ROUTES,
    *messages.ROUTES,
    *home.ROUTES,
    *guide.ROUTES,
    *schedules.ROUTES,
    *portal.ROUTES,
    *cases.ROUTES,
    *dossiers.ROUTES,
    *field.ROUTES,
    *supervision.ROUTES,
    *administration.ROUTES,
    *v1.ROUTES,
]
