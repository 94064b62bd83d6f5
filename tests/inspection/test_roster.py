"""The roster's tables: read with everything that is wrong in them, and kept whole or not at all."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import InvalidInput
from inspection.commands.roster import Kept, keep_roster
from inspection.models import Booking, Certificate, Officer, Vehicle
from inspection.roster import CertificateLine, OfficerLine, Roster, VehicleLine, read_roster
from inspection.states import Post
from tests.inspection.world import World, at, confirmed

OFFICER = {
    "number": "fire-A09",
    "name": "何远",
    "department": "fire",
    "post": "a",
    "login": "",
    "lon": "121.05",
    "lat": "29.6",
    "district": "",
    "pool": "fire",
    "active": "",
}
CERTIFICATE = {
    "officer": "fire-A09",
    "name": "fire",
    "number": "F-9",
    "valid_from": "2026-01-01",
    "valid_to": "2028-12-31T00:00",
}
VEHICLE = {"plate": "澜A·09001", "pool": "fire", "seats": "5", "active": "是"}
LINE = OfficerLine(
    2, "fire-A09", "何远", "fire", Post.PRIMARY, "", Decimal("121.05"), Decimal("29.6"), "", "fire", True
)
PAPER = CertificateLine(2, "fire-A09", "fire", "F-9", date(2026, 1, 1), date(2028, 12, 31))
CAR = VehicleLine(2, "澜A·09001", "fire", 5, True)


def test_tables_are_read_line_by_line() -> None:
    roster, problems = read_roster(
        {"officers": [(2, OFFICER)], "certificates": [(2, CERTIFICATE)], "vehicles": [(2, VEHICLE)]}
    )
    assert (roster, problems) == (Roster((LINE,), (PAPER,), (CAR,)), [])


@pytest.mark.parametrize(
    ("table", "changes", "faults"),
    [
        ("officers", {"number": "", "name": " "}, 2),
        ("officers", {"post": "C", "lon": "east", "lat": "91", "active": "或许"}, 4),
        ("officers", {"lon": "NaN"}, 1),
        ("certificates", {"valid_from": "1/1/26", "number": ""}, 2),
        ("certificates", {"valid_to": "2025-12-31"}, 1),
        ("vehicles", {"seats": "0"}, 1),
        ("vehicles", {"seats": "５"}, 1),
    ],
)
def test_everything_wrong_in_a_row_is_named(table: str, changes: dict[str, str], faults: int) -> None:
    row = {"officers": OFFICER, "certificates": CERTIFICATE, "vehicles": VEHICLE}[table] | changes
    roster, problems = read_roster({table: [(7, row)]})
    assert (roster, {problem.field for problem in problems}) == (Roster(), {f"{table}:7"})
    assert len(problems) == faults


def test_sound_row_after_a_wrong_one_is_read() -> None:
    roster, (problem,) = read_roster({"officers": [(2, OFFICER | {"post": "C"}), (3, OFFICER)]})
    assert ([line.row for line in roster.officers], problem.field) == ([3], "officers:2")


def test_number_named_twice_is_told() -> None:
    _, (problem,) = read_roster({"officers": [(2, OFFICER), (5, OFFICER)]})
    assert (problem.field, problem.params) == ("officers:5", {"key": "fire-A09", "other": 2})


@pytest.mark.usefixtures("world")
async def test_new_lines_are_added_and_known_ones_changed(session: AsyncSession) -> None:
    roster = Roster((LINE,), (PAPER,), (CAR,))
    assert await keep_roster(session, roster, by="account:1", now=at(3)) == Kept(new=2, known=0)
    changed = Roster((msgspec.structs.replace(LINE, name="何原"),))
    assert await keep_roster(session, changed, by="account:1", now=at(3)) == Kept(new=0, known=1)
    officer = (await session.scalars(sa.select(Officer).where(col(Officer.number) == "fire-A09"))).one()
    assert (officer.name, officer.department_code, officer.active) == ("何原", "fire", True)
    papers = await session.scalars(sa.select(Certificate).where(col(Certificate.officer_id) == officer.id))
    assert [paper.number for paper in papers] == ["F-9"]
    assert await session.scalar(sa.select(col(Vehicle.seats)).where(col(Vehicle.plate) == CAR.plate)) == 5


@pytest.mark.usefixtures("world")
async def test_wrong_rows_are_told_together_and_nothing_is_kept(session: AsyncSession) -> None:
    _, wrong = read_roster({"vehicles": [(3, VEHICLE | {"seats": "x"})]})
    nowhere = OfficerLine(
        2, "x-1", "何远", "nowhere", Post.PRIMARY, "nobody", Decimal(1), Decimal(1), "", "", True
    )
    with pytest.raises(InvalidInput) as refused:
        await keep_roster(session, Roster((LINE, nowhere)), wrong=wrong, by="account:1", now=at(3))
    assert [problem.field for problem in refused.value.problems] == ["vehicles:3", "officers:2", "officers:2"]
    assert await session.scalar(sa.select(col(Officer.id)).where(col(Officer.number) == "fire-A09")) is None


async def test_officer_who_is_still_expected_somewhere_stays_on_duty(
    session: AsyncSession, world: World
) -> None:
    await confirmed(session, world, at(3))
    number = await session.scalar(
        sa.select(col(Officer.number)).join(Booking, col(Booking.officer_id) == col(Officer.id)).limit(1)
    )
    assert number is not None
    officer = (await session.scalars(sa.select(Officer).where(col(Officer.number) == number))).one()
    line = OfficerLine(
        *(2, number, officer.name, officer.department_code, officer.post, ""),
        *(officer.office_lon, officer.office_lat, "", officer.vehicle_pool or "", False),
    )
    with pytest.raises(InvalidInput):
        await keep_roster(session, Roster((line,)), by="account:1", now=at(3))
    kept = await keep_roster(session, Roster((line,)), by="account:1", now=at(28, month=5))
    assert (kept, officer.active) == (Kept(new=0, known=1), False)


@pytest.mark.usefixtures("world")
async def test_certificate_of_nobody_is_refused(session: AsyncSession) -> None:
    with pytest.raises(InvalidInput) as refused:
        await keep_roster(session, Roster((), (PAPER,)), by="account:1", now=at(3))
    assert [problem.field for problem in refused.value.problems] == ["certificates:2"]
