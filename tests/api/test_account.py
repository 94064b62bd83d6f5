import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar
from sqlmodel import col

from api.auth import sessions
from api.auth.throttle import LIMIT
from core import clock
from core.access import Action, Role
from core.db import Database
from core.people import Account, AccountRole, LoginSession
from core.settings import Settings
from tests.api.conftest import LogIn, make_app
from tests.conftest import NOW

PASSWORD = "correct horse"


@pytest.fixture
async def account(database: Database) -> Account:
    async with database.transaction() as session:
        account = Account(
            login="window", name="窗口人员", password_hash=sessions.hash_password(PASSWORD), created_at=NOW
        )
        session.add(account)
        await session.flush()
        session.add(AccountRole(account_id=account.id, role=Role.WINDOW))
    return account


async def log_in_by_form(
    client: httpx.AsyncClient, password: str = PASSWORD, *, login: str = "window", target: str = "/"
) -> httpx.Response:
    await client.get("/login")
    form = {"login": login, "password": password, "next": target, "_csrf_token": client.cookies["csrf"]}
    return await client.post("/login", data=form)


async def stored_sessions(database: Database) -> int:
    async with database.transaction() as session:
        return len((await session.scalars(sa.select(col(LoginSession.token_hash)))).all())


@pytest.mark.usefixtures("account")
async def test_login_opens_a_session_and_logout_ends_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    response = await log_in_by_form(client, target="/login?x=1")
    cookie = next(c for c in response.headers.get_list("set-cookie") if c.startswith("session="))
    assert (response.status_code, response.headers["location"]) == (303, "/login?x=1")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert await stored_sessions(database) == 1
    response = await client.post("/logout", headers={"x-csrftoken": client.cookies["csrf"]})
    assert (response.status_code, await stored_sessions(database)) == (303, 0)


@pytest.mark.usefixtures("account")
async def test_each_login_gets_a_new_token_and_a_chosen_one_is_never_adopted(
    client: httpx.AsyncClient, database: Database
) -> None:
    client.cookies.set("session", "chosen-by-an-attacker")
    await log_in_by_form(client)
    first = client.cookies.get("session", domain="testserver.local") or client.cookies.get(
        "session", path="/"
    )
    await log_in_by_form(client)
    async with database.transaction() as session:
        hashes = set((await session.scalars(sa.select(col(LoginSession.token_hash)))).all())
    assert len(hashes) == 2
    assert sessions.token_hash("chosen-by-an-attacker") not in hashes
    assert first != "chosen-by-an-attacker"


async def test_visitor_writes_no_session(client: httpx.AsyncClient, database: Database) -> None:
    response = await client.get("/login")
    assert not any(c.startswith("session=") for c in response.headers.get_list("set-cookie"))
    assert await stored_sessions(database) == 0


@pytest.mark.parametrize(("login", "password"), [("window", "wrong"), ("nobody", PASSWORD)])
@pytest.mark.usefixtures("account")
async def test_wrong_login_and_wrong_password_read_alike(
    client: httpx.AsyncClient, login: str, password: str
) -> None:
    response = await log_in_by_form(client, password, login=login)
    assert response.status_code == 401
    assert "用户名或密码不正确" in response.text


@pytest.mark.usefixtures("account")
async def test_login_is_throttled_and_says_for_how_long(client: httpx.AsyncClient) -> None:
    for _ in range(LIMIT):
        assert (await log_in_by_form(client, "wrong", login="window")).status_code == 401
    response = await log_in_by_form(client, login="window")
    assert response.status_code == 429
    assert 0 < int(response.headers["retry-after"]) <= 600


async def test_form_without_its_token_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/login", data={"login": "a", "password": "b"})
    assert response.status_code == 403
    assert "页面已过期" in response.text


@pytest.mark.parametrize(
    "target",
    ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)"],
)
@pytest.mark.usefixtures("account")
async def test_login_sends_nobody_to_another_site(client: httpx.AsyncClient, target: str) -> None:
    response = await log_in_by_form(client, target=target)
    assert response.headers["location"] == "/"


async def test_expired_session_is_nobody(
    client: httpx.AsyncClient, log_in: LogIn, database: Database
) -> None:
    await log_in(Role.WINDOW)
    async with database.transaction() as session:
        await session.execute(sa.update(LoginSession).values(expires_at=clock.now()))
    await client.get("/login")
    response = await client.post(
        "/logout", headers={"x-csrftoken": client.cookies["csrf"], "accept": "application/json"}
    )
    assert response.status_code == 401


async def test_api_key_is_found_by_its_secret_and_only_by_it(database: Database) -> None:
    row, key = sessions.issue_key(label="住建系统", scopes=[Action.NOTICE_EXCHANGE], now=NOW)
    async with database.transaction() as session:
        session.add(row)
    async with database.transaction() as session:
        principal = await sessions.principal_of_key(session, key, now=NOW)
        forged = await sessions.principal_of_key(session, key[:-1] + "x", now=NOW)
    assert principal is not None
    assert (principal.may(Action.NOTICE_EXCHANGE), principal.may(Action.CASE_READ), forged) == (
        True,
        False,
        None,
    )


async def test_language_follows_the_choice(client: httpx.AsyncClient) -> None:
    assert (await client.get("/login")).headers["content-language"] == "zh-CN"
    assert (await client.get("/login", headers={"accept-language": "en"})).headers["content-language"] == "en"
    response = await client.get("/lang/en?next=/login")
    assert (response.status_code, response.headers["location"]) == (303, "/login")
    assert (await client.get("/login")).headers["content-language"] == "en"


async def test_refusals_are_problem_json_in_the_readers_language(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/nowhere", headers={"accept-language": "en"})
    problem = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["code"], problem["title"]) == (
        404,
        "not_found",
        "We could not find what you are looking for.",
    )
    assert problem["request_id"] == response.headers["x-request-id"]


async def test_pages_work_while_the_queue_is_down(settings: Settings) -> None:
    app: Litestar = make_app(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1"}))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]  # narrower scope types
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert (await client.get("/login")).status_code == 200
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"database": "ok", "queue": "down"})
        assert (await log_in_by_form(client, login="nobody")).status_code == 401


async def test_public_pages_say_unavailable_while_the_database_is_down(settings: Settings) -> None:
    app = make_app(settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/nothing"}))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]  # narrower scope types
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        client.cookies.set(sessions.COOKIE, "any")
        assert (await client.get("/login")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/notices")).status_code == 503


async def test_metrics_and_health_answer(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    assert "yichuang_requests_total" in (await client.get("/metrics")).text
