from litestar.types import ControllerRouterHandler

from api.web.portal import (
    attachments,
    closing,
    complaints,
    data,
    drafts,
    feeds,
    following,
    inspection_board,
    notices,
    objections,
    openings,
    parties,
    sheets,
    sitemap,
    statistics,
    verify,
)

ROUTES: list[ControllerRouterHandler] = [
    *notices.ROUTES,
    *attachments.ROUTES,
    *closing.ROUTES,
    *complaints.ROUTES,
    *data.ROUTES,
    *drafts.ROUTES,
    *feeds.ROUTES,
    *following.ROUTES,
    *objections.ROUTES,
    *openings.ROUTES,
    *parties.ROUTES,
    *sheets.ROUTES,
    *sitemap.ROUTES,
    *statistics.ROUTES,
    *verify.ROUTES,
    *inspection_board.ROUTES,
]
