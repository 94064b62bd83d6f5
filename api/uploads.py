"""Multipart uploads taken apart as they come: each file goes straight into the store, whole or not at all."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from litestar import Request
from litestar.exceptions import HTTPException, InternalServerException
from multipart import (  # type: ignore[import-untyped]  # the package has no types
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

from documents import store
from documents.refusals import NotMultipart
from documents.store import Stored

MOST_PARTS = 1000
LONGEST_FIELD = 1 << 20

#: A part begins, a piece of its body, its end.
Event: TypeAlias = "MultipartSegment | bytes | bytearray | None"


@dataclass
class Sent:
    """What arrived. `broken` when the line went away before the end: `files` are those that were whole by then."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[tuple[str, Stored]] = field(default_factory=list)
    broken: bool = False


async def receive_form(
    request: Request[Any, Any, Any],
    folder: Path,
    *,
    limit: int,
    check: Callable[[dict[str, str]], None] | None = None,
) -> Sent:
    """Stream a form to disk; memory stays at one chunk. `check` sees the fields that came before the first file.

    Raises `NotMultipart`, `UploadTooLarge` for a file beyond `limit` bytes, and whatever `check` raises.
    """
    sent = Sent()
    events = _events(request)
    try:
        async for event in events:
            if not isinstance(event, MultipartSegment):
                continue
            if event.filename is None:
                sent.fields[event.name] = await _text(events)
                continue
            if check:
                check(sent.fields)
                check = None
            stored = await store.receive(_body(events), folder, limit=limit)
            if event.filename or stored.size:  # a browser sends an empty part where no file was chosen
                sent.files.append((event.filename, stored))
    except InternalServerException:  # how the framework says that the client went away
        sent.broken = True
    except MultipartError:
        if not sent.files:
            raise NotMultipart from None
        sent.broken = True
    if check:
        check(sent.fields)
    return sent


async def _events(request: Request[Any, Any, Any]) -> AsyncIterator[Event]:
    kind, options = request.content_type
    if kind != "multipart/form-data" or "boundary" not in options:
        raise NotMultipart
    with PushMultipartParser(options["boundary"], max_segment_count=MOST_PARTS) as parser:
        async for chunk in request.stream():
            if parser.closed:
                break
            for event in parser.parse(chunk):
                yield event


async def _body(events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    async for event in events:
        if event is None:
            return
        if isinstance(event, (bytes, bytearray)):
            yield bytes(event)


async def _text(events: AsyncIterator[Event]) -> str:
    text = bytearray()
    async for piece in _body(events):
        text += piece
        if len(text) > LONGEST_FIELD:
            raise HTTPException(status_code=413)
    return text.decode(errors="replace")
