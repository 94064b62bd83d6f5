"""A large upload goes to disk as it comes; the server's memory stays flat, and a broken line leaves nothing behind."""

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from api.auth.sessions import issue_key
from api.embedded import stop_process
from core.access import Action
from core.db import Database
from core.settings import Settings
from documents import store
from tests.conftest import NOW
from tests.e2e.running import free_port, wait_until_ready

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc"),
]
MEGABYTE = 1 << 20
SIZE = 300 * MEGABYTE
GROWTH_LIMIT = 60 * MEGABYTE
BOUNDARY = "edge"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{{name}}"\r\n'
    "Content-Type: application/pdf\r\n\r\n"
)


@pytest.fixture
def server(settings: Settings) -> Iterator[tuple[str, int]]:
    """Address and process id of the one that answers."""
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "YICHUANG_SECRET_KEY": settings.secret_key,
        "YICHUANG_DATA_DIR": str(settings.data_dir),
        "PORT": str(port),
    }
    process = subprocess.Popen([sys.executable, "-m", "api.cli", "serve"], env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(process, address)
        yield address, process.pid
    finally:
        stop_process(process)


def memory(pid: int, kind: str = "VmHWM") -> int:
    """The peak (or present) resident bytes of the process and its children together."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    own = next(int(line.split()[1]) * 1024 for line in lines if line.startswith(kind))
    return own + sum(memory(int(child), kind) for child in children)


@pytest.fixture
async def key(database: Database) -> dict[str, str]:
    row, key = issue_key(label="intake", scopes=[Action.DOCUMENT_CHECK], now=NOW)
    async with database.transaction() as session:
        session.add(row)
    return {"Authorization": f"Bearer {key}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def megabytes(count: int) -> Iterator[bytes]:
    """Bytes that do not repeat, so that nothing can be saved by being clever."""
    for number in range(count):
        yield hashlib.sha256(str(number).encode()).digest() * (MEGABYTE // 32)


async def body(names: dict[str, int], *, end: bool = True) -> AsyncIterator[bytes]:
    for name, count in names.items():
        yield HEAD.format(name=name).encode()
        for chunk in megabytes(count):
            yield chunk
        yield b"\r\n"
    if end:
        yield f"--{BOUNDARY}--\r\n".encode()


async def test_memory_stays_flat_while_300_mb_come_in(
    server: tuple[str, int], key: dict[str, str], settings: Settings
) -> None:
    address, pid = server
    async with httpx.AsyncClient(base_url=address, headers=key, timeout=120) as client:
        small = await client.post("/api/v1/documents/check", content=body({"小.pdf": 1}))
        assert small.status_code == 202
        before = memory(pid)
        answer = await client.post("/api/v1/documents/check", content=body({"大.pdf": SIZE // MEGABYTE}))
    assert answer.status_code == 202
    digest = hashlib.sha256()
    for chunk in megabytes(SIZE // MEGABYTE):
        digest.update(chunk)
    assert store.path_of(settings.upload_dir, digest.hexdigest()).stat().st_size == SIZE
    assert memory(pid) - before < GROWTH_LIMIT


async def test_broken_line_leaves_no_part_of_a_file(
    server: tuple[str, int], key: dict[str, str], settings: Settings, database: Database
) -> None:
    address, _ = server

    async def breaking() -> AsyncIterator[bytes]:
        async for chunk in body({"一.pdf": 2, "二.pdf": 2}, end=False):
            yield chunk
        yield HEAD.format(name="三.pdf").encode() + bytes(MEGABYTE)
        await asyncio.sleep(0.5)
        raise ConnectionResetError

    async with httpx.AsyncClient(base_url=address, headers=key) as client:
        with pytest.raises(ConnectionResetError):
            await client.post("/api/v1/documents/check", content=breaking())
    for _ in range(100):
        if not list((settings.upload_dir / "incoming").glob("*")):
            break
        await asyncio.sleep(0.2)
    assert list((settings.upload_dir / "incoming").glob("*")) == []
    async with database.transaction() as session:
        assert await session.scalar(sa.text("SELECT count(*) FROM dossier")) == 0
