"""授权: which rights a department has given to whom, for which matters, from when to when."""

from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases.acts import Entered, PageRequest, Refused, person, refused
from api.web.rendering import page
from core.access import Action
from core.clock import local_date
from core.errors import Refusal
from core.people import Account, Delegation, Department, Right
from inspection.catalogue import current_matters
from inspection.commands import delegations


class DelegationLine(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    department_code: str
    login: str
    name: str
    right: Right
    matters: list[str]
    valid_from: date
    valid_to: date


@get("/administration/delegations", opt={"action": Action.ACCOUNT_MANAGE}, include_in_schema=False)
async def show_delegations(request: PageRequest, session: AsyncSession, now: datetime) -> Template:
    return await delegations_page(request, session, now=now)


async def delegations_page(
    request: PageRequest, session: AsyncSession, *, now: datetime, refusal: Refused | None = None
) -> Template:
    rows = await session.execute(
        sa.select(
            col(Delegation.id),
            col(Delegation.department_code),
            col(Account.login),
            col(Account.name),
            col(Delegation.right),
            col(Delegation.matters),
            col(Delegation.valid_from),
            col(Delegation.valid_to),
        )
        .join(Account, col(Account.id) == col(Delegation.account_id))
        .order_by(col(Delegation.valid_to).desc(), col(Delegation.department_code), col(Delegation.id))
    )
    today = local_date(now)
    return page(
        request,
        "administration/delegations.html",
        status=refusal.status if refusal else 200,
        rows=[DelegationLine(**row._mapping) for row in rows],  # noqa: SLF001 - SQLAlchemy's public name for a row's dict
        departments=list(await session.scalars(sa.select(Department).order_by(col(Department.code)))),
        matters=await current_matters(session, today),
        today=today,
        refused=refusal,
    )


@post("/administration/delegations", opt={"action": Action.ACCOUNT_MANAGE}, include_in_schema=False)
async def give(
    request: PageRequest, caller: Principal | None, resources: Resources, now: datetime
) -> Response[Any]:
    form = await request.form()
    entered = Entered(form, {}, person(caller), now)
    try:
        first, last = entered.date("valid_from") or date.min, entered.date("valid_to") or date.min
        async with resources.database.transaction() as session:
            await delegations.delegate(
                session,
                department=entered.text("department"),
                login=entered.text("login"),
                rights=[right for right in Right if right in entered.texts("rights")],
                matters=entered.texts("matters"),
                first=first,
                last=last,
                by=entered.by,
                now=now,
            )
    except Refusal as refusal:
        async with resources.database.transaction() as session:
            kept = refused("delegation", refusal, form)
            return await delegations_page(request, session, now=now, refusal=kept)
    return Redirect("/administration/delegations", status_code=303)


@post(
    "/administration/delegations/{delegation:int}/end",
    opt={"action": Action.ACCOUNT_MANAGE},
    include_in_schema=False,
    status_code=303,
)
async def end(
    session: AsyncSession, caller: Principal | None, now: datetime, delegation: FromPath[int]
) -> Redirect:
    await delegations.end_delegation(session, delegation, by=person(caller).person, now=now)
    return Redirect("/administration/delegations", status_code=303)


ROUTES: list[ControllerRouterHandler] = [show_delegations, give, end]
