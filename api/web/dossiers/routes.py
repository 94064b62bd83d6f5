from litestar.types import ControllerRouterHandler

from api.web.dossiers import notice, pages, report, upload

ROUTES: list[ControllerRouterHandler] = [
    *pages.ROUTES,
    *notice.ROUTES,
    *report.ROUTES,
    *upload.ROUTES,
]
