"""Is the process alive, and can it serve."""

import sqlalchemy as sa
from litestar import Response, get
from litestar.datastructures import State
from litestar.plugins.prometheus import PrometheusController
from litestar.types import ControllerRouterHandler
from redis.exceptions import RedisError

from api.resources import Resources


@get("/healthz", opt={"public": True}, include_in_schema=False)
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@get("/readyz", opt={"public": True}, include_in_schema=False)
async def readyz(state: State) -> Response[dict[str, str]]:
    """200 when the database answers; the queue's state is told beside it, since public pages do without."""
    resources: Resources = state.resources
    checks = {"database": await _database(resources), "queue": await _queue(resources)}
    return Response(checks, status_code=200 if checks["database"] == "ok" else 503)


async def _database(resources: Resources) -> str:
    try:
        async with resources.database.transaction() as session:
            await session.execute(sa.select(1))
    except (sa.exc.SQLAlchemyError, OSError):
        return "down"
    return "ok"


async def _queue(resources: Resources) -> str:
    try:
        await resources.redis.ping()
    except (RedisError, OSError):
        return "down"
    return "ok"


class MetricsController(PrometheusController):
    path = "/metrics"
    include_in_schema = False
    opt = {"public": True}  # noqa: RUF012 - Litestar declares it as an instance attribute


ROUTES: list[ControllerRouterHandler] = [healthz, readyz, MetricsController]
