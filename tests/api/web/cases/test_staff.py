"""人员与请假, as the liaison and the lead see it."""

import re
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from core.clock import local_date
from inspection.models import Leave, Officer, Visit
from tests.api.web import walk
from tests.api.web.conftest import City


async def first_of_fire(city: City, code: str) -> tuple[Officer, date]:
    """A fire officer who is booked for the case, and the day."""
    account = dict(await walk.teams(city, code))["fire_acceptance"][0]
    async with city.database.transaction() as session:
        officer = await session.scalar(sa.select(Officer).where(col(Officer.account_id) == account))
        starts = await session.scalar(sa.select(col(Visit.starts_at)))
    assert officer is not None
    assert starts is not None
    return officer, local_date(starts)


async def record(city: City, officer: Officer, day: date, **changes: Any) -> str:
    """The page that the answer leads to."""
    form = {
        "officer": officer.number,
        "first_day": day.isoformat(),
        "last_day": day.isoformat(),
        "reason": "病假某某",
    }
    answer = await city.post("/inspections/staff/leave", form | changes)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("#")[0]


async def test_one_afternoon_is_not_every_afternoon(city: City) -> None:
    await city.log_in(city.world.liaisons["fire"])
    officer, day = city.world.officers["fire"][0], date(2026, 4, 16)
    place = await record(city, officer, day, half="afternoon")
    assert "4月16日周四 下午" in (await city.get(place)).text
    place = await record(city, officer, day + timedelta(days=4), last_day="2026-04-21", half="afternoon")
    assert "4月20日周一 – 4月21日周二 每日下午" in (await city.get(place)).text


async def test_liaison_records_an_absence_and_sees_who_takes_over(city: City) -> None:
    code = await walk.slotting(city)
    await walk.book(city, code)
    officer, day = await first_of_fire(city, code)
    await city.log_in(city.world.liaisons["fire"])
    place = await record(city, officer, day)
    waiting = (await city.get(place)).text
    assert "正在另找人员" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    await city.run_jobs()
    found = (await city.get(place)).text
    assert "由官fire2接替，时间不变" in found
    assert "病假某某" in found
    await city.log_in(city.world.dispatcher)
    board = (await city.get("/inspections/board")).text
    assert "缺人" not in board
    assert "病假某某" not in (await city.get(place)).text
    await city.log_in(officer.account_id or 0)
    assert "已登记的请假" in (await city.get("/tasks/week")).text


async def test_lead_is_offered_old_and_new_and_moves_the_visit(city: City) -> None:
    code = await walk.slotting(city)
    await walk.book(city, code)
    officer, day = await first_of_fire(city, code)
    async with city.database.transaction() as session:
        others = [
            each
            for each in city.world.officers["fire"]
            if each.account_id not in dict(await walk.teams(city, code))["fire_acceptance"]
        ]
        session.add_all(Leave(officer_id=each.id, first_day=day, last_day=day) for each in others)
    await city.log_in(city.world.liaisons["fire"])
    place = await record(city, officer, day)
    await city.run_jobs()
    assert "无人接替，已请牵头单位另选时间" in (await city.get(place)).text
    await city.log_in(city.world.dispatcher)
    assert f"缺人：{officer.name}" in (await city.get("/inspections/board")).text
    page = (await city.get(f"/inspections/{code}")).text
    assert "现在的安排" in page
    assert f"{officer.name}缺席" in page
    assert "改动最少" in page
    slots = re.findall(r'name="slot" value="(\d+)"', page)
    assert slots
    refused = await city.post(f"/inspections/{code}/replan", {"slot": slots[0], "replan_reason": ""})
    assert refused.status_code == 422
    await walk.done(city, f"/inspections/{code}/replan", {"slot": slots[0], "replan_reason": "人员不能到场"})
    assert "缺人" not in (await city.get("/inspections/board")).text
    assert "已另行安排" in (await city.get(place)).text


async def test_absence_is_refused_beside_the_form_and_withdrawn(city: City) -> None:
    officer, day = city.world.officers["fire"][0], date(2026, 3, 10)
    await city.log_in(city.world.liaisons["fire"])
    past = {"officer": officer.number, "first_day": "2026-03-02", "last_day": "2026-03-02"}
    refused = await city.post("/inspections/staff/leave", past)
    assert refused.status_code == 422
    assert "请假不能从过去的日期开始" in refused.text
    await record(city, officer, day)
    again = past | {"first_day": day.isoformat(), "last_day": day.isoformat()}
    assert (await city.post("/inspections/staff/leave", again)).status_code == 409
    page = (await city.get("/inspections/staff")).text
    (end,) = re.findall(r'action="(/inspections/staff/leave/\d+/end)"', page)
    await city.log_in(city.world.liaisons["water"])
    assert (await city.post(end)).status_code == 404
    assert (await city.post("/inspections/staff/leave", again)).status_code == 404
    await city.log_in(city.world.liaisons["fire"])
    await walk.done(city, end, {"back_on": day.isoformat()})
    assert "/end" not in (await city.get("/inspections/staff")).text
