"""What the description promises, the service keeps: no 5xx, nothing undocumented, for generated requests."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from core.db import Database
from tests.conftest import Clones, settings_for
from tests.tendering.factories import publish_chain

EXAMPLES = 30
#: A cursor is opaque: the description cannot tell a stale one from a valid one, and 422 is documented.
EXCLUDED: list[Any] = [positive_data_acceptance]
PATHS = (
    "/api/v1/bulk",
    "/api/v1/bulk/{month}/{name}",
    "/api/v1/changes",
    "/api/v1/notices",
    "/api/v1/notices/{code}",
    "/api/v1/notices/{code}/release",
    "/api/v1/processes/{ocid}",
)


class Served:
    """The application on a loop of its own, called from the synchronous generator of requests."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.app = create_app(settings_for(name))
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)  # type: ignore[arg-type]  # narrower scope types
        self.client = httpx.AsyncClient(transport=transport, base_url="http://testserver")
        self.codes = self.run(publish_chain(Database(settings_for(name))))
        self.description = self.run(self.client.get("/schema/openapi.json")).json()

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)

    def close(self) -> None:
        self.run(self.app.state.resources.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()


@pytest.fixture(scope="module")
def served(clones: Clones) -> Iterator[Served]:
    name = clones.make()
    served = Served(name)
    yield served
    served.close()
    clones.drop(name)


def test_every_public_operation_is_tested(served: Served) -> None:
    assert {path for path in served.description["paths"] if path.startswith("/api/v1/")} >= set(PATHS)


@pytest.mark.parametrize("path", PATHS)
def test_generated_requests_are_answered_as_described(served: Served, path: str) -> None:
    schema = from_dict(served.description)
    operation = schema[path]["GET"]

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
        request = httpx.Request(
            sent["method"], sent["url"], params=sent.get("params"), headers=dict(sent["headers"])
        )
        answer = served.run(served.client.send(request))
        case.validate_response(answer, excluded_checks=EXCLUDED)

    check()
