"""时限与开关: every number that rules are applied with, its source, and its next value under four eyes."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from litestar import Response, get, post
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.resources import Resources
from api.web.administration.four_eyes import decision_route
from api.web.cases.acts import Entered, PageRequest, Refused, person, refused
from api.web.rendering import page
from core.access import Action
from core.clock import local_date
from core.errors import Refusal
from inspection.commands import rule_values
from inspection.models import RuleValue


@get("/administration/limits", opt={"action": Action.CATALOGUE_PROPOSE}, include_in_schema=False)
async def show_limits(request: PageRequest, session: AsyncSession, now: datetime) -> Template:
    return await limits_page(request, session, now=now)


async def limits_page(
    request: PageRequest, session: AsyncSession, *, now: datetime, refusal: Refused | None = None
) -> Template:
    today = local_date(now)
    rows = list(
        await session.scalars(
            sa.select(RuleValue).order_by(col(RuleValue.name), col(RuleValue.valid_from), col(RuleValue.id))
        )
    )
    settled = [row for row in rows if row.proposed_by is None or row.approved_by is not None]
    return page(
        request,
        "administration/limits.html",
        status=refusal.status if refusal else 200,
        current={row.name: row for row in settled if row.valid_from <= today},
        coming=[row for row in settled if row.valid_from > today],
        waiting=[row for row in rows if row.proposed_by is not None and row.approved_by is None],
        refused=refusal,
    )


@post("/administration/limits", opt={"action": Action.CATALOGUE_PROPOSE}, include_in_schema=False)
async def propose(
    request: PageRequest, caller: Principal | None, resources: Resources, now: datetime
) -> Response[Any]:
    form = await request.form()
    entered = Entered(form, {}, person(caller), now)
    try:
        async with resources.database.transaction() as session:
            await rule_values.propose_rule_value(
                session,
                entered.text("name"),
                value=entered.number("value"),
                valid_from=entered.date("valid_from") or date.min,
                source=entered.text("source"),
                article=entered.text("article"),
                by=entered.by,
                now=now,
            )
    except Refusal as refusal:
        async with resources.database.transaction() as session:
            return await limits_page(request, session, now=now, refusal=refused("limit", refusal, form))
    return Redirect("/administration/limits", status_code=303)


decide = decision_route(
    "/administration/limits",
    Action.CATALOGUE_APPROVE,
    rule_values.decide_rule_value,
    back="/administration/limits",
)


ROUTES: list[ControllerRouterHandler] = [show_limits, propose, decide]
