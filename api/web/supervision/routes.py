from litestar.types import ControllerRouterHandler

from api.web.supervision import draws, lamps, reports, trading

ROUTES: list[ControllerRouterHandler] = [
    *draws.ROUTES,
    *reports.ROUTES,
    *lamps.ROUTES,
    *trading.ROUTES,
]
