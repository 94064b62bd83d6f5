"""Officers and vehicles as the scheduling problem wants them; whoever is concerned is read once for each problem."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from scheduling import problem as s

HOURS = (s.DayWindow(start=540, end=720), s.DayWindow(start=810, end=1020))
PARTS = {"morning": s.DayWindow(start=0, end=720), "afternoon": s.DayWindow(start=720, end=1440), None: None}
LUNCH_MINUTES = 45

#: Also those who have left and may be booked still.
Staff = Sequence[sa.Row[Any]]


@dataclass(frozen=True, slots=True)
class OfficerRow:
    officer: s.Officer
    office: str
    lon: float
    lat: float


async def read_staff(session: AsyncSession, departments: Collection[str]) -> Staff:
    """The officers who could come for these departments, and those who share vehicles with anybody."""
    return (await session.execute(_STAFF, {"departments": list(departments)})).all()


async def officers(session: AsyncSession, staff: Staff, *, first: date, last: date) -> list[OfficerRow]:
    """Those who are active, with all their certificates and what keeps them away between these days."""
    known = [row.id for row in staff]
    papers: dict[int, list[s.Certificate]] = defaultdict(list)
    for paper in await session.execute(_PAPERS, {"officers": known}):
        papers[paper.officer_id].append(
            s.Certificate(name=paper.name, first=paper.valid_from, last=paper.valid_to)
        )
    away: dict[int, list[s.Leave]] = defaultdict(list)
    for leave in await session.execute(_LEAVE, {"first": first, "last": last, "officers": known}):
        part = PARTS[leave.half]
        away[leave.officer_id].append(s.Leave(first=leave.first_day, last=leave.last_day, part=part))
    found = []
    for row in (each for each in staff if each.active):
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
        found.append(OfficerRow(officer, office, float(row.office_lon), float(row.office_lat)))
    return found


async def vehicles(session: AsyncSession) -> tuple[s.Vehicle, ...]:
    rows = await session.execute(_VEHICLES)
    return tuple(s.Vehicle(id=str(row.id), pool=row.pool, seats=row.seats) for row in rows)


_TABLES = SQLModel.metadata.tables
_OFFICER, _LEAVES, _VEHICLE = _TABLES["officer"].c, _TABLES["leave"].c, _TABLES["vehicle"].c
_PAPER = _TABLES["certificate"].c
_KNOWN = sa.any_(sa.bindparam("officers", type_=sa.ARRAY(sa.BigInteger)))
_STAFF = (
    sa.select(
        *_OFFICER["id", "name", "department_code", "post", "district", "vehicle_pool", "active"],
        *_OFFICER["office_lon", "office_lat"],
    )
    .where(
        (_OFFICER.department_code == sa.any_(sa.bindparam("departments", type_=sa.ARRAY(sa.String))))
        | _OFFICER.vehicle_pool.is_not(None)
    )
    .order_by(_OFFICER.id)
)
_PAPERS = sa.select(*_PAPER["officer_id", "name", "valid_from", "valid_to"]).where(
    _PAPER.officer_id == _KNOWN
)
_LEAVE = sa.select(*_LEAVES["officer_id", "first_day", "last_day", "half"]).where(
    _LEAVES.officer_id == _KNOWN,
    _LEAVES.last_day >= sa.bindparam("first"),
    _LEAVES.first_day <= sa.bindparam("last"),
)
_VEHICLES = sa.select(*_VEHICLE["id", "pool", "seats"]).where(_VEHICLE.active).order_by(_VEHICLE.id)
