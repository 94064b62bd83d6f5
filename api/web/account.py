"""Login, logout and language."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlmodel import col

from api.auth import sessions, throttle
from api.auth.middleware import LANGUAGE_COOKIE
from api.auth.principal import Principal
from api.resources import Resources
from api.web.rendering import page
from core import clock
from core.access import Action
from core.i18n import LOCALES
from core.people import Account

PageRequest = Request[Principal | None, Any, State]
YEAR_SECONDS = 365 * 24 * 3600


@dataclass
class LoginForm:
    login: str
    password: str
    next: str = "/"


Form = Annotated[LoginForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


def local_path(target: str) -> str:
    """The target if it stays on this site, else the front page."""
    parts = urlsplit(target)
    inside = not parts.scheme and not parts.netloc and target.startswith("/") and "\\" not in target
    return target if inside and not target.startswith("//") else "/"


@get("/login", opt={"public": True}, include_in_schema=False)
async def show_login(request: PageRequest, next: FromQuery[str] = "/") -> Template:  # noqa: A002 - the query parameter's name
    return page(request, "login.html", next=local_path(next), login="", refusal=None)


@post("/login", opt={"public": True}, include_in_schema=False, status_code=303)
async def log_in(request: PageRequest, data: Form, state: State) -> Response[Any]:
    resources: Resources = state.resources
    address = request.client.host if request.client else ""
    await throttle.check_attempts(resources.redis, login=data.login, address=address)
    async with resources.database.transaction() as session:
        account = await sessions.find_account(session, data.login)
    # The slow hash runs in a thread and outside any transaction.
    if not await asyncio.to_thread(
        sessions.password_matches, account.password_hash if account else None, data.password
    ):
        refusal = sessions.WrongCredentials()
        return page(
            request,
            "login.html",
            status=refusal.status,
            next=local_path(data.next),
            login=data.login,
            refusal=refusal,
        )
    assert account is not None  # noqa: S101 - a password only matches an account's
    async with resources.database.transaction() as session:
        token = await sessions.open_session(session, account, now=clock.now())
    await throttle.forget_attempts(resources.redis, login=data.login)
    return Redirect(local_path(data.next), status_code=303, cookies=[session_cookie(resources, token)])


def session_cookie(resources: Resources, token: str, *, max_age: int | None = None) -> Cookie:
    return Cookie(
        key=sessions.COOKIE,
        value=token,
        path="/",
        httponly=True,
        samesite="lax",
        secure=resources.settings.secure_cookies,
        max_age=int(sessions.LIFETIME.total_seconds()) if max_age is None else max_age,
    )


@post("/logout", opt={"action": Action.SELF}, include_in_schema=False, status_code=303)
async def log_out(request: PageRequest, state: State) -> Redirect:
    resources: Resources = state.resources
    async with resources.database.transaction() as session:
        await sessions.close_session(session, request.cookies.get(sessions.COOKIE, ""))
    # An officer's phone keeps pages and records; nothing of them stays on the device.
    return Redirect(
        "/",
        status_code=303,
        cookies=[session_cookie(resources, "", max_age=0)],
        headers={"Clear-Site-Data": '"cache", "storage"'},
    )


@get("/lang/{locale:str}", opt={"public": True}, include_in_schema=False, status_code=303)
async def choose_language(
    request: PageRequest,
    locale: FromPath[str],
    state: State,
    next: FromQuery[str] = "/",  # noqa: A002 - as above
) -> Redirect:
    chosen = locale if locale in LOCALES else LOCALES[0]
    if request.user is not None and request.user.account_id is not None:
        resources: Resources = state.resources
        async with resources.database.transaction() as session:
            await session.execute(
                sa.update(Account).where(col(Account.id) == request.user.account_id).values(locale=chosen)
            )
    cookie = Cookie(key=LANGUAGE_COOKIE, value=chosen, path="/", samesite="lax", max_age=YEAR_SECONDS)
    return Redirect(local_path(next), status_code=303, cookies=[cookie])


ROUTES: list[ControllerRouterHandler] = [show_login, log_in, log_out, choose_language]
