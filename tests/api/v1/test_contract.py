"""What the description promises, the service keeps: no 5xx, nothing undocumented, for generated requests."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from api.app import create_app
from api.auth.sessions import issue_key
from core.access import Action
from core.db import Database
from tests.conftest import NOW, Clones, settings_for
from tests.tendering.factories import publish_chain

EXAMPLES = 20
#: A cursor is opaque, so the description cannot tell a stale one from a valid one; and the key is put in here, behind
#: the generator's back (tests/api/test_authorisation.py covers requests without one).
EXCLUDED: list[Any] = [positive_data_acceptance, ignored_auth]
OPERATIONS = (
    ("GET", "/api/v1/notices"),
    ("GET", "/api/v1/notices/{code}"),
    ("GET", "/api/v1/notices/{code}/release"),
    ("GET", "/api/v1/notices/{code}/proof"),
    ("GET", "/api/v1/roots"),
    ("GET", "/api/v1/processes/{ocid}"),
    ("GET", "/api/v1/changes"),
    ("GET", "/api/v1/bulk"),
    ("GET", "/api/v1/bulk/{month}/{name}"),
    ("POST", "/api/v1/exchange/notices"),
    ("GET", "/api/v1/exchange/sources"),
    ("GET", "/api/v1/cases/{code}/public"),
    ("GET", "/api/v1/guide"),
    ("GET", "/api/v1/webhooks"),
    ("POST", "/api/v1/webhooks"),
    ("GET", "/api/v1/webhooks/{webhook_id}/attempts"),
    ("DELETE", "/api/v1/webhooks/{webhook_id}"),
    ("POST", "/api/v1/documents/check"),
    ("GET", "/api/v1/documents/{key}"),
    ("POST", "/api/v1/schedules"),
    ("GET", "/api/v1/schedules/{code}"),
    ("GET", "/api/v1/schedules/{code}/events"),
    ("POST", "/api/v1/schedules/{code}/cancel"),
    ("POST", "/api/v1/schedules/{code}/release"),
    ("POST", "/api/v1/schedules/{code}/explain"),
    ("POST", "/api/v1/schedules/{code}/repair"),
)


SCOPES = [Action.NOTICE_EXCHANGE, Action.DOCUMENT_CHECK, Action.SCHEDULE_READ, Action.SCHEDULE_SOLVE]


class Served:
    """The application on a loop of its own, called from the synchronous generator of requests."""

    def __init__(self, name: str, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.app = create_app(settings_for(name, data_dir=folder))
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)  # type: ignore[arg-type]  # narrower scope types
        self.client = httpx.AsyncClient(transport=transport, base_url="http://testserver")
        self.key = self.run(self._prepare(Database(settings_for(name))))
        self.description = self.run(self.client.get("/schema/openapi.json")).json()

    async def _prepare(self, database: Database) -> str:
        """Something to find, and a source's key."""
        await publish_chain(database)
        row, key = issue_key(label="construction", scopes=SCOPES, now=NOW)
        async with database.transaction() as session:
            session.add(row)
        await database.close()
        return key

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)

    def close(self) -> None:
        self.run(self.app.state.resources.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()


@pytest.fixture(scope="module")
def served(clones: Clones, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    name = clones.make()
    served = Served(name, tmp_path_factory.mktemp("served"))
    yield served
    served.close()
    clones.drop(name)


def test_every_operation_is_tested(served: Served) -> None:
    described = {
        (method.upper(), path)
        for path, operations in served.description["paths"].items()
        if path.startswith("/api/v1/")
        for method in operations
    }

    assert described == set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_generated_requests_are_answered_as_described(served: Served, method: str, path: str) -> None:
    operation = from_dict(served.description)[path][method]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def check(case: schemathesis.Case[Any]) -> None:
        sent = case.as_transport_kwargs(base_url="http://testserver")
        headers = dict(sent["headers"])
        if any(part in path for part in ("/exchange/", "/documents/", "/schedules", "/webhooks")):
            headers["Authorization"] = f"Bearer {served.key}"
        headers.pop("Prefer", None)  # there is no worker here to wait for
        request = httpx.Request(
            sent["method"], sent["url"], params=sent.get("params"), headers=headers, **body_of(sent)
        )
        request.read()
        answer = served.run(served.client.send(request))
        case.validate_response(answer, excluded_checks=EXCLUDED)

    check()


def body_of(sent: dict[str, Any]) -> dict[str, Any]:
    """The generated body, as httpx takes it."""
    if "files" in sent:
        return {"files": [(name, _part(value)) for name, value in sent["files"]]}
    return {"json": sent["json"]} if "json" in sent else {"content": sent.get("data") or b""}


def _part(value: Any) -> tuple[str | None, bytes]:
    name, content = value[:2] if isinstance(value, tuple) else ("file", value)
    return name, content if isinstance(content, bytes) else str(content).encode()
