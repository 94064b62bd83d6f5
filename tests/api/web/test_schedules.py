import json
from datetime import date

import msgspec
import sqlalchemy as sa
from sqlmodel import col

from api.schedules import commands
from api.schedules.models import Schedule, ScheduleState
from core.outbox import OutboxEvent
from inspection.commands.bookings import confirm_slot, standing_visit
from inspection.models import Case
from scheduling.codec import encode
from scheduling.disturbances import OfficerOut, disturbed
from scheduling.engine import Budget, solve
from scheduling.plan import Placement, Plan
from scheduling.problem import Problem
from scheduling.repair import repair
from tests.api.web.conftest import City
from tests.inspection.world import proposals, slotting
from tests.scheduling.towns import MONDAY, officer, problem, visit

CREW = (officer("张", "消防"), officer("李", "消防"), officer("王", "消防"))
WEEK = problem((visit("甲", "消防"),), CREW)
PLAN = Plan(placements=(Placement(visit="甲", starts=(570,), teams=(("张", "李"),)),))


async def two_versions(city: City) -> tuple[str, str]:
    """A released plan, and a draft in which somebody stands in for 张."""
    out = OfficerOut(officer="张", first=MONDAY, last=date(2026, 3, 9))
    async with city.database.transaction() as session:
        first = commands.request_solve(
            session, WEEK, seconds=1, seed=0, parts=None, by="account:1", now=city.now
        )
        first.state = ScheduleState.RELEASED
        first.result = {"plan": msgspec.to_builtins(PLAN)}
        await session.flush()
        done = repair(WEEK, (out,), plan=PLAN)
        after = disturbed(WEEK, PLAN, (out,))
        second = await commands.add_repair(session, first, after, done, by="account:1", now=city.now)
        return first.code, second.code


async def test_schedule_page_has_pictures_versions_and_both_sides_of_a_repair(city: City) -> None:
    released, repaired = await two_versions(city)
    await city.log_in(city.world.dispatcher)
    page = (await city.get(f"/schedules/{repaired}")).text
    assert page.count('role="img"') == 4
    assert "张缺席" in page
    assert f'href="/schedules/{released}"' in page
    assert "09:30" in page
    await city.post(f"/schedules/{repaired}/release")
    async with city.database.transaction() as session:
        states = [(await commands.find(session, code)).state for code in (released, repaired)]
    assert states == [ScheduleState.SUPERSEDED, ScheduleState.RELEASED]


async def test_schedules_are_made_from_an_uploaded_problem_or_refused(city: City) -> None:
    await city.log_in(city.world.dispatcher)
    sent = await city.post("/schedules", files={"problem": ("p.json", encode(WEEK), "application/json")})
    assert sent.status_code == 303
    waiting = (await city.get(sent.headers["location"])).text
    assert "等待求解。" in waiting
    wrong = json.dumps(json.loads(encode(WEEK)) | {"days": 0})
    refused = await city.post("/schedules", files={"problem": ("p.json", wrong, "application/json")})
    assert refused.status_code == 422
    listed = (await city.get("/schedules")).text
    assert listed.count("第 1 版") == 1


async def test_schedules_are_the_dispatchers(city: City) -> None:
    _, code = await two_versions(city)
    await city.log_in(city.world.owner)
    assert (await city.get(f"/schedules/{code}")).status_code == 403
    async with city.database.transaction() as session:
        assert isinstance(await commands.find(session, code), Schedule)


async def planned(city: City) -> tuple[str, Case]:
    """A case that waits, and a draft of the city's plan that has a place for it."""
    async with city.database.transaction() as session:
        case = await slotting(session, city.world, city.now)
    await city.log_in(city.world.dispatcher)
    assert ">1 件<" in (await city.get("/schedules")).text
    code = (await city.post("/schedules/city")).headers["location"].rpartition("/")[2]
    async with city.database.transaction() as session:
        await session.execute(sa.delete(OutboxEvent).where(col(OutboxEvent.topic) == commands.SOLVE))
        row = await commands.find(session, code)
        plan = solve(msgspec.convert(row.problem, Problem), budget=Budget(moves=200)).plan
        commands.begin(row)
        commands.finish(row, {"plan": msgspec.to_builtins(plan)}, now=city.now)
    return code, case


async def booked(city: City, case: Case) -> bool:
    async with city.database.transaction() as session:
        return await standing_visit(session, await session.get_one(Case, case.id)) is not None


async def test_city_plan_books_every_case_when_it_is_released(city: City) -> None:
    code, case = await planned(city)
    draft = (await city.get(f"/schedules/{code}")).text
    assert f'href="/inspections/{case.code}"' in draft
    assert not await booked(city, case)
    await city.post(f"/schedules/{code}/release")
    await city.run_jobs()
    assert await booked(city, case)
    assert "已约定" in (await city.get(f"/schedules/{code}")).text
    assert (await city.post("/schedules/city")).status_code == 409


async def test_case_that_was_booked_otherwise_meanwhile_stays_so(city: City) -> None:
    code, case = await planned(city)
    async with city.database.transaction() as session:
        mine = await session.get_one(Case, case.id)
        first, *_ = await proposals(session, city.world, mine, city.now)
        visit = await confirm_slot(session, mine, first.id, by=city.world.dispatcher, now=city.now)
    await city.post(f"/schedules/{code}/release")
    await city.run_jobs()
    page = (await city.get(f"/schedules/{code}")).text
    assert "未能约定" in page
    assert "该时段方案已失效，请重新查询。" in page
    async with city.database.transaction() as session:
        standing = await standing_visit(session, await session.get_one(Case, case.id))
    assert standing is not None
    assert standing.id == visit.id
