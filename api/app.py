"""The application factory. Nothing is built at import time."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from litestar import Litestar, Request, Response
from litestar.config.csrf import CSRFConfig
from litestar.config.response_cache import ResponseCacheConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins.prometheus import PrometheusConfig
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig
from litestar.types import ControllerRouterHandler, Method
from litestar.types.internal_types import PathParameterDefinition
from sqlalchemy.ext.asyncio import AsyncSession

from api import demo_clock
from api.auth.middleware import RequestContext, require_action
from api.auth.principal import Principal
from api.open_interface import OpenInterface, allowances
from api.problems import EXCEPTION_HANDLERS
from api.public_cache import PublicCache
from api.resources import Resources
from api.routes import ROUTES
from api.web.portal.schema import Description, RedocPage, schema_router
from api.web.rendering import ASSETS, STATIC, build_engine
from core import clock, log
from core.db import Database
from core.settings import Settings
from scheduling.warm import warm

YEAR = "public, max-age=31536000, immutable"


def create_app(settings: Settings | None = None) -> Litestar:
    settings = settings or Settings()
    demo_clock.follow(settings)
    log.configure(json=settings.log_json)
    return connect(build(settings), settings)


def build(settings: Settings) -> Litestar:
    """Routes and pages, the same whatever the servers behind them."""
    return Litestar(
        route_handlers=[*ROUTES, *_files()],
        guards=[require_action],
        dependencies={
            "session": Provide(provide_session),
            "caller": Provide(provide_caller, sync_to_thread=False),
            "now": Provide(provide_now, sync_to_thread=False),
            "resources": Provide(provide_resources, sync_to_thread=False),
        },
        middleware=[
            PrometheusConfig(app_name="yichuang", prefix="yichuang", group_path=True).middleware,
        ],
        csrf_config=CSRFConfig(
            secret=settings.secret,
            cookie_name="csrf",
            cookie_samesite="lax",
            cookie_secure=settings.secure_cookies,
            exclude="^/api/",
        ),
        exception_handlers=EXCEPTION_HANDLERS,
        template_config=TemplateConfig(instance=build_engine(settings)),
        openapi_config=openapi_config(),
        lifespan=[lifespan],
        request_max_body_size=settings.upload_limit,
        response_cache_config=ResponseCacheConfig(default_expiration=None),
        debug=False,
    )


def connect(app: Litestar, settings: Settings) -> Litestar:
    """Open database and queue, and put around the router what must also meet an unknown address."""
    resources = app.state.resources = Resources.open(settings)
    app.asgi_handler = RequestContext(app.asgi_handler, resources.database)
    anonymous, keyed = allowances(settings.api_rate)
    app.asgi_handler = OpenInterface(app.asgi_handler, resources.redis, anonymous=anonymous, keyed=keyed)
    if settings.public_cache and settings.demo_speed == 1:
        app.asgi_handler = PublicCache(app.asgi_handler, resources.database)
    return app


def openapi_config() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="一窗 Yichuang",
        version="1",
        description=(
            "公共资源交易信息与联合验收公开接口"
            " · Open interface of public resource trading and joint inspections"
        ),
        operation_id_creator=operation_id,
        components=Components(security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}),
        openapi_router=schema_router(),
        render_plugins=[RedocPage(), Description()],
    )


def operation_id(
    handler: HTTPRouteHandler, _method: Method, _path: list[str | PathParameterDefinition]
) -> str:
    """The handler's name, as generated clients spell it: `get_notices` is `getNotices`."""
    first, *rest = handler.handler_name.split("_")
    return first + "".join(word.title() for word in rest)


def _files() -> list[ControllerRouterHandler]:
    """Our own files and those of front-end packages; each address carries a hash, so browsers keep them."""
    return [
        create_static_files_router(
            path=path,
            directories=[directory],
            opt={"public": True},
            include_in_schema=False,
            cache_control=None,
            after_request=keep_for_ever,
        )
        for path, directory in (("/static", STATIC), ("/assets", ASSETS))
    ]


def keep_for_ever(response: Response[object]) -> Response[object]:
    response.headers["Cache-Control"] = YEAR
    return response


async def provide_session(state: State) -> AsyncIterator[AsyncSession]:
    """The request's one transaction: committed after the handler returned, before the answer is sent."""
    database: Database = state.resources.database
    async with database.transaction() as session:
        yield session


def provide_caller(request: Request[Principal | None, None, State]) -> Principal | None:
    return request.user


def provide_now() -> datetime:
    return clock.now()


def provide_resources(state: State) -> Resources:
    resources: Resources = state.resources
    return resources


async def warm_kernels() -> None:
    """Repairs use the solver's kernels: compiled beside us where the disk has none yet, then loaded."""
    compiling = await asyncio.create_subprocess_exec(sys.executable, "-m", "scheduling.warm")
    await compiling.wait()
    await asyncio.to_thread(warm)


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    resources: Resources = app.state.resources
    warming = asyncio.create_task(warm_kernels()) if resources.settings.warm_kernels else None
    try:
        yield
    finally:
        if warming is not None:
            warming.cancel()
        await resources.close()
