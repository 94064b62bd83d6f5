"""Steps of a case, taken through the pages as the people would."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

import httpx
import sqlalchemy as sa
from sqlmodel import col

from demo.dossiers.dossier import Application, File
from inspection.models import Booking, Case, Matter, Officer, Party, Visit
from inspection.states import BookingState
from tests.api.web.conftest import City
from tests.inspection import world

APPLICATION = {
    "code": "2601-990101-47-01-000001",
    "project": "滨江实验小学新建工程",
    "owner_name": "临澜建设有限公司",
    "owner_credit_code": "91990100MA0000000X",
    "district": "东澜区",
    "address": "滨江大道 118 号",
    "lon": "120.5",
    "lat": "31.3",
    "segment": "一期",
    "floor_area": "9,000.5",
    "use": "industry",
    "risk": "middle",
    "facts": ["archives"],
}


async def apply(city: City, application: Application | None = None, **changes: object) -> str:
    """A draft, by default for the project of `APPLICATION`."""
    stated = stated_in(application) if application else {}
    await city.log_in(city.world.owner)
    answer = await city.post("/cases/new", APPLICATION | stated | changes)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).removeprefix("/cases/").partition("?")[0]


def stated_in(application: Application) -> dict[str, object]:
    return {
        "code": application.code,
        "project": application.name,
        "owner_name": application.construction_unit,
        "address": application.address,
        "floor_area": str(application.floor_area),
    }


async def send(city: City, code: str, files: Sequence[File]) -> httpx.Response:
    await city.log_in(city.world.owner)
    sent = [("files", (file.name, file.data, "application/pdf")) for file in files]
    return await city.post(f"/cases/{code}/documents", files=sent)


async def upload(city: City, code: str, files: Sequence[File]) -> None:
    """Papers are sent, and the intake reads them."""
    assert (await send(city, code, files)).status_code == 303
    await city.run_jobs()


async def done(city: City, path: str, data: Mapping[str, object] | None = None) -> None:
    answer = await city.post(path, data)
    assert answer.status_code == 303, re.sub(r"<[^>]+>", "", answer.text)[-3000:]


async def accept(city: City, code: str) -> None:
    """Received, and accepted with a promise for every paper that is still to come."""
    await city.log_in(city.world.owner)
    await done(city, f"/cases/{code}/submit")
    await city.log_in(city.world.window)
    await done(city, f"/inspections/{code}/receive")
    page = (await city.get(f"/inspections/{code}")).text
    gaps = re.findall(r'name="gap" value="([^"]+)"', page)
    promises = {f"promise-{gap}": "竣工后补交" for gap in gaps}
    days = {f"due-{gap}": (city.now + timedelta(days=20)).date().isoformat() for gap in gaps}
    await done(city, f"/inspections/{code}/accept", {"gap": gaps, **promises, **days})


async def accepted(city: City, number: int = 1) -> str:
    """A case that the window has accepted; a number makes another project of the same owner."""
    async with city.database.transaction() as session:
        return (await world.accepted(session, city.world, city.now, number)).code


async def slotting(city: City, number: int = 1) -> str:
    """A case whose departments have all reviewed its papers."""
    async with city.database.transaction() as session:
        return (await world.slotting(session, city.world, city.now, number)).code


async def matters(city: City, code: str) -> list[tuple[str, str]]:
    """Matter and department of every party."""
    async with city.database.transaction() as session:
        rows = await session.execute(
            sa.select(col(Matter.code), col(Party.department_code))
            .join(Party, col(Party.matter_id) == col(Matter.id))
            .join(Case, col(Case.id) == col(Party.case_id))
            .where(col(Case.code) == code)
            .order_by(col(Matter.position))
        )
        return list(rows)


def by_rule(page: str) -> list[str]:
    return re.findall(r'name="by-rule" value="([^"]+)"', page)


async def fan_out(city: City, code: str) -> None:
    await city.log_in(city.world.dispatcher)
    page = await city.get(f"/inspections/{code}")
    drawn = by_rule(page.text)
    await done(city, f"/inspections/{code}/fan-out", {"by-rule": drawn, "matter": drawn})


async def review(city: City, code: str) -> None:
    for matter, department in await matters(city, code):
        await city.log_in(city.world.liaisons[department])
        await done(city, f"/inspections/{code}/{matter}/review", {"result": "review_ok"})


async def offered(city: City, code: str) -> list[str]:
    """Ids of the slots that the lead is offered."""
    await city.log_in(city.world.dispatcher)
    await done(city, f"/inspections/{code}/slots")
    await city.run_jobs()
    page = await city.get(f"/inspections/{code}")
    return re.findall(r'name="slot" value="(\d+)"', page.text)


async def book(city: City, code: str) -> None:
    first, *_ = await offered(city, code)
    await done(city, f"/inspections/{code}/confirm", {"slot": first})
    for matter, department in await matters(city, code):
        await city.log_in(city.world.liaisons[department])
        page = await city.get(f"/inspections/{code}")
        if f"/{matter}/reply" in page.text:
            await done(city, f"/inspections/{code}/{matter}/reply")


async def teams(city: City, code: str) -> list[tuple[str, list[int]]]:
    """The accounts booked for each matter."""
    async with city.database.transaction() as session:
        rows = await session.execute(
            sa.select(col(Matter.code), col(Officer.account_id))
            .join(Party, col(Party.matter_id) == col(Matter.id))
            .join(Booking, col(Booking.party_id) == col(Party.id))
            .join(Officer, col(Officer.id) == col(Booking.officer_id))
            .join(Visit, col(Visit.id) == col(Booking.visit_id))
            .join(Case, col(Case.id) == col(Visit.case_id))
            .where(col(Case.code) == code, col(Booking.state) == BookingState.BOOKED)
            .order_by(col(Booking.id))
        )
        found: dict[str, list[int]] = {}
        for matter, account in rows:
            found.setdefault(matter, []).append(account or 0)
        return list(found.items())


async def go_to_visit(city: City, code: str) -> None:
    """The hour of the visit: everybody checks in, the lead opens."""
    async with city.database.transaction() as session:
        starts = await session.scalar(
            sa.select(col(Visit.starts_at))
            .join(Case, col(Case.id) == col(Visit.case_id))
            .where(col(Case.code) == code)
        )
    assert starts is not None
    city.now = starts + timedelta(minutes=1)
    for matter, accounts in await teams(city, code):
        for account in accounts:
            await city.log_in(account)
            await done(city, f"/tasks/{code}/{matter}/check-in", {"lon": "120.5", "lat": "31.3"})
    await city.log_in(city.world.dispatcher)
    await done(city, f"/inspections/{code}/open")


async def agree(city: City, code: str, matter: str, accounts: list[int]) -> None:
    first, second, *_ = accounts
    await city.log_in(first)
    await done(city, f"/tasks/{code}/{matter}/opinion", {"verdict": "agree", "text": "符合要求"})
    await city.log_in(second)
    await done(city, f"/tasks/{code}/{matter}/sign")


async def conclude(city: City, code: str) -> None:
    """Everybody agrees; those without a part on site do so at their desks."""
    booked = dict(await teams(city, code))
    for matter, department in await matters(city, code):
        desk = [officer.account_id or 0 for officer in city.world.officers[department]]
        await agree(city, code, matter, booked.get(matter, desk))
    await city.log_in(city.world.dispatcher)
    await done(city, f"/inspections/{code}/close", {"minutes": "会议一致同意"})
    await done(city, f"/inspections/{code}/deliberate")


async def issue(city: City, code: str) -> None:
    await city.log_in(city.world.issuer)
    await done(city, f"/inspections/{code}/issue")
    await city.run_jobs()
