"""督查: which lamps are lit and on whom, departments' violations, each figure down to its cases."""

from datetime import datetime, timedelta

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.web.cases.acts import PageRequest, person
from api.web.cases.panels import department_names
from api.web.rendering import page
from core.access import Action
from core.clock import local_date
from core.errors import NotFound
from inspection.commands import violations
from inspection.commands.transitions import lock_case, parties_of
from inspection.queries.cases import LEAD_STATES, count_by_state
from inspection.queries.supervision import (
    Notable,
    list_notable,
    list_violations,
    lit_nodes,
    notable_counts,
    violation_counts,
)
from inspection.refusals import PartyMissing
from inspection.states import Lamp, Violation

NODES_SHOWN = 100
PERIOD = timedelta(days=365)


@get("/supervision", opt={"action": Action.SUPERVISE}, include_in_schema=False)
async def show_overview(
    request: PageRequest, session: AsyncSession, now: datetime, lamp: FromQuery[Lamp | None] = None
) -> Template:
    """Running deadlines that are yellow or red today; `lamp` narrows."""
    lit = await lit_nodes(session, today=local_date(now))
    chosen = [node for node in lit if lamp is None or node.lamp is lamp]
    states = await count_by_state(session)
    return page(
        request,
        "supervision/overview.html",
        nodes=chosen[:NODES_SHOWN],
        chosen=len(chosen),
        counts={each: sum(node.lamp is each for node in lit) for each in (Lamp.RED, Lamp.YELLOW)},
        overdue_cases=len({node.case_code for node in lit if node.lamp is Lamp.RED}),
        open_cases=sum(states.get(each, 0) for each in LEAD_STATES),
        lamp=lamp,
        violations=await violation_counts(session, since=now - PERIOD),
        kinds=list(Violation),
        names=await department_names(session),
        since=local_date(now - PERIOD),
        notable=await notable_counts(session, since=now - PERIOD),
    )


@get("/supervision/violations", opt={"action": Action.SUPERVISE}, include_in_schema=False)
async def show_violations(
    *,
    request: PageRequest,
    session: AsyncSession,
    now: datetime,
    department: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    after: FromQuery[int | None] = None,
) -> Template:
    """The cases behind the figures, newest first."""
    wanted = next((each for each in Violation if each.value == kind), None)
    found = await list_violations(
        session, since=now - PERIOD, department=department, kind=wanted, after=after
    )
    return page(
        request,
        "supervision/violations.html",
        rows=found.items,
        older=found.after,
        names=await department_names(session),
        kinds=list(Violation),
        department=department,
        kind=wanted,
    )


@get("/supervision/events/{kind:str}", opt={"action": Action.SUPERVISE}, include_in_schema=False)
async def show_events(
    *,
    request: PageRequest,
    session: AsyncSession,
    now: datetime,
    kind: FromPath[str],
    after: FromQuery[int | None] = None,
) -> Template:
    """Where the law or a rule acted in somebody's place, or something came twice or not at all; newest first."""
    wanted = next((each for each in Notable if each.value == kind), None)
    if wanted is None:
        raise NotFound
    found = await list_notable(session, wanted, since=now - PERIOD, after=after)
    return page(
        request,
        "supervision/events.html",
        kind=wanted,
        rows=found.items,
        older=found.after,
        names=await department_names(session),
    )


@post("/supervision/violations", opt={"action": Action.SUPERVISE}, include_in_schema=False, status_code=303)
async def record_violation(
    request: PageRequest, session: AsyncSession, caller: Principal | None, now: datetime
) -> Redirect:
    """What supervision has seen and no rule counts: a case, one of its departments, and what it was."""
    form = await request.form()
    code, department, reason = (str(form.get(name, "")).strip() for name in ("code", "department", "reason"))
    case = await lock_case(session, code)
    party = next(
        (each for each in await parties_of(session, case) if each.department_code == department), None
    )
    if party is None:
        raise PartyMissing
    violations.record_other(session, case, party, reason=reason, by=person(caller).person, now=now)
    return Redirect("/supervision/violations?kind=other", status_code=303)


ROUTES: list[ControllerRouterHandler] = [show_overview, show_violations, show_events, record_violation]
