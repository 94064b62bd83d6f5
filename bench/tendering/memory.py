"""The yardstick: an application that answers every request with the same bytes, already in memory."""

import os
from pathlib import Path
from typing import Any


def create_app() -> Any:
    body = Path(os.environ["BENCH_BODY"]).read_bytes()
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode())]

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return application
