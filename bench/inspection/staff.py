"""Everybody who works in the city, written into an empty database."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import col

from core.db import Database
from core.people import Account, AccountRole, Delegation
from demo.city import City
from demo.loading.people import People, add_people
from demo.loading.rows import Rows
from inspection.catalogue import current_matters
from inspection.models import Certificate, Leave, Officer, Recusal, Vehicle

TABLES = (Account, AccountRole, Delegation, Officer, Certificate, Leave, Recusal, Vehicle)


@dataclass(frozen=True, slots=True)
class Staff:
    """`account_of` by officer's id; `teams`: a department's officers' accounts."""

    people: People
    account_of: dict[int, int]
    teams: dict[str, list[int]]


async def hire(database: Database, city: City) -> Staff:
    """Officers are certified over the whole year."""
    async with database.transaction() as session:
        matters = {
            matter.department_code: matter for matter in await current_matters(session, date(2025, 6, 1))
        }
        rows = Rows()
        await rows.begin(session, *TABLES)
        people = add_people(rows, city, matters, password_hash="")
        await rows.write(session)
        await session.execute(sa.update(Certificate).values(valid_from=date(2020, 1, 1)))
        account_of: dict[int, int] = {}
        teams: dict[str, list[int]] = {}
        for officer in await session.scalars(sa.select(Officer).order_by(col(Officer.id))):
            account_of[officer.id] = officer.account_id or 0
            teams.setdefault(officer.department_code, []).append(officer.account_id or 0)
    return Staff(people, account_of, teams)
