"""An API process killed in the middle of its requests leaves each of them done or not done, never half."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from api.auth import sessions
from core import ledger
from core.db import Database
from core.people import Account
from core.settings import Settings
from tests.conftest import NOW
from tests.e2e.running import free_port

pytestmark = [pytest.mark.kill, pytest.mark.timeout(120)]
PASSWORD = "correct horse"


def start_server(settings: Settings, port: int, folder: Path) -> "subprocess.Popen[bytes]":
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "YICHUANG_SECRET_KEY": settings.secret_key,
        "YICHUANG_DATA_DIR": str(folder),
        "PORT": str(port),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve"], env=environment, start_new_session=True
    )


async def log_in_over_and_over(address: str, accepted: list[str]) -> None:
    """Until the server is gone; `accepted` collects the tokens that were promised to the client."""
    async with httpx.AsyncClient(base_url=address) as client:
        try:
            while True:
                await client.get("/login")
                form = {"login": "window", "password": PASSWORD, "_csrf_token": client.cookies["csrf"]}
                response = await client.post("/login", data=form)
                if response.status_code == 303:
                    accepted.append(response.cookies["session"])
        except httpx.TransportError:
            return


async def wait_until_up(address: str) -> None:
    async with httpx.AsyncClient(base_url=address) as client:
        for _ in range(300):
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    pytest.fail("the server did not come up")


async def test_killed_server_loses_no_answered_request_and_halves_none(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    async with database.transaction() as session:
        session.add(
            Account(
                login="window",
                name="窗口人员",
                password_hash=sessions.hash_password(PASSWORD),
                created_at=NOW,
            )
        )
    accepted: list[str] = []
    for _ in range(2):
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        server = start_server(settings, port, tmp_path)
        try:
            await wait_until_up(address)
            visitors = [asyncio.create_task(log_in_over_and_over(address, accepted)) for _ in range(6)]
            await asyncio.sleep(2)
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        await asyncio.gather(*visitors)
    async with database.transaction() as session:
        stored = set((await session.scalars(sa.text("SELECT token_hash FROM login_session"))).all())
        entries, _, faults = await ledger.verify(session)
    assert len(accepted) > 0
    assert {sessions.token_hash(token) for token in accepted} <= stored
    assert (entries, faults) == (len(stored), [])
