"""排期方案: stored plans as pictures, with their versions, and what a repair changed, old and new side by side."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa
from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.schedules import city, commands
from api.schedules.models import Schedule
from api.schedules.planned_cases import planned_cases
from api.web.cases.acts import PageRequest, person
from api.web.city_plans import ROUTES as CITY_ROUTES
from api.web.city_plans import names_in
from api.web.rendering import page
from core.access import Action
from core.i18n import current_locale, gettext
from inspection.commands.city_plan import waiting_cases
from scheduling import plot
from scheduling.codec import decode_problem
from scheduling.engine import Progress
from scheduling.plan import Placement, Plan
from scheduling.problem import Problem
from scheduling.validation import ProblemError
from scheduling.wording import Reason, word

ROWS = 50
OPTIONS: dict[str, Any] = {"action": Action.SCHEDULE_SOLVE}
SHOWN = (Schedule.code, Schedule.series, Schedule.version, Schedule.state, Schedule.created_at)


@get("/schedules", opt=OPTIONS, include_in_schema=False)
async def show_schedules(request: PageRequest, session: AsyncSession) -> Template:
    rows = await session.execute(sa.select(*map(col, SHOWN)).order_by(col(Schedule.id).desc()).limit(ROWS))
    return page(
        request,
        "schedules/list.html",
        rows=rows.all(),
        waiting=len(await waiting_cases(session)),
        seconds=round(city.SECONDS),
    )


@post("/schedules", opt=OPTIONS, include_in_schema=False)
async def plan_problem(
    request: PageRequest, session: AsyncSession, caller: Principal | None, now: datetime
) -> Redirect:
    """Solve the problem of the uploaded file."""
    by = person(caller).actor
    sent = (await request.form()).get("problem")
    data = await sent.read() if isinstance(sent, UploadFile) else b""
    try:
        problem = decode_problem(data)
    except ProblemError as error:
        raise commands.contradiction(error) from None
    except msgspec.DecodeError as error:
        raise commands.unreadable(error, at="problem") from None
    row = commands.request_solve(session, problem, seconds=city.SECONDS, seed=0, parts=None, by=by, now=now)
    return Redirect(f"/schedules/{row.code}", status_code=303)


@get("/schedules/{code:str}", opt=OPTIONS, include_in_schema=False)
async def show_schedule(
    request: PageRequest, session: AsyncSession, code: FromPath[str], day: FromQuery[int | None] = None
) -> Template:
    row = await commands.find(session, code)
    of_series = sa.select(*map(col, SHOWN)).where(col(Schedule.series) == row.series)
    versions = (await session.execute(of_series.order_by(col(Schedule.version).desc()))).all()
    shown: dict[str, Any] = {"pictures": {}, "changes": [], "stuck": [], "unserved": [], "cases": []}
    if row.result is not None:
        problem, plan = city.stored(row)
        if row.series == city.SERIES:
            shown["cases"] = await planned_cases(session, problem, plan, row.result.get("outcomes", {}))
            problem, plan = city.in_words(problem, plan, await names_in(session, problem))
        days = sorted({placement.start // problem.day_ticks for placement in plan.placements})
        chosen = day if day in days else next(iter(days), 0)
        shown |= {
            "days": [(each, problem.date_of(each)) for each in days],
            "day": chosen,
            "pictures": pictures(problem, plan, chosen, row.result.get("trace", [])),
            "changes": [told(problem, change) for change in row.result.get("changes", [])],
            "stuck": row.result.get("stuck", []),
            "unserved": plan.unserved(problem),
            "placed": len(plan.placements),
        }
    return page(request, "schedules/show.html", row=row, versions=versions, **shown)


@post("/schedules/{code:str}/release", opt=OPTIONS, include_in_schema=False)
async def release_schedule(
    session: AsyncSession, code: FromPath[str], caller: Principal | None, now: datetime
) -> Redirect:
    row = await commands.find(session, code, lock=True)
    await city.release(session, row, caller=person(caller), now=now)
    return Redirect(f"/schedules/{code}", status_code=303)


@post("/schedules/{code:str}/cancel", opt=OPTIONS, include_in_schema=False)
async def cancel_schedule(session: AsyncSession, code: FromPath[str]) -> Redirect:
    commands.cancel(await commands.find(session, code, lock=True))
    return Redirect(f"/schedules/{code}", status_code=303)


def pictures(problem: Problem, plan: Plan, day: int, trace: Sequence[Mapping[str, Any]]) -> dict[str, Markup]:
    """SVG by name; the search's course where it found more than one plan."""
    words: dict[str, Any] = {"gettext": gettext, "locale": current_locale.get()}
    drawn = {
        "officers": plot.officers_of_day(problem, plan, day, **words),
        "routes": plot.route_map(problem, plan, day, **words),
        "load": plot.department_heat_map(problem, plan, **words),
        "days": plot.visits_by_day(problem, plan, **words),
    }
    steps = [
        Progress(seconds=each["seconds"], moves=0, levels=tuple(each["levels"]), served=each["served"])
        for each in trace
    ]
    falling = [rank for rank in range(len(problem.levels)) if len({step.levels[rank] for step in steps}) > 1]
    if falling:
        drawn["convergence"] = plot.convergence(steps, level=falling[0], **words)
    return {name: Markup(picture) for name, picture in drawn.items()}  # noqa: S704 - our own drawing, built as a tree


def told(problem: Problem, change: Mapping[str, Any]) -> dict[str, Any]:
    """A change with both places and its reasons in words."""
    say = partial(word, gettext=gettext, locale=current_locale.get())
    return {
        "visit": change["visit"],
        "before": place(problem, change["before"]),
        "after": place(problem, change["after"]) if change["after"] else None,
        "reasons": [say(msgspec.convert(each, Reason)) for each in change["reasons"]],
    }


def place(problem: Problem, placement: Mapping[str, Any]) -> dict[str, Any]:
    at = msgspec.convert(placement, Placement)
    day, rest = divmod(at.start, problem.day_ticks)
    hours, minutes = divmod(rest // problem.resolution, 60)
    parties = problem.visit_by_id[at.visit].parties
    return {
        "day": problem.date_of(day),
        "time": f"{hours:02}:{minutes:02}",
        "teams": [(party.department, team) for party, team in zip(parties, at.teams, strict=True)],
    }


ROUTES: list[ControllerRouterHandler] = [
    show_schedules,
    plan_problem,
    show_schedule,
    release_schedule,
    cancel_schedule,
    *CITY_ROUTES,
]
