"""The gate of /api/v1: how much each caller may ask, and that any site's scripts may read it.

Every caller has a bucket of tokens in Valkey that refills evenly; a request takes one, unless it was answered from
memory before it came here. A process takes tokens in small lots, so that most requests ask nobody. Where Valkey does
not answer, everybody passes.
"""

import hashlib
import math
import time
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.problems import Problem
from core.errors import TooManyRequests
from core.i18n import gettext

PREFIX = "/api/v1/"
Headers = list[tuple[bytes, bytes]]
ANY = (b"access-control-allow-origin", b"*")
EXPOSED = (
    b"ETag, X-Request-ID, Repr-Digest, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After"
)
OPEN = [ANY, (b"access-control-expose-headers", EXPOSED)]
PREFLIGHT = [
    ANY,
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, If-None-Match"),
    (b"access-control-max-age", b"86400"),
]
LOT = 50
#: Callers remembered by a process; beyond, all are asked for anew.
MOST_PURSES = 10_000
#: Refills the bucket for the time that has passed, then takes what was asked for, or what there is.
_TAKE = """
local rate, size, asked, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(size, (tonumber(bucket[1]) or size) + math.max(0, now - (tonumber(bucket[2]) or now)) * rate)
local taken = math.min(asked, math.floor(tokens))
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - taken), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], math.ceil(size / rate) + 1)
return {taken, tostring(tokens - taken)}
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """Tokens a second, and how many a bucket holds."""

    rate: float
    size: int


def allowances(rate: float) -> tuple[Allowance, Allowance]:
    """Without and with a key. At 20 a second, pages of 100 notices read a million in ten minutes."""
    return Allowance(rate, round(30 * rate)), Allowance(5 * rate, round(150 * rate))


@dataclass(slots=True)
class Purse:
    """What this process holds of a caller's tokens, and what was left in the bucket."""

    tokens: int = 0
    left: float = 0
    at: float = 0


class OpenInterface:
    """ASGI middleware; other addresses pass untouched."""

    def __init__(self, app: ASGIApp, redis: "Redis", *, anonymous: Allowance, keyed: Allowance) -> None:
        self.app = app
        self._take = redis.register_script(_TAKE)
        self._anonymous, self._keyed = anonymous, keyed
        self._purses: dict[str, Purse] = {}
        self._verified = set[str]()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await _answer(send, 204, PREFLIGHT)
            return
        caller, allowance = self._caller(scope)
        purse = await self._purse(caller, allowance)
        headers = _headers(purse, allowance)

        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if not pair[0].startswith(b"access-control-")]
                message["headers"] = kept + headers
            await send(message)

        if purse is not None and purse.tokens < 1:
            await _refuse(send_open, math.ceil(1 / allowance.rate))
            return
        if purse is not None:
            purse.tokens -= 1
        await self.app(scope, receive, send_open)
        if (key := _key(scope)) is not None and scope.get("user") is not None:
            self._verified.add(key)

    def _caller(self, scope: Scope) -> tuple[str, Allowance]:
        """A key counts for itself once it has proved genuine; until then, for the address that shows it."""
        key = _key(scope)
        if key in self._verified:
            return f"key:{key}", self._keyed
        client = scope.get("client")
        return f"address:{client[0] if client else ''}", self._anonymous

    async def _purse(self, caller: str, allowance: Allowance) -> Purse | None:
        """The caller's tokens in hand, at least one unless the bucket is empty; None where nobody can tell."""
        purse = self._purses.setdefault(caller, Purse())
        now = time.time()
        if purse.tokens > 0 and now - purse.at < 1:
            return purse
        try:
            lot = min(LOT, allowance.size)
            taken, left = await self._take(
                keys=[f"yichuang:rate:{caller}"],
                args=[allowance.rate, allowance.size, lot - purse.tokens, now],
            )
        except (RedisError, OSError):
            return None
        purse.tokens, purse.left, purse.at = purse.tokens + int(taken), float(left), now
        if len(self._purses) > MOST_PURSES:
            self._purses.clear()
        return purse


def _key(scope: Scope) -> str | None:
    shown = next((value for name, value in scope["headers"] if name == b"authorization"), None)
    return hashlib.sha256(shown).hexdigest()[:32] if shown else None


def _headers(purse: Purse | None, allowance: Allowance) -> Headers:
    if purse is None:
        return OPEN
    remaining = max(0, int(purse.left) + purse.tokens - 1)
    return [
        *OPEN,
        (b"ratelimit-limit", b"%d" % allowance.size),
        (b"ratelimit-remaining", b"%d" % remaining),
        (b"ratelimit-reset", b"%d" % math.ceil((allowance.size - remaining) / allowance.rate)),
    ]


async def _refuse(send: Send, seconds: int) -> None:
    problem = Problem(
        type=f"/problems/{TooManyRequests.code}",
        title=gettext(TooManyRequests.message, seconds=seconds),
        status=TooManyRequests.status,
        code=TooManyRequests.code,
        request_id="",
    )
    body = msgspec.json.encode(problem)
    headers = [(b"content-type", b"application/problem+json"), (b"retry-after", str(seconds).encode())]
    await _answer(send, TooManyRequests.status, headers, body)


async def _answer(send: Send, status: int, headers: Headers, body: bytes = b"") -> None:
    sized = [*headers, (b"content-length", str(len(body)).encode())]
    start: Any = {"type": "http.response.start", "status": status, "headers": sized}
    ended: Any = {"type": "http.response.body", "body": body, "more_body": False}
    await send(start)
    await send(ended)
