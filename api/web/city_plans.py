"""全市排期 on pages: every case that waits is planned, and what people call those in the plan."""

from collections import Counter
from datetime import datetime

import sqlalchemy as sa
from litestar import post
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.schedules.city import SECONDS, request_city_plan
from api.web.cases.acts import person
from core.access import Action
from core.i18n import current_locale, gettext
from core.people import Department
from inspection.models import Officer, Project
from scheduling.problem import Problem


@post("/schedules/city", opt={"action": Action.SCHEDULE_SOLVE}, include_in_schema=False)
async def plan_city(session: AsyncSession, caller: Principal | None, now: datetime) -> Redirect:
    """Plan every case that waits for its visit."""
    row = await request_city_plan(session, seconds=SECONDS, by=person(caller).actor, now=now)
    return Redirect(f"/schedules/{row.code}", status_code=303)


async def names_in(session: AsyncSession, problem: Problem) -> dict[str, str]:
    """What people call those in a problem and where they are, by id; no two of a kind the same."""
    numbers = [int(each.id) for each in problem.officers]
    officers = await session.execute(
        sa.select(col(Officer.id), col(Officer.number), col(Officer.name)).where(col(Officer.id).in_(numbers))
    )
    crew = [(str(row.id), row.name, row.number) for row in officers]
    codes = [site.id.partition(":")[2] for site in problem.sites]
    projects = await session.execute(
        sa.select(col(Project.code), col(Project.name)).where(col(Project.code).in_(codes))
    )
    places = [(f"site:{row.code}", row.name, row.code) for row in projects]
    english = current_locale.get() == "en"
    departments = {
        row.code: row.name_en if english else row.name_zh
        for row in await session.scalars(sa.select(Department))
    }
    offices = {
        each.id: gettext("办公地点 %(number)s") % {"number": number}
        for number, each in enumerate(problem.offices, 1)
    }
    return departments | offices | _apart(crew) | _apart(places)


def _apart(rows: list[tuple[str, str, str]]) -> dict[str, str]:
    alike = Counter(name for _, name, _ in rows)
    return {key: name if alike[name] == 1 else f"{name} {mark}" for key, name, mark in rows}


ROUTES: list[ControllerRouterHandler] = [plan_city]
