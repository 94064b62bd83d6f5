"""Each request gets an id, its caller, and the caller's language before anything else runs."""

import secrets

import structlog
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders, State
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy.exc import OperationalError

from api.auth.principal import Principal
from api.auth.sessions import COOKIE, principal_of_key, principal_of_token
from core import clock
from core.access import Action
from core.db import Database
from core.errors import LoginRequired, NotAllowed
from core.i18n import current_locale, negotiate

LANGUAGE_COOKIE = "lang"
#: Files are the same for everybody; a phone that keeps them must find them again whatever it asks with.
SAME_FOR_ALL = ("/static/", "/assets/")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
    ),
}


class RequestContext:
    """ASGI middleware: request id, caller, language, security headers."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self.app = app
        self.database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = ASGIConnection[BaseRouteHandler, Principal | None, None, State](scope)
        request_id = connection.headers.get("x-request-id", "")[:64] or secrets.token_hex(8)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            principal = await self._authenticate(connection)
        except (OperationalError, OSError):
            # Without the database nobody can be known; what follows says 503 where it needs one.
            principal = None
        scope["user"], scope["auth"] = principal, None
        locale = negotiate(
            cookie=connection.cookies.get(LANGUAGE_COOKIE),
            account=principal.locale if principal else None,
            accept=connection.headers.get("accept-language", ""),
        )
        current_locale.set(locale)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                headers["X-Request-ID"] = request_id
                headers.setdefault("Content-Language", locale)
                if not connection.url.path.startswith(SAME_FOR_ALL):
                    headers.extend_header_value("Vary", "Accept-Language, Cookie")
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if principal is not None:
                    headers.setdefault("Cache-Control", "private, no-store")
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            structlog.contextvars.clear_contextvars()

    async def _authenticate(
        self, connection: ASGIConnection[BaseRouteHandler, Principal | None, None, State]
    ) -> Principal | None:
        kind, _, key = connection.headers.get("authorization", "").partition(" ")
        token = connection.cookies.get(COOKIE)
        if kind.lower() == "bearer" and key:
            async with self.database.transaction() as session:
                return await principal_of_key(session, key, now=clock.now())
        # Machines present a key; a browser's cookie opens pages only, where CSRF tokens protect it.
        if token and not connection.url.path.startswith("/api/"):
            async with self.database.transaction() as session:
                return await principal_of_token(session, token, now=clock.now())
        return None


def require_action(connection: ASGIConnection, handler: BaseRouteHandler) -> None:  # type: ignore[type-arg]  # Litestar's guard protocol is unparametrised
    """The guard of every route: it is public, or names the action that the caller must be granted."""
    if handler.opt.get("public"):
        return
    action = handler.opt.get("action")
    if not isinstance(action, Action):
        raise NotAllowed
    principal: Principal | None = connection.scope.get("user")
    if principal is None:
        raise LoginRequired
    if not principal.may(action):
        raise NotAllowed
