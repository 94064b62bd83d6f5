"""人员与请假: a department's inspectors, their absences, and what becomes of the visits that an absence upsets."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases.acts import Entered, PageRequest, Refused, person, refused
from api.web.rendering import page
from core.access import Action, Scope
from core.clock import local_date
from core.errors import NotFound, Refusal
from core.people import Department
from inspection.commands import absences
from inspection.models import Leave, Officer
from inspection.queries.absences import staff_of, upsets_of


@get("/inspections/staff", opt={"action": Action.STAFF_KEEP}, include_in_schema=False)
async def show_staff(
    *,
    request: PageRequest,
    session: AsyncSession,
    caller: Principal | None,
    now: datetime,
    department: FromQuery[str] = "",
    leave: FromQuery[int | None] = None,
) -> Template:
    """`leave` shows what that absence has upset."""
    return await staff_page(request, session, person(caller), department, now=now, leave_id=leave)


async def staff_page(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal,
    department: str,
    *,
    now: datetime,
    leave_id: int | None = None,
    refusal: Refused | None = None,
) -> Template:
    departments = await _departments(session, caller)
    codes = [each.code for each in departments]
    chosen = department if department in codes else next(iter(codes), "")
    # One that was withdrawn is not there any more, and the page shows what is.
    leave = None if leave_id is None else await session.get(Leave, leave_id)
    officer = None if leave is None else await session.get_one(Officer, leave.officer_id)
    if officer and _own(caller) not in {None, officer.department_code}:
        raise NotFound
    return page(
        request,
        "cases/staff.html",
        status=refusal.status if refusal else 200,
        departments=departments,
        chosen=officer.department_code if officer else chosen,
        staff=await staff_of(session, officer.department_code if officer else chosen, now=now),
        today=local_date(now),
        leave=leave,
        officer=officer,
        upsets=await upsets_of(session, leave, now=now) if leave else [],
        own=_own(caller) is not None,
        done=request.query_params.get("done", ""),
        refused=refusal,
    )


def _own(caller: Principal) -> str | None:
    """The one department whose inspectors are the caller's concern; None where all are."""
    return None if caller.scope(Action.STAFF_KEEP) is Scope.ALL else caller.department or ""


async def _departments(session: AsyncSession, caller: Principal) -> list[Department]:
    statement = (
        sa.select(Department)
        .where(col(Department.code).in_(sa.select(col(Officer.department_code)).where(col(Officer.active))))
        .order_by(col(Department.code))
    )
    own = _own(caller)
    return list(
        await session.scalars(statement if own is None else statement.where(col(Department.code) == own))
    )


@post("/inspections/staff/leave", opt={"action": Action.STAFF_KEEP}, include_in_schema=False)
async def record(
    request: PageRequest, caller: Principal | None, resources: Resources, now: datetime
) -> Response[Any]:
    async def verb(session: AsyncSession, entered: Entered) -> str:
        officer = await absences.officer_of(session, entered.text("officer"), department=_own(entered.caller))
        leave = await absences.record_leave(
            session,
            officer,
            first_day=entered.date("first_day") or date.min,
            last_day=entered.date("last_day") or entered.date("first_day") or date.min,
            half=entered.text("half") or None,
            reason=entered.text("reason"),
            by=entered.by,
            now=entered.now,
        )
        return f"leave={leave.id}#upsets"

    return await _answer(request, caller, resources, now, form_name="leave", verb=verb)


@post("/inspections/staff/leave/{leave:int}/end", opt={"action": Action.STAFF_KEEP}, include_in_schema=False)
async def end(
    request: PageRequest,
    caller: Principal | None,
    resources: Resources,
    now: datetime,
    leave: FromPath[int],
) -> Response[Any]:
    async def verb(session: AsyncSession, entered: Entered) -> str:
        row = await absences.leave_of(session, leave, department=_own(entered.caller))
        officer = await session.get_one(Officer, row.officer_id)
        back_on = entered.date("back_on") or local_date(now)
        await absences.end_leave(session, row, back_on=back_on, by=entered.by, now=entered.now)
        return f"department={officer.department_code}&done=back"

    return await _answer(request, caller, resources, now, form_name="end", verb=verb)


Verb = Callable[[AsyncSession, Entered], Awaitable[str]]


async def _answer(
    request: PageRequest,
    caller: Principal | None,
    resources: Resources,
    now: datetime,
    *,
    form_name: str,
    verb: Verb,
) -> Response[Any]:
    """Done, and back to the page with the query that the verb returns; or refused beside the form."""
    form = await request.form()
    entered = Entered(form, {}, person(caller), now)
    try:
        async with resources.database.transaction() as session:
            query = await verb(session, entered)
    except NotFound:
        raise
    except Refusal as refusal:
        async with resources.database.transaction() as session:
            kept = refused(form_name, refusal, form)
            return await staff_page(
                request, session, entered.caller, entered.text("department"), now=now, refusal=kept
            )
    return Redirect(f"/inspections/staff?{query}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [show_staff, record, end]
