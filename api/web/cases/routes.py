from litestar.types import ControllerRouterHandler

from api.web.cases import (
    aftercare,
    archives,
    booking,
    desks,
    letters,
    liaison,
    minutes,
    opinions,
    pages,
    staff,
    window,
)

ROUTES: list[ControllerRouterHandler] = [
    *aftercare.ROUTES,
    *archives.ROUTES,
    *booking.ROUTES,
    *pages.ROUTES,
    *desks.ROUTES,
    *letters.ROUTES,
    *liaison.ROUTES,
    *minutes.ROUTES,
    *opinions.ROUTES,
    *staff.ROUTES,
    *window.ROUTES,
]
