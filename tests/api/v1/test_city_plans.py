"""The whole city planned through the interface: asked for, read case by case, released for a dispatcher."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import col

from api.auth.sessions import issue_key
from api.schedules import commands
from api.schedules.city import stored
from core.access import Action
from core.ledger import LedgerEntry
from inspection.city_plan import offers
from inspection.commands.bookings import standing_visit
from inspection.models import Case
from tests.api.web.conftest import City, city
from tests.inspection.world import slotting

__all__ = ["city"]
READ, SOLVE, BOOK = Action.SCHEDULE_READ, Action.SCHEDULE_SOLVE, Action.SCHEDULE_BOOK
SCOPES = {"planner": [SOLVE, READ, BOOK], "solver": [SOLVE, READ], "reader": [READ]}
Call = Callable[..., Coroutine[Any, Any, httpx.Response]]


@pytest.fixture
async def call(city: City) -> Call:
    keys = {}
    async with city.database.transaction() as session:
        for name, scopes in SCOPES.items():
            row, keys[name] = issue_key(label=name, scopes=scopes, now=city.now)
            session.add(row)

    async def call(
        method: str, path: str, body: Any = None, *, key: str = "planner", **headers: str
    ) -> httpx.Response:
        sent = {"Authorization": f"Bearer {keys[key]}", **headers}
        return await city.client.request(method, f"/api/v1/schedules{path}", json=body, headers=sent)

    return call


async def waiting(city: City) -> Case:
    async with city.database.transaction() as session:
        return await slotting(session, city.world, city.now)


async def test_city_is_planned_read_case_by_case_and_released(city: City, call: Call) -> None:
    case = await waiting(city)
    asked = await call("POST", "/city", {"seconds": 0.3}, **{"Idempotency-Key": "tuesday"})
    assert (asked.status_code, asked.json()["series"], asked.json()["state"]) == (202, "city", "queued")
    code = asked.json()["id"]
    assert (await call("GET", f"/{code}/cases")).json()["code"] == "wrong_schedule_state"
    await city.run_jobs()
    async with city.database.transaction() as session:
        problem, plan = stored(await commands.find(session, code))

    (line,) = (await call("GET", f"/{code}/cases")).json()["items"]
    (seats,) = offers(problem, plan).values()
    numbers = {str(each.id): each.number for crew in city.world.officers.values() for each in crew}
    assert [team["officers"] for team in line["teams"]] == [
        [numbers[str(officer)] for officer in seat["officer_ids"]] for seat in seats
    ]
    assert (line["code"], line["booked"], line["refused"], line["late"]) == (case.code, False, "", False)
    assert line["sittings"] == [
        {
            "startsAt": min(team["startsAt"] for team in line["teams"]),
            "endsAt": max(team["endsAt"] for team in line["teams"]),
        }
    ]

    released = await call("POST", f"/{code}/release", {"dispatcher": "dispatcher"})
    assert (released.status_code, released.json()["state"]) == (200, "released")
    await city.run_jobs()
    (line,) = (await call("GET", f"/{code}/cases")).json()["items"]
    assert (line["booked"], line["refused"]) == (True, "")
    async with city.database.transaction() as session:
        visit = await standing_visit(session, await session.get_one(Case, case.id))
        (entry,) = await session.scalars(
            sa.select(LedgerEntry).where(col(LedgerEntry.action) == "schedule.release")
        )
    assert visit is not None
    assert visit.confirmed_by == city.world.dispatcher
    assert entry.actor.startswith("key:")
    assert json.loads(entry.body)["data"] == {
        "series": "city",
        "version": 1,
        "dispatcher": city.world.dispatcher,
    }


async def test_release_of_the_city_needs_its_scope_and_a_dispatcher(city: City, call: Call) -> None:
    await waiting(city)
    code = (await call("POST", "/city", {})).json()["id"]
    refused = await call("POST", f"/{code}/release", {"dispatcher": "dispatcher"}, key="solver")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    for body in (None, {"dispatcher": "owner"}):
        refused = await call("POST", f"/{code}/release", body, **{"Accept-Language": "en"})
        assert refused.status_code == 422
        assert refused.json()["problems"] == [
            {"field": "dispatcher", "message": "Give the login of a dispatcher."}
        ]
    early = await call("POST", f"/{code}/release", {"dispatcher": "dispatcher"})
    assert (early.status_code, early.json()["code"]) == (409, "wrong_schedule_state")


async def test_city_plan_is_refused_where_nobody_waits(call: Call) -> None:
    told = [
        (await call("POST", "/city", {}, **{"Accept-Language": language})).json()
        for language in ("zh-CN", "en")
    ]
    assert [each["code"] for each in told] == ["nobody_waits"] * 2
    assert [each["title"] for each in told] == [
        "现在没有等待约定时段的件。",
        "No case is waiting for a slot just now.",
    ]


async def test_city_plan_asked_for_again_with_its_key_is_the_same(city: City, call: Call) -> None:
    await waiting(city)
    key = {"Idempotency-Key": "tuesday"}
    first = await call("POST", "/city", {"seconds": 3}, **key)
    assert (await call("POST", "/city", {"seconds": 3}, **key)).json()["id"] == first.json()["id"]
    other = await call("POST", "/city", {"seconds": 4}, **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert (await call("POST", "/city", {"seconds": 3})).json()["version"] == 2


async def test_city_is_planned_by_keys_that_may(call: Call) -> None:
    assert (await call("POST", "/city", {}, key="reader")).status_code == 403
    assert (await call("GET", "/0/cases", key="reader")).status_code == 404
