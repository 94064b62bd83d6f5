import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from sqlmodel import col

from api.auth.sessions import issue_key
from api.handlers import HANDLERS
from api.resources import Resources
from api.schedules import solving
from api.schedules.models import Schedule, ScheduleState
from core import clock, outbox
from core.access import Action
from core.db import Database
from core.outbox import OutboxEvent
from core.settings import Settings
from scheduling.checker import check
from scheduling.codec import decode_plan, encode
from scheduling.plan import Placement
from scheduling.problem import Post
from tests.conftest import NOW
from tests.scheduling.towns import MONDAY, booking, officer, problem, town, visit

CREW = (officer("张", "消防"), officer("李", "消防"), officer("王", "消防", post=Post.SUBSTITUTE))
WEEK = problem((visit("甲", "消防", received=MONDAY, promised=3), visit("乙", "消防")), CREW)
Call = Callable[..., Coroutine[Any, Any, httpx.Response]]


@pytest.fixture
async def call(client: httpx.AsyncClient, database: Database) -> Call:
    row, key = issue_key(label="planner", scopes=[Action.SCHEDULE_SOLVE, Action.SCHEDULE_READ], now=NOW)
    async with database.transaction() as session:
        session.add(row)

    async def call(method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await client.request(
            method,
            f"/api/v1/schedules{path}",
            content=None if body is None else json.dumps(body),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers},
        )

    return call


async def work(settings: Settings, database: Database) -> None:
    """What the worker does with the outbox, until there is nothing left to do."""
    resources = Resources.open(settings)
    while True:
        async with database.transaction() as session:
            due = await outbox.claim_due(session, now=clock.now())
        if not due:
            break
        for event in due:
            await outbox.consume(database, resources, HANDLERS, event, now=clock.now)
    await resources.close()


def asked(**values: Any) -> dict[str, Any]:
    return {"problem": json.loads(encode(WEEK)), "seconds": 0.5, **values}


async def solved(call: Call, settings: Settings, database: Database) -> dict[str, Any]:
    posted = await call("POST", "", asked())
    assert posted.status_code == 202
    await work(settings, database)
    answer: dict[str, Any] = (await call("GET", f"/{posted.json()['id']}")).json()
    return answer


async def test_schedule_is_solved_in_the_background_and_kept(
    call: Call, settings: Settings, database: Database
) -> None:
    draft = await solved(call, settings, database)
    assert (draft["state"], draft["version"]) == ("draft", 1)
    kept = decode_plan(json.dumps(draft["result"]["plan"]))
    assert check(WEEK, kept).violations == ()
    assert draft["result"]["unserved"] == []


async def test_schedule_progress_comes_as_events_until_it_is_final(
    call: Call, settings: Settings, database: Database
) -> None:
    posted = (await call("POST", "", asked())).json()
    reading = asyncio.create_task(call("GET", f"/{posted['id']}/events"))
    await work(settings, database)
    text = (await asyncio.wait_for(reading, 60)).text
    events = [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]
    assert events[-1] == "draft"


async def eventually(ask: Callable[[], Awaitable[Any]]) -> Any:
    """The first answer that says something; a first solve may have to compile its kernels."""
    for _ in range(1000):
        if answer := await ask():
            return answer
        await asyncio.sleep(0.1)
    pytest.fail("no answer")


async def test_cancelled_schedule_keeps_its_best_plan(
    call: Call, settings: Settings, database: Database
) -> None:
    posted = (await call("POST", "", asked(seconds=60))).json()
    working = asyncio.create_task(work(settings, database))

    async def progress() -> Any:
        return (await call("GET", f"/{posted['id']}")).json()["progress"]

    await eventually(progress)
    assert (await call("POST", f"/{posted['id']}/cancel")).json()["state"] == "cancelling"
    await asyncio.wait_for(working, 60)
    stopped = (await call("GET", f"/{posted['id']}")).json()
    assert stopped["state"] == "draft"
    assert stopped["result"]["cancelled"] is True
    assert stopped["result"]["unserved"] == []


async def test_schedule_that_takes_too_much_memory_fails_with_the_reason(
    call: Call, settings: Settings, database: Database
) -> None:
    posted = (await call("POST", "", asked())).json()
    await work(settings.model_copy(update={"solve_memory": 1}), database)
    failed = (await call("GET", f"/{posted['id']}")).json()
    assert (failed["state"], failed["progress"]["failure"]) == ("failed", "out_of_memory")


async def test_rolled_schedule_keeps_the_frozen_days_and_plans_the_window_only(
    call: Call, settings: Settings, database: Database
) -> None:
    stands = Placement(visit="甲", starts=(9 * 1440 + 840,), teams=(("李", "王"),))
    later = MONDAY + timedelta(days=21)
    visits = (visit("甲", "消防"), visit("乙", "消防"), visit("丙", "消防", earliest=later))
    month = problem(visits, CREW, days=28, bookings=(booking(stands),))
    roll = {"today": 7, "days": 10, "frozen": 5}
    posted = await call("POST", "", {"problem": json.loads(encode(month)), "seconds": 0.3, "roll": roll})
    await work(settings, database)
    result = (await call("GET", f"/{posted.json()['id']}")).json()["result"]
    plan = decode_plan(json.dumps(result["plan"]))
    assert plan.by_visit.keys() == {"甲", "乙"}
    assert plan.by_visit["甲"] == stands
    assert 7 <= plan.by_visit["乙"].start // 1440 < 17
    assert check(month, plan).violations == ()
    assert result["unserved"] == []


async def test_roll_to_a_day_after_the_horizon_is_refused(call: Call) -> None:
    refusal = await call("POST", "", asked(roll={"today": WEEK.days}))
    assert refusal.status_code == 422
    assert refusal.json()["problems"] == [{"field": "roll.today", "message": "该日不在排期范围内。"}]


async def test_large_schedule_survives_the_death_of_one_of_two_workers(
    call: Call, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = town(4, visits=12, days=6)
    sites = (msgspec.structs.replace(site, district=f"{at % 2}区") for at, site in enumerate(plain.sites))
    large = msgspec.structs.replace(plain, sites=tuple(sites))
    wanted = {"problem": json.loads(encode(large)), "seconds": 1, "parts": 2, "split": "districts"}
    posted = (await call("POST", "", wanted)).json()
    resources = Resources.open(settings)

    async def run(event: int) -> None:
        await outbox.consume(database, resources, HANDLERS, event, now=clock.now)

    async def due() -> list[int]:
        async with database.transaction() as session:
            return await outbox.claim_due(session, now=clock.now())

    (divide,) = await due()
    await run(divide)
    first, second = await due()

    async def held() -> bool:
        """Whether the first part's worker has begun to say that it lives; before, the relay's longer lease holds."""
        async with database.transaction() as session:
            query = sa.select(col(OutboxEvent.due)).where(col(OutboxEvent.id) == first)
            return (await session.execute(query)).scalar_one() <= clock.now() + solving.SILENCE

    monkeypatch.setattr(solving, "SILENCE", timedelta(seconds=2))
    dying = asyncio.create_task(run(first))
    await eventually(held)
    dying.cancel()
    monkeypatch.undo()
    assert await due() == []
    await run(second)
    assert await eventually(due) == [first]
    await run(first)
    (join,) = await due()
    await run(join)
    await resources.close()
    row = (await call("GET", f"/{posted['id']}")).json()
    assert row["state"] == "draft"
    assert check(large, decode_plan(json.dumps(row["result"]["plan"]))).violations == ()
    assert row["result"]["unserved"] == []


async def test_repair_makes_a_new_version_and_release_supersedes(
    call: Call, settings: Settings, database: Database
) -> None:
    first = await solved(call, settings, database)
    assert (await call("POST", f"/{first['id']}/release")).json()["state"] == "released"
    day = WEEK.half_day_of(first["result"]["plan"]["placements"][0]["starts"][0]).day.isoformat()
    sick = {"type": "officer_out", "officer": "张", "first": day, "last": day}
    repaired = await call(
        "POST", f"/{first['id']}/repair", {"disturbances": [sick]}, **{"Accept-Language": "en"}
    )
    assert repaired.status_code == 201
    second = repaired.json()
    assert (second["series"], second["version"], second["state"]) == (first["series"], 2, "draft")
    assert {reason["text"] for each in second["result"]["changes"] for reason in each["reasons"]} == {
        "张 cannot come"
    }
    await call("POST", f"/{second['id']}/release")
    assert (await call("GET", f"/{first['id']}")).json()["state"] == "superseded"
    assert (await call("POST", f"/{first['id']}/release")).status_code == 409


async def test_explain_offers_slots_with_reasons(call: Call, settings: Settings, database: Database) -> None:
    draft = await solved(call, settings, database)
    answer = (await call("POST", f"/{draft['id']}/explain", {"visit": "乙"})).json()
    assert answer["type"] == "slots"
    assert answer["slots"][0]["reasons"][0]["text"] == "1 个部门均有空，全部由A岗承担"
    assert (await call("POST", f"/{draft['id']}/explain", {"visit": "无"})).status_code == 404


async def test_wrong_problems_are_refused_with_their_contradiction(call: Call) -> None:
    refusal = await call("POST", "", {"problem": json.loads(encode(WEEK)) | {"days": 0}})
    assert refusal.status_code == 422
    assert refusal.json()["problems"] == [{"field": "problem", "message": "排期至少要有一天"}]
    refusal = await call("POST", "", asked(seconds=1000))
    assert refusal.json()["problems"][0]["field"] == "seconds"


async def test_missing_field_of_a_problem_is_named(call: Call) -> None:
    refusal = await call("POST", "", {"problem": {"days": 3}})
    assert refusal.json()["problems"] == [{"field": "problem.first_day", "message": "请填写此项。"}]
    refusal = await call("POST", "", {"problem": {"first_day": "soon"}})
    assert refusal.json()["problems"] == [{"field": "problem.first_day", "message": "该项填写有误。"}]


async def test_unsolved_schedules_cannot_be_explained_or_released(call: Call) -> None:
    queued = (await call("POST", "", asked())).json()
    assert (await call("POST", f"/{queued['id']}/explain", {"visit": "甲"})).status_code == 409
    assert (await call("POST", f"/{queued['id']}/release")).status_code == 409


async def test_schedules_need_a_key_with_the_scope(client: httpx.AsyncClient, database: Database) -> None:
    row, key = issue_key(label="reader", scopes=[Action.SCHEDULE_READ], now=NOW)
    async with database.transaction() as session:
        session.add(row)
        session.add(
            Schedule(
                code="c0de",
                series="s",
                version=1,
                state=ScheduleState.QUEUED,
                problem={},
                options={},
                requested_by="key:1",
                created_at=NOW,
            )
        )
    assert (await client.get("/api/v1/schedules/c0de")).status_code == 401
    reader = {"Authorization": f"Bearer {key}"}
    assert (await client.get("/api/v1/schedules/c0de", headers=reader)).status_code == 200
    assert (await client.post("/api/v1/schedules/c0de/cancel", headers=reader)).status_code == 403
