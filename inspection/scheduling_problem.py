"""Rows → a scheduling problem; `slot_answers.py` has the way back.

The problem holds the visits that wait, one case's or all, and every other visit of the horizon where it stands. Ticks
are minutes after local midnight of the horizon's first day.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import LOCAL, local_date
from core.people import Department
from inspection import clocks
from inspection.catalogue import Rules
from inspection.models import (
    Booking,
    Case,
    Certificate,
    Clock,
    Leave,
    Matter,
    Officer,
    Party,
    Project,
    Recusal,
    Segment,
    SlotSearch,
    Vehicle,
    Visit,
)
from inspection.reckoning import Reckoning
from inspection.states import BookingState, Node, VisitState
from scheduling import problem as s

HOURS = (s.DayWindow(start=540, end=720), s.DayWindow(start=810, end=1020))
SITE_HOURS = (s.DayWindow(start=570, end=690), s.DayWindow(start=840, end=990))
PARTS = {"morning": s.DayWindow(start=0, end=720), "afternoon": s.DayWindow(start=720, end=1440), None: None}
GRID_MINUTES = 15
LUNCH_MINUTES = 45
BUILDINGS_COUNTED = 6
NOON = 12


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


def visit_name(case: Case, number: int) -> str:
    return case.code if number == 1 else f"{case.code}#{number}"


async def build_question(
    session: AsyncSession, case: Case, search: SlotSearch, parties: Sequence[Party], at: Reckoning
) -> Question:
    horizon = Horizon(search.first_day, search.last_day)
    waiting = await wait_of(session, case, parties, at, first_day=search.first_day)
    standing = await _standing(session, horizon, without=(case.id,))
    problem = await build_problem(session, (waiting,), standing, horizon, at)
    sites = {_site_id(each): each for each in (waiting.project, *(row.project for row in standing))}
    names, desk = await _names(session, sites.values(), parties, standing)
    return Question(problem, waiting.visit.id, names, desk)


async def build_city(
    session: AsyncSession, cases: Sequence[tuple[Case, Sequence[Party]]], horizon: "Horizon", at: Reckoning
) -> s.Problem:
    """All these cases' visits at once, around those that stand; what is overdue, as soon as can be."""
    waiting = [await wait_of(session, *each, at, first_day=horizon.first) for each in cases]
    waiting = [each if each.visit.promised is not None else _pressing(each, horizon) for each in waiting]
    standing = await _standing(session, horizon, without=[case.id for case, _ in cases])
    return await build_problem(session, waiting, standing, horizon, at)


async def build_problem(
    session: AsyncSession,
    waiting: Sequence["Waiting"],
    standing: Sequence["_StandingVisit"],
    horizon: "Horizon",
    at: Reckoning,
) -> s.Problem:
    officers = await _officers(session, horizon)
    projects = [*(each.project for each in waiting), *(each.project for each in standing)]
    sites = {_site_id(each): each for each in projects}
    return s.Problem(
        first_day=horizon.first,
        days=(horizon.last - horizon.first).days + 1,
        offices=tuple(
            {row.office: s.Office(id=row.office, lon=row.lon, lat=row.lat) for row in officers}.values()
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
        officers=tuple(row.officer for row in officers),
        visits=(*(each.visit for each in waiting), *(row.visit for row in standing)),
        vehicles=await _vehicles(session),
        recusals=await _recusals(session, waiting, {row.officer.id for row in officers}),
        bookings=tuple(row.booking for row in standing),
        calendar=at.calendar,
        grid=GRID_MINUTES,
    )


async def _names(
    session: AsyncSession,
    projects: Iterable[Project],
    parties: Sequence[Party],
    standing: Sequence["_StandingVisit"],
) -> tuple[dict[str, dict[str, str]], frozenset[str]]:
    officers = await session.execute(sa.select(col(Officer.id), col(Officer.name)))
    neutral = {str(row.id): row.name for row in officers}
    neutral |= {_site_id(project): project.name for project in projects}
    neutral |= {row.visit.id: row.visit.id.partition("/")[0] for row in standing}
    departments = list(await session.scalars(sa.select(Department)))
    names = {
        "zh": neutral | {row.code: row.name_zh for row in departments},
        "en": neutral | {row.code: row.name_en for row in departments},
    }
    bound = await session.scalars(
        sa.select(col(Matter.department_code)).where(
            col(Matter.hard_order), col(Matter.id).in_([party.matter_id for party in parties])
        )
    )
    return names, frozenset(party.department_code for party in parties) - set(bound)


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
    """A case whose visit has no time yet."""

    case: Case
    project: Project
    visit: s.Visit


@dataclass(frozen=True, slots=True)
class _OfficerRow:
    officer: s.Officer
    office: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class _StandingVisit:
    visit: s.Visit
    booking: s.Booking
    project: Project


async def _officers(session: AsyncSession, horizon: Horizon) -> list[_OfficerRow]:
    rows = list(
        await session.scalars(sa.select(Officer).where(col(Officer.active)).order_by(col(Officer.id)))
    )
    papers: dict[int, list[s.Certificate]] = defaultdict(list)
    for paper in await session.scalars(sa.select(Certificate)):
        papers[paper.officer_id].append(
            s.Certificate(name=paper.name, first=paper.valid_from, last=paper.valid_to)
        )
    away: dict[int, list[s.Leave]] = defaultdict(list)
    overlapping = sa.select(Leave).where(
        col(Leave.last_day) >= horizon.first, col(Leave.first_day) <= horizon.last
    )
    for leave in await session.scalars(overlapping):
        part = PARTS[leave.half]
        away[leave.officer_id].append(s.Leave(first=leave.first_day, last=leave.last_day, part=part))
    found = []
    for row in rows:
        office = f"office:{row.office_lon},{row.office_lat}"
        officer = s.Officer(
            id=str(row.id),
            department=row.department_code,
            office=office,
            hours=HOURS,
            post=s.Post(row.post.value),
            certificates=tuple(papers[row.id]),
            leave=tuple(away[row.id]),
            lunch=LUNCH_MINUTES,
            district=row.district,
            pool=row.vehicle_pool,
        )
        found.append(_OfficerRow(officer, office, float(row.office_lon), float(row.office_lat)))
    return found


async def wait_of(
    session: AsyncSession, case: Case, parties: Sequence[Party], at: Reckoning, *, first_day: date
) -> Waiting:
    segment = await session.get_one(Segment, case.segment_id)
    project = await session.get_one(Project, segment.project_id)
    minutes = site_minutes(at.rules, segment, first_round=case.round == 1)
    ids = [party.matter_id for party in parties]
    matters = {row.id: row for row in await session.scalars(sa.select(Matter).where(col(Matter.id).in_(ids)))}
    # A promise that has passed already bounds nothing: the visit is then held as soon as it can be.
    whole = await session.scalar(
        sa.select(Clock).where(
            col(Clock.case_id) == case.id, col(Clock.node) == Node.WHOLE, col(Clock.due) >= first_day
        )
    )
    visit = s.Visit(
        id=visit_name(case, case.round),
        site=_site_id(project),
        parties=tuple(_party(party, matters[party.matter_id], minutes) for party in parties),
        applicant=project.owner_credit_code,
        priority=3 if case.priority else 1,
        earliest=case.wanted_from,
        received=whole.started_on if whole else None,
        promised=whole.days + whole.paused_days if whole else None,
    )
    return Waiting(case, project, visit)


def _pressing(waiting: Waiting, horizon: Horizon) -> Waiting:
    """Every day that the visit waits counts as one too late."""
    return replace(waiting, visit=structs.replace(waiting.visit, received=horizon.first, promised=0))


def party_minutes(matter: Matter, minutes: int) -> int:
    """A department's share of a visit's length."""
    return max(GRID_MINUTES * 2, minutes * matter.site_share // 100)


def _party(party: Party, matter: Matter, minutes: int) -> s.Party:
    return s.Party(
        id=str(party.id),
        department=party.department_code,
        duration=party_minutes(matter, minutes),
        matter=matter.code,
        certificates=(matter.certificate,),
        officers=matter.officers,
    )


async def _standing(
    session: AsyncSession, horizon: Horizon, *, without: Collection[int]
) -> list[_StandingVisit]:
    """The visits in the horizon, but for those of some cases, each pinned where it is."""
    rows = await session.execute(
        sa.select(Visit, Case, Project)
        .join(Case, col(Case.id) == col(Visit.case_id))
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .where(
            col(Visit.state) != VisitState.CANCELLED,
            col(Visit.ends_at) > horizon.start,
            col(Visit.starts_at) < horizon.end,
            col(Visit.case_id).not_in(without),
        )
    )
    visits = [(row.Visit, row.Case, row.Project) for row in rows]
    booked = sa.select(Booking).where(
        col(Booking.visit_id).in_([visit.id for visit, _, _ in visits]),
        col(Booking.state) == BookingState.BOOKED,
        # The second half-day of a visit may be in the horizon although the first is over.
        sa.func.lower(col(Booking.during)) >= horizon.start,
    )
    halves: dict[int, dict[tuple[date, bool], _Seats]] = defaultdict(lambda: defaultdict(_Seats))
    for booking in await session.scalars(booked.order_by(col(Booking.during), col(Booking.id))):
        begins = booking.span[0].astimezone(LOCAL)
        seats = halves[booking.visit_id][begins.date(), begins.hour >= NOON]
        seats.setdefault(booking.party_id, []).append(booking)
    officers = {row.id: row.department_code for row in await session.scalars(sa.select(Officer))}
    return [
        _StandingVisit(
            *_stand(f"{visit_name(its_case, visit.round)}/{half}", project, seats, officers, horizon), project
        )
        for visit, its_case, project in visits
        for half, seats in enumerate(halves[visit.id].values(), start=1)
    ]


class _Seats(dict[int, list[Booking]]):
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


async def _vehicles(session: AsyncSession) -> tuple[s.Vehicle, ...]:
    rows = await session.scalars(sa.select(Vehicle).where(col(Vehicle.active)).order_by(col(Vehicle.id)))
    return tuple(s.Vehicle(id=str(row.id), pool=row.pool, seats=row.seats) for row in rows)


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
