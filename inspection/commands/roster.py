"""Keeping the roster: lines are new or change what stands; what a workbook does not name stays as it is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.errors import FieldProblem, InvalidInput
from core.people import Account, Department
from inspection.models import Booking, Certificate, Officer, Vehicle
from inspection.roster import OfficerLine, Roster, fault
from inspection.states import BookingState


class Kept(msgspec.Struct, frozen=True):
    """How many of the lines were new, and how many stood already."""

    new: int
    known: int


async def keep_roster(
    session: AsyncSession, roster: Roster, *, wrong: Sequence[FieldProblem] = (), by: str, now: datetime
) -> Kept:
    """All of it or nothing; an officer's certificates are those named here.

    Raises `InvalidInput` with everything that is wrong by row, of reading (`wrong`) as well.
    """
    officers = {
        each.number: each
        for each in await session.scalars(sa.select(Officer).order_by(col(Officer.id)).with_for_update())
    }
    vehicles = {each.plate: each for each in await session.scalars(sa.select(Vehicle).with_for_update())}
    logins = await session.execute(sa.select(col(Account.login), col(Account.id)))
    accounts = {row.login: row.id for row in logins}
    problems = [*wrong, *await _wrong_officers(session, roster, officers, accounts, now=now)]
    if not any(problem.field.startswith("officers:") for problem in problems):
        problems += _wrong_certificates(roster, officers)
    if problems:
        raise InvalidInput(problems=tuple(problems))
    known = sum(line.number in officers for line in roster.officers)
    known += sum(line.plate in vehicles for line in roster.vehicles)
    for line in roster.officers:
        given = _columns(line, accounts)
        officer = officers.setdefault(line.number, Officer(number=line.number, **given))
        officer.sqlmodel_update(given)
        session.add(officer)
    for car in roster.vehicles:
        vehicle = vehicles.setdefault(car.plate, Vehicle(plate=car.plate, pool=car.pool, seats=car.seats))
        vehicle.sqlmodel_update({"pool": car.pool, "seats": car.seats, "active": car.active})
        session.add(vehicle)
    await session.flush()
    await _keep_certificates(session, roster, officers)
    data = {
        "officers": sorted(line.number for line in roster.officers),
        "vehicles": sorted(line.plate for line in roster.vehicles),
    }
    ledger.record(session, action="roster.keep", subject="roster", actor=by, now=now, data=data)
    return Kept(len(roster.officers) + len(roster.vehicles) - known, known)


def _columns(line: OfficerLine, accounts: dict[str, int]) -> dict[str, Any]:
    return {
        "name": line.name,
        "department_code": line.department,
        "post": line.post,
        "office_lon": line.lon,
        "office_lat": line.lat,
        "district": line.district or None,
        "vehicle_pool": line.pool or None,
        "active": line.active,
    } | ({"account_id": accounts[line.login]} if line.login else {})


async def _keep_certificates(session: AsyncSession, roster: Roster, officers: dict[str, Officer]) -> None:
    named = {officers[line.officer].id for line in roster.certificates}
    await session.execute(sa.delete(Certificate).where(col(Certificate.officer_id).in_(named)))
    session.add_all(
        Certificate(
            officer_id=officers[line.officer].id,
            name=line.name,
            number=line.number,
            valid_from=line.valid_from,
            valid_to=line.valid_to,
        )
        for line in roster.certificates
    )
    await session.flush()


async def _wrong_officers(
    session: AsyncSession,
    roster: Roster,
    officers: dict[str, Officer],
    accounts: dict[str, int],
    *,
    now: datetime,
) -> list[FieldProblem]:
    departments = set(await session.scalars(sa.select(col(Department.code))))
    needed = set(
        await session.scalars(
            sa.select(col(Booking.officer_id)).where(
                col(Booking.state) == BookingState.BOOKED, sa.func.upper(col(Booking.during)) > now
            )
        )
    )
    owners = {each.account_id: each.number for each in officers.values() if each.account_id}
    problems = []
    for line in roster.officers:
        before = officers.get(line.number)
        if line.department not in departments:
            problems.append(fault("officers", line.row, "没有代码为%(code)s的部门。", code=line.department))
        if line.login and line.login not in accounts:
            problems.append(fault("officers", line.row, "没有登录名为%(login)s的账号。", login=line.login))
        elif line.login and owners.setdefault(accounts[line.login], line.number) != line.number:
            problems.append(fault("officers", line.row, "账号%(login)s已属于另一人。", login=line.login))
        if before and before.active and not line.active and before.id in needed:
            problems.append(
                fault("officers", line.row, "%(name)s还有已约定的验收，请先登记请假。", name=line.name)
            )
    return problems


def _wrong_certificates(roster: Roster, officers: dict[str, Officer]) -> list[FieldProblem]:
    known = officers.keys() | {line.number for line in roster.officers}
    return [
        fault("certificates", line.row, "没有编号为%(number)s的人员。", number=line.officer)
        for line in roster.certificates
        if line.officer not in known
    ]
