import copy
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import cache

import httpx
import pytest
from litestar import Litestar
from litestar.datastructures import State

from api.app import build, connect
from api.auth import sessions
from core.access import Role
from core.db import Database
from core.people import Account, AccountRole
from core.settings import Settings
from tests.conftest import NOW, Clones, settings_for
from tests.tendering.factories import publish_chain

#: What differs from test to test, and is met only by `connect`.
SERVERS = {"database_url", "database_pool", "redis_url", "data_dir", "public_cache", "api_rate"}


@cache
def _built(settings: str) -> Litestar:
    return build(Settings.model_validate_json(settings))


def make_app(settings: Settings) -> Litestar:
    """An application of a test's own; the routes, which take longest to put together, are those of all."""
    app = copy.copy(_built(settings.model_dump_json(exclude=SERVERS)))
    app.state = State()
    return connect(app, settings)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Litestar]:
    # The lifespan only closes what the application opened; its task group may not span a fixture's two tasks.
    app = make_app(settings)
    yield app
    await app.state.resources.close()


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor without a login."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]  # narrower scope types
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


LogIn = Callable[..., Awaitable[int]]


@pytest.fixture
def log_in(client: httpx.AsyncClient, database: Database) -> LogIn:
    """Make an account with these roles and give the client its session; returns the account's id."""

    async def log_in(*roles: Role, login: str = "someone", department: str | None = None) -> int:
        async with database.transaction() as session:
            account = Account(
                login=login, name="测试人员", password_hash="x", created_at=NOW, department_code=department
            )
            session.add(account)
            await session.flush()
            session.add_all(AccountRole(account_id=account.id, role=role) for role in roles)
            from core import clock

            token = await sessions.open_session(session, account, now=clock.now())
        client.cookies.set(sessions.COOKIE, token)
        return account.id

    return log_in


@dataclass(frozen=True)
class Portal:
    """An application that nobody changes, with one published chain."""

    client: httpx.AsyncClient
    codes: list[str]


@pytest.fixture(scope="session")
async def portal(clones: Clones, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Portal]:
    name = clones.make()
    # All applications of a worker share an address; whoever has used up its allowance must not stop these tests.
    settings = settings_for(name, data_dir=tmp_path_factory.mktemp("portal"), api_rate=1000)
    database, app = Database(settings), make_app(settings)
    codes = await publish_chain(database)
    await database.close()
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]  # narrower scope types
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield Portal(client, codes)
    await app.state.resources.close()
    clones.drop(name)
