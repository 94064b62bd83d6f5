"""全市排期, case by case: who would come when, and what became of it after the release."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import LOCAL
from core.i18n import gettext
from inspection import clocks
from inspection.city_plan import case_of, left_out, offers, waiting_visits
from inspection.models import Case, Clock, Officer, Party, Project, Segment
from inspection.states import Node
from scheduling.plan import Plan
from scheduling.problem import Problem

#: What became of a case, where nothing stood in its way.
BOOKED = "booked"


class Sitting(msgspec.Struct, frozen=True, rename="camel"):
    """A visit, or a part of it: when it begins and when the last department leaves."""

    starts_at: datetime
    ends_at: datetime


class Team(msgspec.Struct, frozen=True, rename="camel"):
    """A department's `officers`, by number, for as long as they stay."""

    department: str
    officers: list[str]
    starts_at: datetime
    ends_at: datetime


class PlannedCase(msgspec.Struct, frozen=True, rename="camel"):
    """`sittings` and `teams` are empty for a case without a place; `refused` says why it could not be booked so."""

    code: str
    name: str
    sittings: list[Sitting]
    teams: list[Team]
    due: date | None
    late: bool
    booked: bool
    refused: str

    @property
    def departments(self) -> int:
        return len({team.department for team in self.teams})

    @property
    def officers(self) -> int:
        return len({officer for team in self.teams for officer in team.officers})


async def planned_cases(
    session: AsyncSession, problem: Problem, plan: Plan, outcomes: Mapping[str, str]
) -> list[PlannedCase]:
    """In the order of their visits, those without a place first."""
    found = offers(problem, plan)
    lines = await _lines(session, {case_of(name) for name in waiting_visits(problem)})
    teams = await _teams(session, found)
    rows = []
    for code in (*left_out(problem, plan), *found):
        sittings, due, outcome = _sittings(teams.get(code, [])), lines[code].due, outcomes.get(code, "")
        rows.append(
            PlannedCase(
                code=code,
                name=lines[code].name,
                sittings=sittings,
                teams=teams.get(code, []),
                due=due,
                late=bool(due and sittings and sittings[-1].starts_at.date() > due),
                booked=outcome == BOOKED,
                refused=gettext(outcome) if outcome not in {"", BOOKED} else "",
            )
        )
    return sorted(rows, key=lambda row: [each.starts_at for each in row.sittings])


def _sittings(teams: Sequence[Team]) -> list[Sitting]:
    """A half-day each."""
    halves: dict[tuple[date, bool], list[Team]] = defaultdict(list)
    for team in teams:
        halves[team.starts_at.date(), team.starts_at.time() >= clocks.NOON].append(team)
    return [
        Sitting(min(each.starts_at for each in half), max(each.ends_at for each in half))
        for _, half in sorted(halves.items())
    ]


async def _teams(session: AsyncSession, found: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[Team]]:
    """By case, of what a plan offers it."""
    seats = [seat for teams in found.values() for seat in teams]
    parties = {seat["party_id"] for seat in seats}
    officers = {officer for seat in seats for officer in seat["officer_ids"]}
    departments = await _column(session, Party.id, Party.department_code, parties)
    numbers = await _column(session, Officer.id, Officer.number, officers)
    return {
        code: [
            Team(
                department=departments[seat["party_id"]],
                officers=[numbers[officer] for officer in seat["officer_ids"]],
                starts_at=datetime.fromisoformat(seat["starts_at"]).astimezone(LOCAL),
                ends_at=datetime.fromisoformat(seat["ends_at"]).astimezone(LOCAL),
            )
            for seat in teams
        ]
        for code, teams in found.items()
    }


async def _column(session: AsyncSession, key: Any, value: Any, keys: set[int]) -> dict[int, str]:
    rows = await session.execute(sa.select(key, value).where(col(key).in_(keys)))
    return {row[0]: row[1] for row in rows}


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
