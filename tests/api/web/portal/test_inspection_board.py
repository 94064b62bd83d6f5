"""The public inspection board and a project's trail: figures of departments, nobody's name."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from core import clock
from core.db import Database
from inspection.commands import parties
from tendering.commands import publish_notices
from tests.api.conftest import make_app
from tests.conftest import Clones, settings_for
from tests.inspection import world as inspection
from tests.inspection.world import at
from tests.tendering.factories import chain

PROJECT = "2601-990101-47-01-000001"


@pytest.fixture(scope="module")
async def visitor(clones: Clones) -> AsyncIterator[httpx.AsyncClient]:
    """Of a city with one inspection issued in time, one whose departments are late, and a draft."""
    name = clones.make()
    database, app = Database(settings_for(name)), make_app(settings_for(name))
    async with database.transaction() as session:
        world = await inspection.build_world(session, at(3), officers=3)
        await inspection.issued(session, world, at(3))
        waiting = await inspection.accepted(session, world, at(3), 2)
        await parties.fan_out(session, waiting, by=world.dispatcher, now=at(3))
        await inspection.draft(session, world, at(3), 3)
        notices = [msgspec.structs.replace(item, project_code=PROJECT) for item in chain()]
        await publish_notices(session, notices, now=at(3), by="system")
    await database.close()
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]  # narrower scope types
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: at(27))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield client
    await app.state.resources.close()
    clones.drop(name)


async def test_board_counts_deadlines_by_department(visitor: httpx.AsyncClient) -> None:
    board = (await visitor.get("/api/v1/inspections/board")).json()
    page = (await visitor.get("/board")).text

    assert board["cases"] == {"running": 1, "overdue": 1, "done": 1, "on_time": 1}
    assert {line["figures"]["overdue"] for line in board["departments"]} == {1}
    assert all(line["figures"]["done"] == line["figures"]["on_time"] > 0 for line in board["departments"])
    assert all(line["department"] in page for line in board["departments"])


async def test_project_leads_from_tender_to_inspection(visitor: httpx.AsyncClient) -> None:
    trail = (await visitor.get(f"/api/v1/projects/{PROJECT}")).json()
    page = (await visitor.get(f"/projects/{PROJECT}")).text

    assert [notice["kind"] for notice in trail["notices"]] == ["tender", "opening", "candidates", "result"]
    assert [(case["code"], case["state"]) for case in trail["inspections"]] == [("LH202600001", "issued")]
    assert [f'href="/notices/{notice["id"]}"' in page for notice in trail["notices"]] == [True] * 4
    assert 'href="/progress/LH202600001"' in page


async def test_project_of_a_draft_is_nobodys_business(visitor: httpx.AsyncClient) -> None:
    for place in ("/api/v1/projects", "/projects"):
        assert (await visitor.get(f"{place}/2601-990101-47-01-000003")).status_code == 404
