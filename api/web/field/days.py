"""验收人员, on the phone: today and the week, one task, and the records that are made there, also offline."""

import re
import secrets
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import File, Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases.acts import Entered, PageRequest, Refused, person, refused
from api.web.field.forms import carry_out
from api.web.field.photos import plans_of
from api.web.field.task import load_task
from api.web.rendering import STATIC, page
from core import clock
from core.access import Action
from core.errors import FieldProblem, InvalidInput, NotFound, Refusal
from core.i18n import gettext
from inspection.clocks import start_of
from inspection.models import Officer
from inspection.queries.absences import coming_leave
from inspection.queries.agendas import Task, officer_tasks
from inspection.queries.delegations import delegated_tasks
from inspection.refusals import ChangedMeanwhile

DAY, WEEK, AHEAD, BEHIND = timedelta(days=1), timedelta(days=7), timedelta(days=60), timedelta(days=30)
#: How a phone names its records.
NAME = re.compile(r"[0-9a-f-]{16,64}")


async def agenda(session: AsyncSession, caller: Principal, first: date, end: date) -> list[Task]:
    """The caller's bookings in [first, end). Nobody but an officer has any."""
    officer = await session.scalar(
        sa.select(col(Officer.id)).where(col(Officer.account_id) == caller.person, col(Officer.active))
    )
    if officer is None:
        return []
    return await officer_tasks(session, officer, first=start_of(first), last=start_of(end))


@get("/tasks", opt={"action": Action.CASE_OPINE}, include_in_schema=False)
async def show_today(
    request: PageRequest, session: AsyncSession, caller: Principal | None, now: datetime
) -> Template:
    today = clock.local_date(now)
    tasks = await agenda(session, person(caller), today, today + DAY)
    following = await agenda(session, person(caller), today + DAY, today + AHEAD)
    return page(
        request,
        "officer/today.html",
        tasks=tasks,
        today=today,
        following=following[:1],
        delegated=await delegated_tasks(session, person(caller).person, on=today),
    )


@get("/tasks/week", opt={"action": Action.CASE_OPINE}, include_in_schema=False)
async def show_week(
    request: PageRequest, session: AsyncSession, caller: Principal | None, now: datetime
) -> Template:
    """The next seven days, what comes later, and what lies behind and still wants an opinion."""
    today, who = clock.local_date(now), person(caller)
    days: dict[date, list[Task]] = {}
    for task in await agenda(session, who, today, today + WEEK):
        days.setdefault(clock.local_date(task.starts_at), []).append(task)
    past = await agenda(session, who, today - BEHIND, today)
    own = sa.select(col(Officer.id)).where(col(Officer.account_id) == who.person)
    return page(
        request,
        "officer/week.html",
        days=days,
        leaves=list(await session.scalars(coming_leave(list(await session.scalars(own)), today))),
        later=await agenda(session, who, today + WEEK, today + AHEAD),
        owed=[task for task in past if task.signatures < 2],  # noqa: PLR2004 - both of them
    )


@get("/tasks/{code:str}/{matter:str}", opt={"action": Action.CASE_OPINE}, include_in_schema=False)
async def show_task(
    *,
    request: PageRequest,
    session: AsyncSession,
    code: FromPath[str],
    matter: FromPath[str],
    caller: Principal | None,
    now: datetime,
) -> Template:
    return await task_page(request, session, person(caller), code, matter, on=clock.local_date(now))


async def task_page(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal,
    code: str,
    matter: str,
    *,
    on: date,
    refusal: Refused | None = None,
) -> Template:
    task = await load_task(session, caller, code, matter, on=on)
    return page(
        request,
        "officer/task.html",
        status=refusal.status if refusal else 200,
        task=task,
        here=f"/tasks/{task.code}/{task.matter}",
        plans=await plans_of(session, code) if task.may_record or task.may_arrive else [],
        new_key=secrets.token_hex(16),
        refused=refusal,
        done=request.query_params.get("done", ""),
    )


@post("/tasks/{code:str}/{matter:str}/{kind:str}", opt={"action": Action.CASE_OPINE}, include_in_schema=False)
async def record(
    *,
    request: PageRequest,
    code: FromPath[str],
    matter: FromPath[str],
    kind: FromPath[str],
    caller: Principal | None,
    resources: Resources,
    now: datetime,
) -> Response[Any]:
    """What a form of the task's page says, for readers without scripts; refused beside the form."""
    form, who = await request.form(), person(caller)
    try:
        await carry_out(resources, form, kind=kind, code=code, matter=matter, caller=who, now=now)
    except NotFound:
        raise
    except Refusal as refusal:
        async with resources.database.transaction() as session:
            return await task_page(
                request,
                session,
                who,
                code,
                matter,
                on=clock.local_date(now),
                refusal=refused(kind, refusal, form),
            )
    return Redirect(f"/tasks/{code}/{matter}?done={kind}", status_code=303)


class Outcome(msgspec.Struct, omit_defaults=True, kw_only=True):
    """`result`: done, conflict, refused or other_officer; `version` and `theirs`: what stands, by form field."""

    result: str
    message: str = ""
    version: int = 0
    theirs: dict[str, str] = {}


@post("/tasks/records", opt={"action": Action.CASE_OPINE}, include_in_schema=False, status_code=200)
async def receive_record(
    request: PageRequest, caller: Principal | None, resources: Resources, now: datetime
) -> Outcome:
    """One record of a phone's queue: `record` is its own name for it, `said_at` its clock then, `officer` who made it.

    Sent again it changes nothing. What is not carried out is answered, not failed, and stays in the queue.
    """
    form, who = await request.form(), person(caller)
    entered = Entered(form, {}, who, now)
    if entered.text("officer") != str(who.person):
        return Outcome(result="other_officer")
    try:
        version = await carry_out(
            resources,
            form,
            kind=entered.text("kind"),
            code=entered.text("code"),
            matter=entered.text("matter"),
            caller=who,
            now=now,
            said_at=_moment(entered.text("said_at")),
            record=_name(entered.text("record")),
        )
    except ChangedMeanwhile as changed:
        message = gettext(changed.message, **changed.params)
        return Outcome(result="conflict", message=message, version=changed.version, theirs=changed.theirs)
    except Refusal as refusal:
        return Outcome(result="refused", message=gettext(refusal.message, **refusal.params))
    return Outcome(result="done", version=version)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(problems=(FieldProblem("said_at", "该项填写有误。"),)) from error
    if moment.tzinfo is None:
        raise InvalidInput(problems=(FieldProblem("said_at", "该项填写有误。"),))
    return moment


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise InvalidInput(problems=(FieldProblem("record", "该项填写有误。"),))
    return text


@get("/tasks/worker.js", opt={"public": True}, include_in_schema=False)
async def serve_worker() -> File:
    """The service worker. Served from here, so that it may look after the officers' pages and no others."""
    return File(
        path=STATIC / "officer_worker.js",
        media_type="text/javascript",
        content_disposition_type="inline",
        headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": "/tasks"},
    )


ROUTES: list[ControllerRouterHandler] = [
    *(show_today, show_week, show_task, record, receive_record, serve_worker),
]
