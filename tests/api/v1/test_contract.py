"""What the description promises, the service keeps: no 5xx, nothing undocumented, for generated requests.

`make contract` asks hundreds of times; `make test` takes a sample (`CONTRACT_EXAMPLES` for each operation).
"""

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.auth import sessions
from core.access import Action, Role
from core.db import Database
from core.people import Account, AccountRole
from tests.api.conftest import make_app
from tests.conftest import NOW, Clones, settings_for
from tests.tendering.factories import publish_chain

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "2"))
#: A cursor is opaque, so the description cannot tell a stale one from a valid one.
EXCLUDED: list[Any] = [positive_data_acceptance]
SAMPLED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Served:
    """The application on a loop of its own, called from the synchronous generator of requests."""

    def __init__(self, name: str, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.app = make_app(settings_for(name, data_dir=folder, api_rate=1e6))
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)  # type: ignore[arg-type]  # narrower scope types
        self.client = httpx.AsyncClient(transport=transport, base_url="http://testserver")
        self.callers = self.run(self._prepare(Database(settings_for(name))))
        self.description = self.run(self.client.get("/schema/openapi.json")).json()
        for operation in (each for path in self.description["paths"].values() for each in path.values()):
            operation.pop("security", None)  # who asks is decided here, not by the generator

    async def _prepare(self, database: Database) -> list[dict[str, str]]:
        """Something to find; headers of everybody who may come: nobody, a stranger, persons, machines."""
        await publish_chain(database)
        every, key = sessions.issue_key(label="construction", scopes=list(Action), now=NOW)
        none, useless = sessions.issue_key(label="construction", scopes=[], now=NOW)
        async with database.transaction() as session:
            clerk = Account(login="clerk", name="测试人员", password_hash="x", created_at=NOW)
            session.add_all([every, none, clerk])
            await session.flush()
            session.add_all(AccountRole(account_id=clerk.id, role=role) for role in Role)
            from core import clock

            token = await sessions.open_session(session, clerk, now=clock.now())
        await database.close()
        return [
            {"Authorization": f"Bearer {key}"},
            {"Authorization": f"Bearer {useless}"},
            {"Authorization": "Bearer nothing"},
            {"Authorization": "Basic bm9ib2R5Og=="},
            {"Cookie": f"{sessions.COOKIE}={token}"},
            {},
        ]

    def ask(self, case: schemathesis.Case[Any], caller: dict[str, str]) -> httpx.Response:
        sent = case.as_transport_kwargs(base_url="http://testserver")
        headers = {**sent["headers"], **caller}
        headers.pop("Prefer", None)  # there is no worker here to wait for
        request = httpx.Request(
            sent["method"], sent["url"], params=sent.get("params"), headers=headers, **body_of(sent)
        )
        request.read()
        answer: httpx.Response = self.run(self.client.send(request))
        return answer

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


def test_generated_requests_are_answered_as_described(served: Served) -> None:
    """Each operation, by every caller; the one with all powers comes most often."""
    for operation in operations(served):

        @SAMPLED
        @given(case=operation.as_strategy(), caller=callers(served))
        def check(case: schemathesis.Case[Any], caller: dict[str, str]) -> None:
            case.validate_response(served.ask(case, caller), excluded_checks=EXCLUDED)

        check()


def test_chains_of_requests_are_answered_as_described(served: Served) -> None:
    """From answer to request along the links of the description: list to notice, registered to ended webhook."""
    schema = from_dict(served.description)

    class Walk(schema.as_state_machine()):  # type: ignore[misc]  # made at run time
        def call(self, case: schemathesis.Case[Any], **_: Any) -> Any:
            return schemathesis.Response.from_any(served.ask(case, served.callers[0]))

        def validate_response(self, response: Any, case: schemathesis.Case[Any], **_: Any) -> None:
            case.validate_response(response, excluded_checks=EXCLUDED)

    Walk.run(settings=settings(SAMPLED, stateful_step_count=6))


def test_every_operation_tells_how_it_refuses(served: Served) -> None:
    told = {
        f"{method} {path}": set(operation["responses"])
        for path, operations in served.description["paths"].items()
        for method, operation in operations.items()
    }

    assert {name for name, statuses in told.items() if not {"422", "429"} <= statuses} == set()


def operations(served: Served) -> Iterator[Any]:
    schema = from_dict(served.description)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        yield found.ok()


def callers(served: Served) -> st.SearchStrategy[dict[str, str]]:
    return st.one_of(st.just(served.callers[0]), st.sampled_from(served.callers))


def body_of(sent: dict[str, Any]) -> dict[str, Any]:
    """The generated body, as httpx takes it."""
    if "files" in sent:
        return {"files": [(name, _part(value)) for name, value in sent["files"]]}
    return {"json": sent["json"]} if "json" in sent else {"content": sent.get("data") or b""}


def _part(value: Any) -> tuple[str | None, bytes]:
    name, content = value[:2] if isinstance(value, tuple) else ("file", value)
    return name, content if isinstance(content, bytes) else str(content).encode()
