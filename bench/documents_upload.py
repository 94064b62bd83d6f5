"""A form of 300 MB sent to a running server: how much its memory grows, and what a line that breaks leaves behind."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from api.auth.sessions import issue_key
from api.embedded import Embedded
from bench.tendering.http import served
from core.access import Action
from core.db import Database
from core.settings import Settings
from documents import store
from migrations.schema import metadata

MEGABYTE = 1 << 20
BOUNDARY = "edge"
ADDRESS = "/api/v1/documents/check"
SWEEP_SECONDS = 20  # the server notices on its own that a line broke


@dataclass(frozen=True, slots=True)
class Uploaded:
    growth_mb: float  # of the server's peak memory, over that of a small upload
    whole: bool  # the file is stored as it was sent
    lost: int  # bytes of whole files that are not in the store, of a form that broke off
    leftover: int  # files begun and never finished, after the line broke


def upload(folder: Path, megabytes: int) -> Uploaded:
    """Drives a server of its own, with its database and queue, in `folder`."""
    with Embedded(Settings(data_dir=folder)) as settings:
        key = asyncio.run(_key(settings))
        environment = {
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "YICHUANG_DATA_DIR": str(settings.data_dir),
        }
        with served("api.app:create_app", environment) as (port, process):
            return asyncio.run(_drive(settings, f"http://127.0.0.1:{port}", key, process.pid, megabytes))


async def _key(settings: Settings) -> str:
    database = Database(settings)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    row, key = issue_key(label="bench", scopes=[Action.DOCUMENT_CHECK], now=datetime.now(UTC))
    async with database.transaction() as session:
        session.add(row)
    await database.close()
    return key


async def _drive(settings: Settings, address: str, key: str, server: int, megabytes: int) -> Uploaded:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=600) as client:
        (await client.post(ADDRESS, content=_form({"small.pdf": 1}))).raise_for_status()
        before = _peak(server)
        (await client.post(ADDRESS, content=_form({"large.pdf": megabytes}))).raise_for_status()
        growth = (_peak(server) - before) / MEGABYTE
        sent = {"first.pdf": 3, "second.pdf": 4}
        with suppress(ConnectionResetError):
            await client.post(ADDRESS, content=_breaking(sent))
    incoming = settings.upload_dir / "incoming"
    for _ in range(SWEEP_SECONDS * 5):
        if not list(incoming.glob("*")):
            break
        await asyncio.sleep(0.2)
    return Uploaded(
        growth_mb=growth,
        whole=_missing(settings, megabytes) == 0,
        lost=sum(_missing(settings, size) for size in sent.values()),
        leftover=len(list(incoming.glob("*"))),
    )


def _missing(settings: Settings, megabytes: int) -> int:
    """Bytes of the file of this size that are not in the store under its hash."""
    digest = hashlib.sha256()
    for piece in _bytes(megabytes):
        digest.update(piece)
    path = store.path_of(settings.upload_dir, digest.hexdigest())
    return megabytes * MEGABYTE - (path.stat().st_size if path.exists() else 0)


def _bytes(megabytes: int) -> Iterator[bytes]:
    """Bytes that do not repeat, made as they are sent."""
    for number in range(megabytes):
        yield hashlib.sha256(str(number).encode()).digest() * (MEGABYTE // 32)


async def _parts(files: dict[str, int]) -> AsyncIterator[bytes]:
    for name, megabytes in files.items():
        yield _head(name)
        for piece in _bytes(megabytes):
            yield piece
        yield b"\r\n"


async def _form(files: dict[str, int]) -> AsyncIterator[bytes]:
    async for piece in _parts(files):
        yield piece
    yield f"--{BOUNDARY}--\r\n".encode()


async def _breaking(files: dict[str, int]) -> AsyncIterator[bytes]:
    """The files whole, and then one that breaks off."""
    async for piece in _parts(files):
        yield piece
    yield _head("third.pdf") + bytes(MEGABYTE)
    await asyncio.sleep(0.5)
    raise ConnectionResetError


def _head(name: str) -> bytes:
    disposition = f'Content-Disposition: form-data; name="files"; filename="{name}"'
    return f"--{BOUNDARY}\r\n{disposition}\r\nContent-Type: application/pdf\r\n\r\n".encode()


def _peak(pid: int) -> int:
    """The most resident bytes that the process and its children had."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    own = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    return own + sum(_peak(int(child)) for child in children)
