"""验收人员, on the phone: today and the week, one task with check-in, opinion and two signatures."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases_acts import Entered, PageRequest, Refused, person, refused
from api.web.officer_task import TaskView, load_task
from api.web.rendering import page
from core import clock
from core.access import Action
from core.errors import FieldProblem, InvalidInput, NotFound, Refusal
from inspection.clocks import start_of
from inspection.commands import visits
from inspection.commands.transitions import lock_case
from inspection.commands.visits import CommitmentForm, FindingForm
from inspection.models import Case, Officer, Party
from inspection.queries.agendas import Task, officer_tasks
from inspection.states import RecheckMode, Verdict

DAY, WEEK, AHEAD, BEHIND = timedelta(days=1), timedelta(days=7), timedelta(days=60), timedelta(days=30)
#: Findings that the page has lines for.
FINDING_LINES = 5
VERDICTS = {each.value: each for each in Verdict if each is not Verdict.DEEMED}


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
    return page(request, "officer/today.html", tasks=tasks, today=today, following=following[:1])


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
    return page(
        request,
        "officer/week.html",
        days=days,
        later=await agenda(session, who, today + WEEK, today + AHEAD),
        owed=[task for task in past if task.signatures < 2],  # noqa: PLR2004 - both of them
    )


@get("/tasks/{code:str}/{matter:str}", opt={"action": Action.CASE_OPINE}, include_in_schema=False)
async def show_task(
    request: PageRequest,
    session: AsyncSession,
    code: FromPath[str],
    matter: FromPath[str],
    caller: Principal | None,
) -> Template:
    return task_page(request, await load_task(session, person(caller), code, matter))


def task_page(request: PageRequest, task: TaskView, refusal: Refused | None = None) -> Template:
    return page(
        request,
        "officer/task.html",
        status=refusal.status if refusal else 200,
        task=task,
        here=f"/tasks/{task.code}/{task.matter}",
        lines=FINDING_LINES,
        refused=refusal,
        done=request.query_params.get("done", ""),
    )


TaskVerb = Callable[[AsyncSession, Case, Party, Entered], Awaitable[None]]


def on_task(step: str) -> Callable[[TaskVerb], HTTPRouteHandler]:
    """A route for what an officer does about his party of a case; refused beside the form."""

    def route(verb: TaskVerb) -> HTTPRouteHandler:
        @post(
            f"/tasks/{{code:str}}/{{matter:str}}/{step}",
            opt={"action": Action.CASE_OPINE},
            include_in_schema=False,
            name=f"{verb.__module__}.{verb.__name__}",
        )
        async def handler(
            *,
            request: PageRequest,
            code: FromPath[str],
            matter: FromPath[str],
            caller: Principal | None,
            resources: Resources,
            now: datetime,
        ) -> Response[Any]:
            form = await request.form()
            entered = Entered(form, request.path_params, person(caller), now)
            try:
                async with resources.database.transaction() as session:
                    task = await load_task(session, entered.caller, code, matter)
                    case = await lock_case(session, code)
                    await verb(session, case, await session.get_one(Party, task.party_id), entered)
            except NotFound:
                raise
            except Refusal as refusal:
                async with resources.database.transaction() as session:
                    task = await load_task(session, entered.caller, code, matter)
                return task_page(request, task, refused(step, refusal, form))
            return Redirect(f"/tasks/{code}/{matter}?done={step}", status_code=303)

        return handler

    return route


@on_task("check-in")
async def check_in(session: AsyncSession, case: Case, party: Party, entered: Entered) -> None:
    await visits.check_in(
        session,
        case,
        party,
        by=entered.by,
        now=entered.now,
        place=_place(entered),
        override_reason=entered.text("reason"),
    )


def _place(entered: Entered) -> tuple[Decimal, Decimal] | None:
    """Longitude and latitude as the phone gave them; an officer without them states a reason."""
    if not entered.text("lon") or not entered.text("lat"):
        return None
    try:
        lon, lat = Decimal(entered.text("lon")), Decimal(entered.text("lat"))
    except InvalidOperation as error:
        raise InvalidInput(problems=(FieldProblem("lon", "位置有误。"),)) from error
    if not (lon.is_finite() and lat.is_finite() and abs(lon) <= 180 and abs(lat) <= 90):  # noqa: PLR2004 - degrees
        raise InvalidInput(problems=(FieldProblem("lon", "位置有误。"),))
    return round(lon, 6), round(lat, 6)


@on_task("opinion")
async def give_opinion(session: AsyncSession, case: Case, party: Party, entered: Entered) -> None:
    """The opinion, signed by the officer who writes it."""
    verdict = VERDICTS.get(entered.text("verdict"))
    if verdict is None:
        raise InvalidInput(problems=(FieldProblem("verdict", "请选择验收意见。"),))
    due = entered.date("commitment_due")
    await visits.give_opinion(
        session,
        case,
        party,
        verdict=verdict,
        text=entered.text("text"),
        by=entered.by,
        now=entered.now,
        findings=findings_of(entered),
        commitment=CommitmentForm(entered.text("commitment"), due) if due else None,
    )


def findings_of(entered: Entered) -> list[FindingForm]:
    """The filled-in lines; what is safety-critical is rechecked on site."""
    found = []
    for line in range(1, FINDING_LINES + 1):
        text, critical = entered.text(f"finding-{line}"), bool(entered.text(f"critical-{line}"))
        if text:
            mode = RecheckMode.SITE if critical or entered.text(f"site-{line}") else RecheckMode.DESK
            basis = entered.text(f"basis-{line}")
            found.append(FindingForm(text=text, basis=basis, safety_critical=critical, recheck=mode))
    return found


@on_task("sign")
async def countersign(session: AsyncSession, case: Case, party: Party, entered: Entered) -> None:
    await visits.countersign_opinion(session, case, party, by=entered.by, now=entered.now)


ROUTES: list[ControllerRouterHandler] = [
    *(show_today, show_week, show_task, check_in, give_opinion, countersign),
]
