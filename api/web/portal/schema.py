"""The interface's description for people: Redoc, served by us, at /schema."""

from typing import Any

from litestar import Request, Response, Router
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin

from api.v1.schedule_bodies import schema_components
from core.i18n import current_locale

#: Redoc writes its styles into the page and searches in a worker of its own; nothing comes from elsewhere.
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:;"
    " object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
)


class RedocPage(OpenAPIRenderPlugin):
    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002 - the page fetches the description itself
        engine = request.app.template_engine
        assert engine is not None  # noqa: S101 - the application always has one
        template = engine.get_template("portal/schema.html")
        return str(template.render(locale=current_locale.get())).encode()


class Description(JsonRenderPlugin):
    """The description as JSON, with the components that the framework does not make itself."""

    def __init__(self) -> None:
        super().__init__(path="/openapi.json")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        components = openapi_schema["components"]
        own = {**components.get("schemas", {}), **schema_components()}
        return super().render(request, {**openapi_schema, "components": {**components, "schemas": own}})


def allow_redoc(response: Response[Any]) -> Response[Any]:
    response.headers["Content-Security-Policy"] = POLICY
    return response


def schema_router() -> Router:
    return Router(
        "/schema",
        route_handlers=[],
        opt={"public": True},
        after_request=allow_redoc,
        include_in_schema=False,
    )
