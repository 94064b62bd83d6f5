"""Setting a password by the link that an administrator gave, and changing one's own."""

import asyncio
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import sessions, throttle
from api.auth.invitations import invited
from api.auth.principal import Principal
from api.resources import Resources
from api.web.account import PageRequest, session_cookie
from api.web.cases.acts import person, refused
from api.web.rendering import page
from core import accounts
from core.access import Action
from core.errors import FieldProblem, InvalidInput
from core.people import Account

NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@get("/welcome/{token:str}", opt={"public": True}, include_in_schema=False)
async def show_welcome(
    request: PageRequest, session: AsyncSession, resources: Resources, now: datetime, token: FromPath[str]
) -> Template:
    account = await invited(session, token, secret=resources.settings.secret, now=now)
    return _form(request, account, f"/welcome/{token}")


@post("/welcome/{token:str}", opt={"public": True}, include_in_schema=False)
async def accept_welcome(
    request: PageRequest, resources: Resources, now: datetime, token: FromPath[str]
) -> Response[Any]:
    """The password is set, and the person logged in."""
    form = await request.form()
    password = str(form.get("password", ""))
    secret = resources.settings.secret
    async with resources.database.transaction() as session:
        account = await invited(session, token, secret=secret, now=now)
    try:
        accounts.check_password(password, login=account.login)
    except InvalidInput as refusal:
        return _form(request, account, f"/welcome/{token}", refused("password", refusal, form))
    hashed = await asyncio.to_thread(sessions.hash_password, password)
    async with resources.database.transaction() as session:
        account = await invited(session, token, secret=secret, now=now)
        return await _set(session, resources, account, hashed, now)


@get("/account", opt={"action": Action.SELF}, include_in_schema=False)
async def show_account(request: PageRequest, session: AsyncSession, caller: Principal | None) -> Template:
    account = await accounts.find_account(session, person(caller).person)
    return _form(request, account, "/account", own=True)


@post("/account", opt={"action": Action.SELF}, include_in_schema=False)
async def change_password(
    request: PageRequest, caller: Principal | None, resources: Resources, now: datetime
) -> Response[Any]:
    form = await request.form()
    old, new = str(form.get("old", "")), str(form.get("password", ""))
    async with resources.database.transaction() as session:
        account = await accounts.find_account(session, person(caller).person)
    # Counted apart from logins, which a thief of the session must not be able to bar.
    counted = f"{account.id}:password"
    await throttle.check_attempts(resources.redis, login=counted, address=None)
    try:
        await _prove(account, old)
        accounts.check_password(new, login=account.login)
    except InvalidInput as refusal:
        return _form(request, account, "/account", refused("password", refusal, form), own=True)
    await throttle.forget_attempts(resources.redis, login=counted)
    hashed = await asyncio.to_thread(sessions.hash_password, new)
    async with resources.database.transaction() as session:
        account = await accounts.find_account(session, account.id, lock=True)
        return await _set(session, resources, account, hashed, now)


async def _prove(account: Account, password: str) -> None:
    if not await asyncio.to_thread(sessions.password_matches, account.password_hash, password):
        raise InvalidInput(problems=(FieldProblem("old", "原密码不正确。"),))


async def _set(
    session: AsyncSession, resources: Resources, account: Account, hashed: str, now: datetime
) -> Redirect:
    await accounts.set_password(session, account, hashed, now=now)
    token = await sessions.open_session(session, account, now=now)
    return Redirect("/", status_code=303, cookies=[session_cookie(resources, token)])


def _form(
    request: PageRequest, account: Account, target: str, refusal: Any = None, *, own: bool = False
) -> Template:
    return page(
        request,
        "password.html",
        status=refusal.status if refusal else 200,
        headers=NO_STORE,
        login=account.login,
        target=target,
        own=own,
        least=accounts.SHORTEST_PASSWORD,
        problems=refusal.problems if refusal else {},
    )


ROUTES: list[ControllerRouterHandler] = [show_welcome, accept_welcome, show_account, change_password]
