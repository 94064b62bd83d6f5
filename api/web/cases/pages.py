"""The owner's side: my cases, a new one, and what an owner does with it. The case page serves every role."""

from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.case_dossiers import files_of
from api.resources import Resources
from api.web.cases.acts import Entered, PageRequest, Refused, act, case_page, person, refused
from api.web.cases.form import CONNECTIONS, SWITCHES, application_of, check_owner, known_application
from api.web.rendering import page
from core.access import Action
from core.clock import local_date
from core.errors import Refusal
from inspection.commands import application, bookings, decisions, interruptions
from inspection.models import Case
from inspection.queries.cases import list_cases
from inspection.triggers import Risk, Use


@get("/cases", opt={"action": Action.CASE_CREATE}, include_in_schema=False)
async def my_cases(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal | None,
    now: datetime,
    after: FromQuery[int | None] = None,
) -> Template:
    found = await list_cases(session, today=local_date(now), applicant=person(caller).person, after=after)
    return page(request, "cases/list.html", rows=found.items, older=found.after)


@get("/cases/new", opt={"action": Action.CASE_CREATE}, include_in_schema=False)
async def show_application(
    request: PageRequest, session: AsyncSession, caller: Principal | None, project: FromQuery[str] = ""
) -> Template:
    """An empty form, or one with what the applicant once said about this project."""
    known = await known_application(session, person(caller).person, project)
    return application_page(request, known=known)


def application_page(
    request: PageRequest, *, known: dict[str, Any] | None = None, refusal: Refused | None = None
) -> Template:
    return page(
        request,
        "cases/new.html",
        status=refusal.status if refusal else 200,
        uses=list(Use),
        risks=list(Risk),
        switches=SWITCHES,
        connection_kinds=CONNECTIONS,
        known=known or {},
        refused=refusal,
    )


@post("/cases/new", opt={"action": Action.CASE_CREATE}, include_in_schema=False)
async def apply(
    request: PageRequest, caller: Principal | None, resources: Resources, now: datetime
) -> Response[Any]:
    form = await request.form()
    entered = Entered(form, {}, person(caller), now)
    try:
        project, segment, wanted = application_of(entered)
        async with resources.database.transaction() as session:
            await check_owner(session, project)
            registered = await application.register_segment(session, project, segment)
            case = await application.create_case(session, registered, by=entered.by, now=now, wanted=wanted)
    except Refusal as refusal:
        return application_page(request, refusal=refused("application", refusal, form))
    return Redirect(f"/cases/{case.code}?done=created", status_code=303)


@get(
    ["/cases/{code:str}", "/inspections/{code:str}"],
    opt={"action": Action.CASE_READ},
    include_in_schema=False,
)
async def show_case(
    request: PageRequest,
    code: FromPath[str],
    caller: Principal | None,
    resources: Resources,
    now: datetime,
) -> Response[Any]:
    return await case_page(request, code, caller=person(caller), resources=resources, now=now)


@act("/cases/{code:str}/submit", Action.CASE_SUBMIT)
async def submit(session: AsyncSession, case: Case, entered: Entered) -> None:
    await application.submit_case(session, case, by=entered.by, now=entered.now)


@act("/cases/{code:str}/resubmit", Action.CASE_SUBMIT)
async def resubmit(session: AsyncSession, case: Case, entered: Entered) -> None:
    await application.resubmit(session, case, by=entered.by, now=entered.now)


@act("/cases/{code:str}/move", Action.CASE_SUBMIT)
async def ask_to_move(session: AsyncSession, case: Case, entered: Entered) -> None:
    await bookings.reschedule(
        session, case, by=entered.by, reason=entered.text("move_reason"), now=entered.now
    )


@act("/cases/{code:str}/findings/{finding:int}/rectify", Action.CASE_SUBMIT)
async def rectify(session: AsyncSession, case: Case, entered: Entered) -> None:
    """What was done about one finding; the evidence is among the case's own files."""
    own = {str(file.id) for file in await files_of(session, case.code)}
    await decisions.rectify_finding(
        session,
        case,
        entered.path["finding"],
        text=entered.text("text"),
        evidence=[file for file in entered.texts("evidence") if file in own],
        by=entered.by,
        now=entered.now,
    )


@act("/cases/{code:str}/recheck", Action.CASE_SUBMIT)
async def request_recheck(session: AsyncSession, case: Case, entered: Entered) -> None:
    await decisions.request_recheck(session, case, by=entered.by, now=entered.now)


@act("/cases/{code:str}/withdraw", Action.CASE_SUBMIT)
async def withdraw(session: AsyncSession, case: Case, entered: Entered) -> None:
    await interruptions.withdraw(
        session, case, by=entered.by, now=entered.now, reason=entered.text("withdraw_reason")
    )


ROUTES: list[ControllerRouterHandler] = [
    *(my_cases, show_application, apply, show_case, submit, resubmit, ask_to_move),
    *(rectify, request_recheck, withdraw),
]
