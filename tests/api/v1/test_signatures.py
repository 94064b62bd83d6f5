import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from standardwebhooks import Webhook

from api.auth.sessions import issue_key
from api.v1.signatures import signing_secret
from core import clock
from core.access import Action
from core.db import Database
from tests.api.v1.test_exchange import ITEM

Deliver = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def deliver(client: httpx.AsyncClient, database: Database) -> Deliver:
    """A delivery with a key that must sign; `sign` gets the key and the body."""

    async def deliver(
        body: bytes, sign: Callable[[str, bytes], dict[str, str]], *, must_sign: bool = True
    ) -> httpx.Response:
        row, key = issue_key(
            label="construction", scopes=[Action.NOTICE_EXCHANGE], now=clock.now(), must_sign=must_sign
        )
        async with database.transaction() as session:
            session.add(row)
        headers = {
            "Authorization": f"Bearer {key}",
            "Idempotency-Key": "k1",
            "Content-Type": "application/json",
        }
        return await client.post(
            "/api/v1/exchange/notices",
            params={"source": "construction"},
            content=body,
            headers=headers | sign(key, body),
        )

    return deliver


def signed(key: str, body: bytes, *, age: timedelta = timedelta(0)) -> dict[str, str]:
    """As any Standard Webhooks library signs."""
    at = clock.now() - age
    return {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(signing_secret(key)).sign("m1", at, body.decode()),
    }


async def test_delivery_signed_by_the_standard_library_is_taken(deliver: Deliver) -> None:
    answer = await deliver(json.dumps([ITEM], ensure_ascii=False).encode(), signed)

    assert (answer.status_code, answer.json()["published"]) == (200, 1)


@pytest.mark.parametrize(
    "sign",
    [
        lambda _key, _body: {},
        lambda key, body: signed(key, body + b" "),
        lambda key, body: signed(key + "x", body),
        lambda key, body: signed(key, body, age=timedelta(minutes=6)),
        lambda key, body: signed(key, body) | {"webhook-timestamp": "soon"},
        lambda key, body: signed(key, body) | {"webhook-id": "m2"},
        lambda key, body: signed(key, body) | {"webhook-signature": "v2,AAAA"},
    ],
    ids=["none", "other body", "other key", "too old", "no time", "other id", "other version"],
)
async def test_what_is_not_signed_as_agreed_is_refused(
    deliver: Deliver, sign: Callable[[str, bytes], dict[str, str]]
) -> None:
    answer = await deliver(json.dumps([ITEM]).encode(), sign)

    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")


async def test_wrong_signature_is_refused_even_where_none_is_needed(deliver: Deliver) -> None:
    body = json.dumps([ITEM]).encode()
    wrong = await deliver(body, lambda key, body: signed(key, body + b" "), must_sign=False)
    none = await deliver(body, lambda _key, _body: {}, must_sign=False)

    assert (wrong.status_code, none.status_code) == (401, 200)
