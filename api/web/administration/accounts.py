"""账号: who may log in as what. Nobody but its person knows a password: a new one is set by a link that works once."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.invitations import invite
from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases.acts import Entered, PageRequest, Refused, person, refused
from api.web.rendering import page
from core import accounts
from core.access import Action, Role
from core.errors import Refusal
from core.people import Account, AccountRole, Department

HERE = "/administration/accounts"
OPTIONS: dict[str, Any] = {"action": Action.ACCOUNT_MANAGE}
ROWS = 200


class AccountLine(msgspec.Struct, frozen=True):
    id: int
    login: str
    name: str
    department: str | None
    active: bool
    waiting: bool
    """No password has been set yet."""
    roles: list[Role]


@get(HERE, opt=OPTIONS, include_in_schema=False)
async def show_accounts(
    request: PageRequest,
    session: AsyncSession,
    text: FromQuery[str] = "",
    role: FromQuery[Role | None] = None,
) -> Template:
    return await accounts_page(request, session, text=text.strip(), role=role)


async def accounts_page(
    request: PageRequest,
    session: AsyncSession,
    *,
    text: str = "",
    role: Role | None = None,
    refusal: Refused | None = None,
) -> Template:
    query = sa.select(Account).order_by(col(Account.active).desc(), col(Account.login)).limit(ROWS)
    if text:
        query = query.where(
            col(Account.login).icontains(text, autoescape=True)
            | col(Account.name).icontains(text, autoescape=True)
        )
    if role is not None:
        query = query.where(
            col(Account.id).in_(sa.select(col(AccountRole.account_id)).where(col(AccountRole.role) == role))
        )
    rows = list(await session.scalars(query))
    roles = await _roles(session, [row.id for row in rows])
    return page(
        request,
        "administration/accounts.html",
        status=refusal.status if refusal else 200,
        rows=[
            AccountLine(
                *(row.id, row.login, row.name, row.department_code, row.active, not row.password_hash),
                roles=roles[row.id],
            )
            for row in rows
        ],
        most=ROWS,
        text=text,
        role=role,
        refused=refusal,
        **await _choices(session),
    )


async def _roles(session: AsyncSession, ids: Collection[int]) -> dict[int, list[Role]]:
    found: dict[int, list[Role]] = defaultdict(list)
    rows = await session.scalars(
        sa.select(AccountRole).where(col(AccountRole.account_id).in_(ids)).order_by(col(AccountRole.role))
    )
    for row in rows:
        found[row.account_id].append(row.role)
    return found


async def _choices(session: AsyncSession) -> dict[str, Any]:
    departments = await session.scalars(sa.select(Department).order_by(col(Department.code)))
    return {"departments": list(departments), "every_role": list(Role)}


@post(HERE, opt=OPTIONS, include_in_schema=False)
async def open_account(
    request: PageRequest, caller: Principal | None, resources: Resources, now: datetime
) -> Response[Any]:
    form = await request.form()
    entered = Entered(form, {}, person(caller), now)
    try:
        async with resources.database.transaction() as session:
            account = await accounts.open_account(
                session, login=entered.text("login").lower(), **_stated(entered)
            )
    except Refusal as refusal:
        async with resources.database.transaction() as session:
            return await accounts_page(request, session, refusal=refused("account", refusal, form))
    return Redirect(f"{HERE}/{account.id}", status_code=303)


def _stated(entered: Entered) -> dict[str, Any]:
    chosen = entered.texts("roles")
    return {
        "name": entered.text("name"),
        "roles": [role for role in Role if role in chosen],
        "department": entered.text("department") or None,
        "by": entered.caller.actor,
        "now": entered.now,
    }


@get(HERE + "/{account:int}", opt=OPTIONS, include_in_schema=False)
async def show_account(request: PageRequest, session: AsyncSession, account: FromPath[int]) -> Template:
    return await account_page(request, session, account)


async def account_page(
    request: PageRequest,
    session: AsyncSession,
    number: int,
    *,
    refusal: Refused | None = None,
    link: str | None = None,
) -> Template:
    row = await accounts.find_account(session, number)
    return page(
        request,
        "administration/account.html",
        status=refusal.status if refusal else 200,
        headers={"Cache-Control": "no-store"},
        row=row,
        roles=await accounts.roles_of(session, row),
        refused=refusal,
        link=link,
        **await _choices(session),
    )


@post(HERE + "/{account:int}", opt=OPTIONS, include_in_schema=False)
async def change_account(
    request: PageRequest,
    caller: Principal | None,
    resources: Resources,
    now: datetime,
    account: FromPath[int],
) -> Response[Any]:
    form = await request.form()
    entered = Entered(form, {}, person(caller), now)
    try:
        async with resources.database.transaction() as session:
            row = await accounts.find_account(session, account, lock=True)
            await accounts.change_account(session, row, **_stated(entered))
    except Refusal as refusal:
        async with resources.database.transaction() as session:
            return await account_page(request, session, account, refusal=refused("account", refusal, form))
    return Redirect(HERE, status_code=303)


@post(HERE + "/{account:int}/link", opt=OPTIONS, include_in_schema=False, status_code=201)
async def make_link(
    request: PageRequest,
    session: AsyncSession,
    resources: Resources,
    now: datetime,
    account: FromPath[int],
) -> Template:
    """The link is shown on this one page and nowhere kept."""
    row = await accounts.find_account(session, account, lock=True)
    token = invite(row, secret=resources.settings.secret, now=now)
    return await account_page(
        request, session, account, link=f"{resources.settings.base_url}/welcome/{token}"
    )


@post(HERE + "/{account:int}/close", opt=OPTIONS, include_in_schema=False, status_code=303)
async def close_account(
    session: AsyncSession, caller: Principal | None, now: datetime, account: FromPath[int]
) -> Redirect:
    row = await accounts.find_account(session, account, lock=True)
    await accounts.close_account(session, row, by=person(caller).actor, now=now)
    return Redirect(HERE, status_code=303)


@post(HERE + "/{account:int}/reopen", opt=OPTIONS, include_in_schema=False, status_code=303)
async def reopen_account(
    session: AsyncSession, caller: Principal | None, now: datetime, account: FromPath[int]
) -> Redirect:
    row = await accounts.find_account(session, account, lock=True)
    await accounts.reopen_account(session, row, by=person(caller).actor, now=now)
    return Redirect(f"{HERE}/{account}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    *(show_accounts, open_account, show_account, change_account),
    *(make_link, close_account, reopen_account),
]
