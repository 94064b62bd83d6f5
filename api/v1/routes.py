"""The open interface, version 1."""

from litestar import Router
from litestar.types import ControllerRouterHandler

from api.v1 import (
    bulk,
    cases,
    changes,
    documents,
    exchange,
    guide,
    inspections,
    notices,
    roots,
    schedules,
    webhooks,
)

ROUTES: list[ControllerRouterHandler] = [
    Router(
        path="/api/v1",
        route_handlers=[
            *notices.ROUTES,
            *roots.ROUTES,
            *changes.ROUTES,
            *bulk.ROUTES,
            *exchange.ROUTES,
            *webhooks.ROUTES,
            *cases.ROUTES,
            *guide.ROUTES,
            *inspections.ROUTES,
            *schedules.ROUTES,
            *documents.ROUTES,
        ],
    )
]
