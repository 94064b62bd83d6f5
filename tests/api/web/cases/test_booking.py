import asyncio
import re

import httpx
import sqlalchemy as sa
from sqlmodel import col

from inspection.models import Booking, Case, Visit
from inspection.states import BookingState
from tests.api.web import walk
from tests.api.web.conftest import City


async def test_leaving_a_party_out_needs_a_reason(city: City) -> None:
    code = await walk.accepted(city)
    await city.log_in(city.world.dispatcher)
    drawn = walk.by_rule((await city.get(f"/inspections/{code}")).text)
    kept = [matter for matter in drawn if matter != "archives"]
    form = {"by-rule": drawn, "matter": [*kept, "gas"], "reason-gas": "有燃气接入"}
    answer = await city.post(f"/inspections/{code}/fan-out", form)
    assert answer.status_code == 422
    assert "有燃气接入" in answer.text
    await walk.done(city, f"/inspections/{code}/fan-out", form | {"reason-archives": "另行移交"})
    parties = [matter for matter, _ in await walk.matters(city, code)]
    assert "gas" in parties
    assert "archives" not in parties


async def test_lead_is_offered_ranked_slots_with_reasons_and_officers(city: City) -> None:
    code = await walk.slotting(city)
    offered = await walk.offered(city, code)
    page = (await city.get(f"/inspections/{code}")).text
    assert len(offered) >= 3
    assert "第 1 方案" in page
    assert "A岗承担" in page
    assert "官fire0" in page


async def test_page_waits_for_the_answer(city: City) -> None:
    code = await walk.slotting(city)
    await city.log_in(city.world.dispatcher)
    await walk.done(city, f"/inspections/{code}/slots")
    waiting = await city.get(f"/inspections/{code}/slots")
    assert 'hx-trigger="every 1s"' in waiting.text
    await city.run_jobs()
    answered = await city.get(f"/inspections/{code}/slots")
    assert 'name="slot"' in answered.text
    assert "hx-trigger" not in answered.text


async def test_lost_race_is_told_and_nothing_is_booked_twice(city: City) -> None:
    """Two leads confirm the same officers at the same time for two cases."""
    first, second = await walk.slotting(city, 1), await walk.slotting(city, 2)
    chosen = [(code, (await walk.offered(city, code))[0]) for code in (first, second)]

    async def confirm(code: str, slot: str) -> httpx.Response:
        return await city.post(f"/inspections/{code}/confirm", {"slot": slot})

    answers = await asyncio.gather(*(confirm(code, slot) for code, slot in chosen))
    told = [answer.headers["location"].rpartition("=")[2] for answer in answers]
    assert sorted(told) == ["confirm", "taken"]
    lost = await city.get(answers[told.index("taken")].headers["location"])
    assert "刚刚被占用" in lost.text
    assert "正在为各部门查找共同时段" in lost.text
    loser = chosen[told.index("taken")][0]
    async with city.database.transaction() as session:
        booked = await session.scalar(
            sa.select(sa.func.count())
            .select_from(Booking)
            .join(Visit, col(Visit.id) == col(Booking.visit_id))
            .join(Case, col(Case.id) == col(Visit.case_id))
            .where(col(Case.code) == loser, col(Booking.state) == BookingState.BOOKED)
        )
    assert booked == 0
    fresh = await walk.offered(city, loser)
    await walk.done(city, f"/inspections/{loser}/confirm", {"slot": fresh[0]})


async def test_no_slot_is_explained_with_ways_out(city: City) -> None:
    from inspection.models import Officer

    code = await walk.slotting(city)
    async with city.database.transaction() as session:
        await session.execute(
            sa.update(Officer).where(col(Officer.department_code) == "fire").values(active=False)
        )
    assert await walk.offered(city, code) == []
    page = (await city.get(f"/inspections/{code}")).text
    assert "没有找到可行的联合时段" in page
    assert "消防" in re.sub(r"<[^>]+>", "", page.partition("没有找到可行的联合时段")[2])[:200]


async def test_departments_officers_are_unknown_to_the_applicant(city: City) -> None:
    code = await walk.slotting(city)
    await walk.book(city, code)
    await city.log_in(city.world.owner)
    page = (await city.get(f"/cases/{code}")).text
    assert "官fire" not in page
    assert "已确认" in page


async def test_declining_department_keeps_its_reason_from_owner_and_other_departments(city: City) -> None:
    code = await walk.slotting(city)
    slots = await walk.offered(city, code)
    await walk.done(city, f"/inspections/{code}/confirm", {"slot": slots[0]})
    await city.log_in(city.world.liaisons["fire"])
    await walk.done(
        city, f"/inspections/{code}/fire_acceptance/decline", {"decline_reason": "官某住院不便外传"}
    )
    for reader, path in (
        (city.world.owner, f"/cases/{code}"),
        (city.world.liaisons["planning"], f"/inspections/{code}"),
    ):
        await city.log_in(reader)
        assert "官某住院不便外传" not in (await city.get(path)).text
    await city.log_in(city.world.dispatcher)
    assert "官某住院不便外传" in (await city.get(f"/inspections/{code}")).text


async def test_department_that_takes_no_part_finds_no_such_case(city: City) -> None:
    code = await walk.slotting(city)
    await city.log_in(city.world.liaisons["gas"])
    assert (await city.get(f"/inspections/{code}")).status_code == 404
    assert code not in (await city.get("/inspections/inbox")).text
    answer = await city.post(f"/inspections/{code}/fire_acceptance/review", {"result": "review_ok"})
    assert answer.status_code == 404


async def test_department_answers_for_itself_only(city: City) -> None:
    code = await walk.accepted(city)
    await walk.fan_out(city, code)
    await city.log_in(city.world.liaisons["planning"])
    answer = await city.post(f"/inspections/{code}/fire_acceptance/review", {"result": "review_ok"})
    assert answer.status_code == 404
    silent = await city.post(f"/inspections/{code}/planning_verification/review")
    assert silent.status_code == 422
