"""Public pages and answers as bytes in memory, so that a much-read notice costs no rendering and no query.

Only what its route marks `cached` is kept, and only as it was made for a visitor without a login: without cookies,
and with the anti-forgery token taken out (such pages have no forms). One key is address and language.

What is kept is dropped as soon as the change feed moves: a small query, asked at most once in `CHECK_SECONDS`, tells
where the feed stands, what is visible beyond its horizon, and whether an objection was raised or answered. Countdowns
and "today" age as well, so nothing is kept longer than `LONGEST_SECONDS`.
"""

import asyncio
import hashlib
import re
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from typing import Any

import sqlalchemy as sa
from litestar.status_codes import HTTP_200_OK, HTTP_304_NOT_MODIFIED
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy.exc import SQLAlchemyError

from api.auth.middleware import LANGUAGE_COOKIE
from api.auth.sessions import COOKIE
from core.db import Database
from core.i18n import negotiate

CHECK_SECONDS = 0.5
LONGEST_SECONDS = 30.0
MOST_BYTES = 64 << 20
LARGEST_BODY = 1 << 20
#: Headers of one answer only, or made anew.
ONES_OWN = {b"set-cookie", b"x-request-id", b"etag", b"content-length"}
_TOKEN = re.compile(rb"csrf=([^;]+)")
_STAMP = sa.text(
    "SELECT (SELECT max(xid)::text FROM notice WHERE xid < horizon), count(xid), max(xid)::text,"
    " (SELECT count(*) FROM objection), (SELECT max(answered_at) FROM objection)"
    " FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS horizon) AS feed"
    " LEFT JOIN notice ON xid >= horizon GROUP BY horizon"
)

Headers = list[tuple[bytes, bytes]]
#: Path, query and language.
Key = tuple[str, bytes, str]


@dataclass(frozen=True, slots=True)
class Kept:
    headers: Headers
    body: bytes
    etag: bytes
    until: float


class PublicCache:
    """ASGI middleware, the outermost: a hit reaches nothing behind it."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self.app = app
        self.database = database
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._making: dict[Key, asyncio.Event] = {}
        self._bytes = 0
        self._stamp: object = None
        self._checked = 0.0
        self._checking = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        if key is None:
            await self.app(scope, receive, send)
            return
        now = time.monotonic()
        if now - self._checked >= CHECK_SECONDS:
            await self._forget_if_changed()
        kept = self._kept.get(key)
        if (kept is None or kept.until < now) and (making := self._making.get(key)) is not None:
            # Whoever asks meanwhile waits for the one rendering instead of adding another.
            await making.wait()
            kept = self._kept.get(key)
        if kept is None or kept.until < now:
            await self._make(key, scope, receive, send)
            return
        self._kept.move_to_end(key)
        await _answer(kept, scope, send)

    async def _make(self, key: Key, scope: Scope, receive: Receive, send: Send) -> None:
        made = self._making.setdefault(key, asyncio.Event())
        try:
            await self.app(scope, receive, _Recorder(self, key, scope, send))
        finally:
            made.set()
            self._making.pop(key, None)

    async def _forget_if_changed(self) -> None:
        if self._checking.locked():
            return
        async with self._checking:
            try:
                async with self.database.engine.connect() as connection:
                    stamp: object = tuple((await connection.execute(_STAMP)).one())
            except (SQLAlchemyError, OSError):
                return  # without the database, what is kept is the best there is
            finally:
                self._checked = time.monotonic()
            if stamp != self._stamp:
                self._stamp = stamp
                self._kept.clear()
                self._bytes = 0

    def keep(self, key: Key, headers: Headers, body: bytes, stamp: object) -> None:
        """Unless the feed moved while it was made."""
        if stamp != self._stamp:
            return
        for _, value in (pair for pair in headers if pair[0] == b"set-cookie"):
            if token := _TOKEN.search(value):
                body = body.replace(token[1], b"")
        etag = b'"%s"' % hashlib.sha256(body).hexdigest()[:32].encode()
        sent = [pair for pair in headers if pair[0] not in ONES_OWN and not pair[0].startswith(b"ratelimit-")]
        sent += [(b"etag", etag), (b"content-length", str(len(body)).encode())]
        if not any(name == b"cache-control" for name, _ in sent):
            sent.append((b"cache-control", b"no-cache"))
        earlier = self._kept.pop(key, None)
        self._kept[key] = Kept(sent, body, etag, time.monotonic() + LONGEST_SECONDS)
        self._bytes += len(body) - (len(earlier.body) if earlier else 0)
        while self._bytes > MOST_BYTES:
            self._bytes -= len(self._kept.popitem(last=False)[1].body)

    @property
    def stamp(self) -> object:
        return self._stamp


class _Recorder:
    """Sends on, and keeps a complete, cacheable answer."""

    def __init__(self, cache: PublicCache, key: Key, scope: Scope, send: Send) -> None:
        self._cache, self._key, self._scope, self._send = cache, key, scope, send
        self._stamp = cache.stamp
        self._headers: Headers | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if (
            message["type"] == "http.response.start"
            and message["status"] == HTTP_200_OK
            and self._cacheable()
        ):
            self._headers = [(name.lower(), value) for name, value in message["headers"]]
        elif message["type"] == "http.response.body" and self._headers is not None:
            self._body += message["body"]
            if len(self._body) > LARGEST_BODY:
                self._headers = None
            elif not message.get("more_body"):
                self._cache.keep(self._key, self._headers, self._body, self._stamp)
        await self._send(message)

    def _cacheable(self) -> bool:
        handler: Any = self._scope.get("route_handler")
        return bool(handler is not None and handler.opt.get("cached"))


def _key(scope: Any) -> Key | None:
    """Address and language; None where the caller is known or nothing is read."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    cookie = accept = b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return None
        if name == b"cookie":
            cookie = value
        elif name == b"accept-language":
            accept = value
    locale = _language(cookie, accept)
    return None if locale is None else (scope["path"], scope["query_string"], locale)


@lru_cache(maxsize=4096)
def _language(cookie: bytes, accept: bytes) -> str | None:
    """The visitor's language; None for one who is logged in."""
    try:
        cookies = SimpleCookie(cookie.decode("latin-1"))
    except CookieError:
        return None
    if COOKIE in cookies:
        return None
    chosen = cookies.get(LANGUAGE_COOKIE)
    return negotiate(cookie=chosen.value if chosen else None, account=None, accept=accept.decode("latin-1"))


async def _answer(kept: Kept, scope: Scope, send: Send) -> None:
    known = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
    status, headers, content = HTTP_200_OK, kept.headers, kept.body
    if kept.etag in known:
        status, content = HTTP_304_NOT_MODIFIED, b""
        headers = [pair for pair in headers if pair[0] not in {b"content-length", b"content-type"}]
    identified = [*headers, (b"x-request-id", secrets.token_hex(8).encode())]
    start: Any = {"type": "http.response.start", "status": status, "headers": identified}
    body: Any = {"type": "http.response.body", "body": content, "more_body": False}
    await send(start)
    await send(body)
