import io
import subprocess
import sys
import zipfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from litestar import Litestar

from api.auth.sessions import issue_key
from api.handlers import HANDLERS
from core import clock, outbox
from core.access import Action
from core.db import Database
from tests.conftest import NOW
from tests.documents.builders import form

PERMIT = form("建筑工程施工许可证", {"工程名称": "澜东名邸", "建设单位": "甲公司", "建筑面积": "100.00㎡"})
PROJECT = {"name": "澜东名邸", "matters": ["completion_supervision"]}
ADDRESS = "/api/v1/documents/check"


async def new_key(database: Database, *scopes: Action) -> dict[str, str]:
    row, key = issue_key(label="intake", scopes=list(scopes), now=NOW)
    async with database.transaction() as session:
        session.add(row)
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
async def key(database: Database) -> dict[str, str]:
    return await new_key(database, Action.DOCUMENT_CHECK)


@pytest.fixture
async def worked(app: Litestar, database: Database) -> Callable[[], Awaitable[None]]:
    """Has the worker do what is due."""

    async def work() -> None:
        resources = app.state.resources
        async with database.transaction() as session:
            due = await outbox.claim_due(session, now=clock.now())
        for event in due:
            await outbox.consume(database, resources, HANDLERS, event, now=clock.now)

    return work


def sent(files: dict[str, bytes], project: dict[str, Any] | None = None) -> dict[str, Any]:
    parts = [("files", (name, data, "application/pdf")) for name, data in files.items()]
    return {"files": parts, "data": {"project": msgspec.json.encode(project or PROJECT).decode()}}


def printed(folder: Path, files: dict[str, bytes]) -> Any:
    """What `yichuang check --json` prints about the same files."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    project = folder / "project.json"
    project.write_bytes(msgspec.json.encode(PROJECT))
    command: Sequence[str | Path] = [
        *(sys.executable, "-m", "api.cli", "check"),
        *(folder / name for name in files),
        *("--project", project, "--json"),
    ]
    run = subprocess.run(command, capture_output=True, check=False)
    return run.returncode, msgspec.json.decode(run.stdout)


async def test_report_is_what_the_command_prints(
    client: httpx.AsyncClient, key: dict[str, str], worked: Callable[[], Awaitable[None]], tmp_path: Path
) -> None:
    files = {"许可证.pdf": PERMIT, "空.pdf": b""}
    accepted = await client.post(ADDRESS, headers=key, **sent(files))
    assert accepted.status_code == 202
    address = accepted.headers["location"]
    assert accepted.json() == {"id": address.rpartition("/")[2], "state": "checking", "done": 0, "total": 2}
    assert (await client.get(address, headers=key)).status_code == 202
    await worked()
    answer = await client.get(address, headers=key)
    assert answer.status_code == 200
    status, expected = printed(tmp_path, files)
    assert answer.json() == expected
    assert (status, expected["verdict"]) == (2, "unreadable")


async def test_a_retry_is_the_same_check_and_other_documents_are_a_conflict(
    client: httpx.AsyncClient, key: dict[str, str], database: Database
) -> None:
    headers = key | {"Idempotency-Key": "once"}
    first = await client.post(ADDRESS, headers=headers, **sent({"a.pdf": PERMIT}))
    again = await client.post(ADDRESS, headers=headers, **sent({"a.pdf": PERMIT}))
    assert again.headers["location"] == first.headers["location"]
    other = await client.post(ADDRESS, headers=headers, **sent({"a.pdf": PERMIT + b"\n"}))
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    async with database.transaction() as session:
        assert await session.scalar(sa.text("SELECT count(*) FROM dossier")) == 1


async def test_archives_are_unfolded(client: httpx.AsyncClient, key: dict[str, str]) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("资料/许可证.pdf", PERMIT)
        archive.writestr("资料/空.pdf", b"")
    answer = await client.post(ADDRESS, headers=key, **sent({"全部.zip": data.getvalue()}))
    assert answer.json()["total"] == 2


async def test_waiting_answers_with_the_report(
    client: httpx.AsyncClient, key: dict[str, str], worked: Callable[[], Awaitable[None]]
) -> None:
    headers = key | {"Idempotency-Key": "waits"}
    await client.post(ADDRESS, headers=headers, **sent({"a.pdf": PERMIT}))
    await worked()
    answer = await client.post(ADDRESS, headers=headers | {"Prefer": "wait=10"}, **sent({"a.pdf": PERMIT}))
    assert (answer.status_code, list(answer.json())) == (200, ["documents", "missing", "verdict"])


async def test_another_key_sees_nothing(
    client: httpx.AsyncClient, key: dict[str, str], database: Database
) -> None:
    address = (await client.post(ADDRESS, headers=key, **sent({"a.pdf": PERMIT}))).headers["location"]
    other = await new_key(database, Action.DOCUMENT_CHECK)
    assert (await client.get(address, headers=other)).status_code == 404
    narrow = await new_key(database, Action.SCHEDULE_READ)
    assert (await client.get(address, headers=narrow)).status_code == 403
    assert (await client.get(address)).status_code == 401


@pytest.mark.parametrize(
    ("request_", "status", "field"),
    [
        ({"data": {"project": "{}"}, "files": [("files", ("", b""))]}, 422, "files"),
        (sent({"a.pdf": PERMIT}, {"floor_area": "large"}), 422, "project"),
        ({"content": b"%PDF"}, 422, None),
    ],
)
async def test_what_cannot_be_checked_is_refused(
    client: httpx.AsyncClient, key: dict[str, str], request_: dict[str, Any], status: int, field: str | None
) -> None:
    answer = await client.post(ADDRESS, headers=key, **request_)
    assert answer.status_code == status
    assert [each["field"] for each in answer.json().get("problems", [])] == ([field] if field else [])


async def test_a_file_beyond_the_limit_is_refused_with_the_limit(
    app: Litestar, client: httpx.AsyncClient, key: dict[str, str]
) -> None:
    app.state.resources.settings.upload_limit = 2 << 20
    answer = await client.post(ADDRESS, headers=key, **sent({"a.pdf": bytes(3 << 20)}))
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")
    assert "2 MB" in answer.json()["title"]
