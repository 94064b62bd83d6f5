"""A small city behind the pages: people with their roles, who log in, fill in forms and read answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pytest
from litestar import Litestar

from api.auth import sessions
from api.handlers import HANDLERS
from core import clock, outbox
from core.access import Role
from core.db import Database
from core.people import Account, AccountRole
from tests.inspection.world import World, at, build_world

#: A Tuesday morning; the pages' clock stands still at it unless a test moves it.
MORNING = at(3, 9)


@dataclass
class City:
    """The city's people at one browser."""

    client: httpx.AsyncClient
    database: Database
    app: Litestar
    world: World
    now: datetime = MORNING

    async def log_in(self, account: int) -> None:
        async with self.database.transaction() as session:
            person = await session.get_one(Account, account)
            token = await sessions.open_session(session, person, now=self.now)
        self.client.cookies.set(sessions.COOKIE, token)

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path, follow_redirects=False)

    async def post(self, path: str, data: Mapping[str, Any] | None = None, **files: Any) -> httpx.Response:
        """A form as a browser sends it, with the page's token."""
        if "csrf" not in self.client.cookies:
            await self.client.get("/verify")
        fields = {"_csrf_token": self.client.cookies["csrf"], **(data or {})}
        return await self.client.post(path, data=fields, follow_redirects=False, **files)

    async def run_jobs(self) -> None:
        """What the worker does about everything that is due."""
        resources = self.app.state.resources
        while True:
            async with self.database.transaction() as session:
                due = await outbox.claim_due(session, now=self.now)
            if not due:
                return
            for event in due:
                await outbox.consume(self.database, resources, HANDLERS, event, now=lambda: self.now)


@pytest.fixture
async def city(
    app: Litestar, client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> City:
    async with database.transaction() as session:
        world = await build_world(session, MORNING)
        session.add_all(roles_of(world))
    city = City(client, database, app, world)
    monkeypatch.setattr(clock, "now", lambda: city.now)
    return city


def roles_of(world: World) -> list[AccountRole]:
    roles = [
        (world.owner, Role.OWNER),
        (world.window, Role.WINDOW),
        (world.dispatcher, Role.DISPATCHER),
        (world.issuer, Role.ISSUER),
        (world.supervisor, Role.SUPERVISOR),
        *((account, Role.LIAISON) for account in world.liaisons.values()),
        *((officer.account_id or 0, Role.OFFICER) for team in world.officers.values() for officer in team),
    ]
    return [AccountRole(account_id=account, role=role) for account, role in roles]
