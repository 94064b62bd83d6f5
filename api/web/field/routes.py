from litestar.types import ControllerRouterHandler

from api.web.field import calendar, days, photos

ROUTES: list[ControllerRouterHandler] = [
    *calendar.ROUTES,
    *days.ROUTES,
    *photos.ROUTES,
]
