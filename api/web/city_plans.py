"""全市排期 on pages: who waits, what a plan says of each case, and what became of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from litestar import post
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.schedules.city import BOOKED, request_city_plan
from api.web.cases.acts import person
from core.access import Action
from core.clock import LOCAL
from core.i18n import current_locale, gettext
from core.people import Department
from inspection.city_plan import case_of, left_out, offers, waiting_visits
from inspection.models import Case, Clock, Officer, Project, Segment
from inspection.scheduling_problem import NOON
from inspection.states import Node
from scheduling.plan import Plan
from scheduling.problem import Problem

#: Seconds that a solve from a page is given.
SECONDS = 20.0


class Sitting(msgspec.Struct, frozen=True):
    """A visit, or a part of it: when it begins and when the last department leaves."""

    starts_at: datetime
    ends_at: datetime


class PlannedCase(msgspec.Struct, frozen=True):
    """`sittings` is empty for a case without a place; `refused` says why it could not be booked as planned."""

    code: str
    name: str
    sittings: list[Sitting]
    departments: int
    officers: int
    due: date | None
    booked: bool
    refused: str

    @property
    def late(self) -> bool:
        return bool(self.due and self.sittings and self.sittings[-1].starts_at.date() > self.due)


@post("/schedules/city", opt={"action": Action.SCHEDULE_SOLVE}, include_in_schema=False)
async def plan_city(session: AsyncSession, caller: Principal | None, now: datetime) -> Redirect:
    """Plan every case that waits for its visit."""
    row = await request_city_plan(session, seconds=SECONDS, by=person(caller).actor, now=now)
    return Redirect(f"/schedules/{row.code}", status_code=303)


async def planned_cases(
    session: AsyncSession, problem: Problem, plan: Plan, outcomes: Mapping[str, str]
) -> list[PlannedCase]:
    """In the order of their visits, those without a place first."""
    found = offers(problem, plan)
    lines = await _lines(session, {case_of(name) for name in waiting_visits(problem)})
    rows: list[PlannedCase] = []
    for code in (*left_out(problem, plan), *found):
        teams = found.get(code, [])
        rows.append(
            PlannedCase(
                code=code,
                name=lines[code].name,
                sittings=_sittings(teams),
                departments=len({team["party_id"] for team in teams}),
                officers=len({officer for team in teams for officer in team["officer_ids"]}),
                due=lines[code].due,
                booked=outcomes.get(code) == BOOKED,
                refused="" if outcomes.get(code, BOOKED) == BOOKED else gettext(outcomes[code]),
            )
        )
    return sorted(rows, key=lambda row: [each.starts_at for each in row.sittings])


def _sittings(teams: list[dict[str, str]]) -> list[Sitting]:
    """A half-day each."""
    halves: dict[tuple[date, bool], list[Sitting]] = defaultdict(list)
    for team in teams:
        first, last = (
            datetime.fromisoformat(team[end]).astimezone(LOCAL) for end in ("starts_at", "ends_at")
        )
        halves[first.date(), first.hour >= NOON].append(Sitting(first, last))
    return [
        Sitting(min(each.starts_at for each in half), max(each.ends_at for each in half))
        for _, half in sorted(halves.items())
    ]


async def _lines(session: AsyncSession, codes: set[str]) -> dict[str, Any]:
    """{code: (name, due)}, of the project with its segment, and of the whole case's clock."""
    rows = await session.execute(
        sa.select(
            col(Case.code),
            sa.func.concat_ws(" ", col(Project.name), col(Segment.name)).label("name"),
            col(Clock.due),
        )
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .outerjoin(Clock, sa.and_(col(Clock.case_id) == col(Case.id), col(Clock.node) == Node.WHOLE))
        .where(col(Case.code).in_(codes))
    )
    return {row.code: row for row in rows}


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
