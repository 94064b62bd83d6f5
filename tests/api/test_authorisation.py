"""Every route, with every role and with nobody: only what the table grants gets past the guard."""

from collections.abc import Iterator

import httpx
import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from core.access import GRANTS, Action, Role, scope_of
from tests.api.conftest import LogIn

#: Path parameters that find nothing; the guard stands before the handler.
FILLERS = {
    "int": "999999999",
    "str": "nothing",
    "path": "nothing",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
REFUSED = {401, 403}


def routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            if isinstance(handler, HTTPRouteHandler):
                for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                    yield method, route.path, handler


def address(path_format: str) -> str:
    parts = []
    for part in path_format.split("/"):
        kind = part.strip("{}").rpartition(":")[2]
        parts.append(FILLERS.get(kind, "nothing") if part.startswith("{") else part)
    return "/".join(parts)


def test_every_route_is_public_or_names_its_action(app: Litestar) -> None:
    silent = [
        f"{method} {path}"
        for method, path, handler in routes(app)
        if not handler.opt.get("public") and not isinstance(handler.opt.get("action"), Action)
    ]
    assert silent == []


async def answers(
    app: Litestar, client: httpx.AsyncClient, *, public: bool
) -> dict[str, tuple[Action | None, int]]:
    """The status of each route that is not public, or is."""
    found: dict[str, tuple[Action | None, int]] = {}
    token = client.cookies["csrf"]
    for method, path, handler in routes(app):
        # Logging out would make everyone after it a nobody; tests/api/test_account.py covers it.
        if bool(handler.opt.get("public")) is public and path != "/logout":
            response = await client.request(
                method,
                address(path),
                headers={"x-csrftoken": token, "accept": "application/json"},
                follow_redirects=False,
            )
            found[f"{method} {path}"] = (handler.opt.get("action"), response.status_code)
    return found


async def test_nobody_gets_past_any_guard(app: Litestar, client: httpx.AsyncClient) -> None:
    await client.get("/login")
    reached = await answers(app, client, public=False)
    assert {name: status for name, (_, status) in reached.items() if status != 401} == {}


@pytest.mark.parametrize("role", Role)
async def test_role_reaches_what_it_is_granted_and_nothing_else(
    role: Role, app: Litestar, client: httpx.AsyncClient, log_in: LogIn
) -> None:
    await log_in(role)
    await client.get("/login")
    wrong = {
        name: status
        for name, (action, status) in (await answers(app, client, public=False)).items()
        # Machines' routes take keys only, so a person's session is nobody there.
        if not name.split(" ")[1].startswith("/api/")
        and action is not None
        and (status in REFUSED) == (scope_of([role], action) is not None)
    }
    assert wrong == {}


async def test_public_routes_never_fault_for_nobody(app: Litestar, client: httpx.AsyncClient) -> None:
    await client.get("/login")
    reached = await answers(app, client, public=True)
    assert {name: status for name, (_, status) in reached.items() if status >= 500} == {}


def test_administrator_has_no_business_data() -> None:
    business = {
        action for action in GRANTS[Role.ADMINISTRATOR] if action.value.split(".")[0] in {"case", "dossier"}
    }
    assert business == set()


def test_dispatcher_and_issuer_are_different_powers() -> None:
    assert scope_of([Role.DISPATCHER], Action.CASE_ISSUE) is None
    assert scope_of([Role.ISSUER], Action.CASE_BOOK) is None
