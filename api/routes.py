"""Every route of the service, by audience."""

from litestar.types import ControllerRouterHandler

from api import health
from api.v1 import routes as v1
from api.web import (
    account,
    administration,
    booking,
    cases,
    cases_desks,
    dossiers,
    feeds,
    home,
    liaison,
    messages,
    officer,
    officer_photos,
    opinions,
    portal,
    portal_complaints,
    portal_drafts,
    portal_feeds,
    portal_following,
    portal_objections,
    portal_statistics,
    supervision,
    window,
)

ROUTES: list[ControllerRouterHandler] = [
    *health.ROUTES,
    *account.ROUTES,
    *messages.ROUTES,
    *home.ROUTES,
    *administration.ROUTES,
    *portal.ROUTES,
    *portal_drafts.ROUTES,
    *portal_feeds.ROUTES,
    *portal_following.ROUTES,
    *portal_objections.ROUTES,
    *portal_complaints.ROUTES,
    *portal_statistics.ROUTES,
    *cases.ROUTES,
    *cases_desks.ROUTES,
    *dossiers.ROUTES,
    *window.ROUTES,
    *booking.ROUTES,
    *liaison.ROUTES,
    *officer.ROUTES,
    *officer_photos.ROUTES,
    *feeds.ROUTES,
    *opinions.ROUTES,
    *supervision.ROUTES,
    *v1.ROUTES,
]
