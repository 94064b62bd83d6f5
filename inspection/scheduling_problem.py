"""Rows → a scheduling problem; `slot_answers.py` has the way back.

The problem holds the visits that wait, one case's or all, and every other visit of the horizon where it stands. Ticks
are minutes after local midnight of the horizon's first day.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from core.clock import LOCAL, local_date
from core.people import Department
from core.tables import Timestamp
from inspection import clocks
from inspection.catalogue import Rules
from inspection.models import (
    Booking,
    Case,
    Clock,
    Party,
    Project,
    Recusal,
    Segment,
    SlotSearch,
    Visit,
)
from inspection.reckoning import Reckoning
from inspection.scheduling_staff import Staff, officers, read_staff, vehicles
from inspection.states import BookingState, Node, VisitState
from scheduling import problem as s

SITE_HOURS = (s.DayWindow(start=570, end=690), s.DayWindow(start=840, end=990))
GRID_MINUTES = 15
BUILDINGS_COUNTED = 6


@dataclass(frozen=True, slots=True)
class Question:
    """`names` are those of departments, officers and sites by language; `desk` may clear without a visit."""

    problem: s.Problem
    visit: str
    names: Mapping[str, Mapping[str, str]]
    desk: frozenset[str]


def site_minutes(rules: Rules, segment: Segment, *, first_round: bool) -> int:
    """The length of a visit: by floor area and number of buildings, and not beyond four half-days."""
    if not first_round:
        return rules["site_minutes.recheck"]
    bands = sorted(
        (int(name.partition(".")[2]), minutes)
        for name, minutes in rules.items()
        if name.startswith("site_minutes.") and name.partition(".")[2].isdigit()
    )
    base = next((minutes for limit, minutes in bands if segment.floor_area < limit), bands[-1][1])
    further = min(segment.buildings - 1, BUILDINGS_COUNTED) * rules["site_minutes.building"]
    return min(base + further + rules["site_minutes.meeting"], rules["site_minutes.limit"])


def visit_name(code: str, number: int) -> str:
    return code if number == 1 else f"{code}#{number}"


async def build_question(
    session: AsyncSession, case: Case, search: SlotSearch, parties: Sequence[Party], at: Reckoning
) -> Question:
    horizon = Horizon(search.first_day, search.last_day)
    waiting = await wait_of(session, case, parties, at, first_day=search.first_day)
    staff = await read_staff(session, _departments((waiting,)))
    standing = await _standing(session, staff, horizon, without=(case.id,))
    problem = await build_problem(session, (waiting,), standing, staff=staff, horizon=horizon, at=at)
    sites = {_site_id(each): each for each in (waiting.project, *(row.project for row in standing))}
    names = await _names(session, staff, sites.values(), standing)
    return Question(problem, waiting.visit.id, names, waiting.desk)


async def build_city(
    session: AsyncSession, cases: Sequence[tuple[Case, Sequence[Party]]], horizon: "Horizon", at: Reckoning
) -> s.Problem:
    """All these cases' visits at once, around those that stand; what is overdue, as soon as can be."""
    waiting = [await wait_of(session, *each, at, first_day=horizon.first) for each in cases]
    waiting = [each if each.visit.promised is not None else _pressing(each, horizon) for each in waiting]
    staff = await read_staff(session, _departments(waiting))
    standing = await _standing(session, staff, horizon, without=[case.id for case, _ in cases])
    return await build_problem(session, waiting, standing, staff=staff, horizon=horizon, at=at)


async def build_problem(
    session: AsyncSession,
    waiting: Sequence["Waiting"],
    standing: Sequence["_StandingVisit"],
    *,
    staff: Staff,
    horizon: "Horizon",
    at: Reckoning,
) -> s.Problem:
    people = await officers(session, staff, first=horizon.first, last=horizon.last)
    projects = [*(each.project for each in waiting), *(each.project for each in standing)]
    sites = {_site_id(each): each for each in projects}
    return s.Problem(
        first_day=horizon.first,
        days=(horizon.last - horizon.first).days + 1,
        offices=tuple(
            {row.office: s.Office(id=row.office, lon=row.lon, lat=row.lat) for row in people}.values()
        ),
        sites=tuple(
            s.Site(
                id=name,
                lon=float(each.lon),
                lat=float(each.lat),
                district=each.district,
                access=SITE_HOURS,
            )
            for name, each in sites.items()
        ),
        officers=tuple(row.officer for row in people),
        visits=(*(each.visit for each in waiting), *(row.visit for row in standing)),
        vehicles=await vehicles(session),
        recusals=await _recusals(session, waiting, {row.officer.id for row in people}),
        bookings=tuple(row.booking for row in standing),
        calendar=at.calendar,
        grid=GRID_MINUTES,
    )


def _departments(waiting: Sequence["Waiting"]) -> set[str]:
    return {party.department for each in waiting for party in each.visit.parties}


async def _names(
    session: AsyncSession,
    staff: Staff,
    projects: Iterable[Project],
    standing: Sequence["_StandingVisit"],
) -> dict[str, dict[str, str]]:
    neutral = {str(row.id): row.name for row in staff}
    neutral |= {_site_id(project): project.name for project in projects}
    neutral |= {row.visit.id: row.visit.id.partition("/")[0] for row in standing}
    departments = (await session.execute(_DEPARTMENTS)).all()
    return {
        "zh": neutral | {row.code: row.name_zh for row in departments},
        "en": neutral | {row.code: row.name_en for row in departments},
    }


_DEPARTMENTS = sa.select(col(Department.code), col(Department.name_zh), col(Department.name_en))


@dataclass(frozen=True, slots=True)
class Horizon:
    first: date
    last: date

    @property
    def start(self) -> datetime:
        return clocks.start_of(self.first)

    @property
    def end(self) -> datetime:
        return clocks.start_of(self.last + clocks.ONE_DAY)

    def tick(self, at: datetime) -> int:
        return round((at.astimezone(LOCAL) - self.start).total_seconds() / 60)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case whose visit has no time yet; `desk` may clear without one."""

    case: Case
    project: Project
    visit: s.Visit
    desk: frozenset[str]


@dataclass(frozen=True, slots=True)
class _StandingVisit:
    visit: s.Visit
    booking: s.Booking
    project: Project


async def wait_of(
    session: AsyncSession, case: Case, parties: Sequence[Party], at: Reckoning, *, first_day: date
) -> Waiting:
    segment = await session.get_one(Segment, case.segment_id)
    project = await session.get_one(Project, segment.project_id)
    minutes = site_minutes(at.rules, segment, first_round=case.round == 1)
    known = {"ids": [party.matter_id for party in parties]}
    matters = {row.id: row for row in await session.execute(_MATTERS, known)}
    # A promise that has passed already bounds nothing: the visit is then held as soon as it can be.
    whole = (await session.execute(_PROMISE, {"case": case.id, "first_day": first_day})).first()
    visit = s.Visit(
        id=visit_name(case.code, case.round),
        site=_site_id(project),
        parties=tuple(_party(party, matters[party.matter_id], minutes) for party in parties),
        applicant=project.owner_credit_code,
        priority=3 if case.priority else 1,
        earliest=case.wanted_from,
        received=whole.started_on if whole else None,
        promised=whole.days + whole.paused_days if whole else None,
    )
    desk = {party.department_code for party in parties if not matters[party.matter_id].hard_order}
    bound = {party.department_code for party in parties if matters[party.matter_id].hard_order}
    return Waiting(case, project, visit, frozenset(desk - bound))


_MATTER = SQLModel.metadata.tables["matter"].c
_MATTERS = sa.select(*_MATTER["id", "code", "site_share", "certificate", "officers", "hard_order"]).where(
    _MATTER.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))
)
_PROMISE = sa.select(col(Clock.started_on), col(Clock.days), col(Clock.paused_days)).where(
    col(Clock.case_id) == sa.bindparam("case"),
    col(Clock.node) == Node.WHOLE,
    col(Clock.due) >= sa.bindparam("first_day"),
)


def _pressing(waiting: Waiting, horizon: Horizon) -> Waiting:
    """Every day that the visit waits counts as one too late."""
    return replace(waiting, visit=structs.replace(waiting.visit, received=horizon.first, promised=0))


def party_minutes(site_share: int, minutes: int) -> int:
    """A department's share, in percent, of a visit's length."""
    return max(GRID_MINUTES * 2, minutes * site_share // 100)


def _party(party: Party, matter: sa.Row[Any], minutes: int) -> s.Party:
    return s.Party(
        id=str(party.id),
        department=party.department_code,
        duration=party_minutes(matter.site_share, minutes),
        matter=matter.code,
        certificates=(matter.certificate,),
        officers=matter.officers,
    )


async def _standing(
    session: AsyncSession, staff: Staff, horizon: Horizon, *, without: Collection[int]
) -> list[_StandingVisit]:
    """The visits in the horizon, but for those of some cases, pinned where they are, as far as our staff goes there."""
    known = {"begins": horizon.start, "ends": horizon.end, "without": list(without)}
    visits = (await session.execute(_VISITS, known)).all()
    departments = {row.id: row.department_code for row in staff}
    booked = {"visits": [visit.id for visit in visits], "begins": horizon.start, "staff": list(departments)}
    halves: dict[int, dict[tuple[date, bool], _Seats]] = defaultdict(lambda: defaultdict(_Seats))
    for row in await session.execute(_BOOKED, booked):
        begins = row.begins.astimezone(LOCAL)
        seats = halves[row.visit_id][begins.date(), begins.time() >= clocks.NOON]
        seats.setdefault(row.party_id, []).append(_Seat(row.officer_id, (row.begins, row.ends)))
    return [
        _StandingVisit(
            *_stand(f"{visit_name(row.code, row.round)}/{half}", row.Project, seats, departments, horizon),
            row.Project,
        )
        for row in visits
        for half, seats in enumerate(halves[row.id].values(), start=1)
    ]


_VISITS = (
    sa.select(col(Visit.id), col(Visit.round), col(Case.code), Project)
    .join(Case, col(Case.id) == col(Visit.case_id))
    .join(Segment, col(Segment.id) == col(Case.segment_id))
    .join(Project, col(Project.id) == col(Segment.project_id))
    .where(
        col(Visit.state) != VisitState.CANCELLED,
        col(Visit.ends_at) > sa.bindparam("begins"),
        col(Visit.starts_at) < sa.bindparam("ends"),
        col(Visit.case_id) != sa.all_(sa.bindparam("without", type_=sa.ARRAY(sa.BigInteger))),
    )
)
_BOOKED = (
    sa.select(
        col(Booking.visit_id),
        col(Booking.party_id),
        col(Booking.officer_id),
        sa.func.lower(col(Booking.during), type_=Timestamp).label("begins"),
        sa.func.upper(col(Booking.during), type_=Timestamp).label("ends"),
    )
    .where(
        col(Booking.visit_id) == sa.any_(sa.bindparam("visits", type_=sa.ARRAY(sa.BigInteger))),
        col(Booking.officer_id) == sa.any_(sa.bindparam("staff", type_=sa.ARRAY(sa.BigInteger))),
        col(Booking.state) == BookingState.BOOKED,
        # The second half-day of a visit may be in the horizon although the first is over.
        sa.func.lower(col(Booking.during)) >= sa.bindparam("begins", type_=Timestamp),
    )
    .order_by(col(Booking.during), col(Booking.id))
)


class _Seat(NamedTuple):
    officer_id: int
    span: tuple[datetime, datetime]


class _Seats(dict[int, list[_Seat]]):
    """The bookings of one half-day of a visit, by party."""


def _stand(
    name: str, project: Project, seats: _Seats, departments: dict[int, str], horizon: Horizon
) -> tuple[s.Visit, s.Booking]:
    """The first party to begin comes first, as the problem wants it."""
    ordered = sorted(seats.items(), key=lambda item: (item[1][0].span, item[0]))
    first = horizon.tick(ordered[0][1][0].span[0])
    parties, starts = [], []
    for party_id, rows in ordered:
        begins, ends = (horizon.tick(at) for at in rows[0].span)
        parties.append(
            s.Party(
                id=str(party_id),
                department=departments[rows[0].officer_id],
                duration=ends - begins,
                officers=len(rows),
                lag=(begins - first, begins - first),
            )
        )
        starts.append(begins)
    teams = tuple(tuple(str(row.officer_id) for row in rows) for _, rows in ordered)
    return (
        s.Visit(id=name, site=_site_id(project), parties=tuple(parties), applicant=project.owner_credit_code),
        s.Booking(visit=name, starts=tuple(starts), teams=teams, hold=s.Hold.PINNED),
    )


async def _recusals(
    session: AsyncSession, waiting: Sequence[Waiting], officers: set[str]
) -> tuple[s.Recusal, ...]:
    rows = await session.scalars(
        sa.select(Recusal).where(
            sa.or_(
                col(Recusal.case_id).in_([each.case.id for each in waiting]),
                col(Recusal.credit_code).in_({each.project.owner_credit_code for each in waiting}),
            )
        )
    )
    return tuple(
        s.Recusal(officer=str(row.officer_id), visit=each.visit.id)
        for row in rows
        for each in waiting
        if str(row.officer_id) in officers
        and (row.case_id == each.case.id or row.credit_code == each.project.owner_credit_code)
    )


def _site_id(project: Project) -> str:
    return f"site:{project.code}"


def horizon_of(at: Reckoning, now: datetime) -> Horizon:
    """The days that a search looks at: from the shortest notice to the end of the horizon."""
    today = local_date(now)
    first = at.calendar.add_working_days(today, at.rules["visit.notice"])
    return Horizon(first, at.calendar.add_working_days(today, at.rules["visit.horizon"]))
