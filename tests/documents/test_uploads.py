import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.db import Database
from core.errors import NotFound
from core.people import Account
from documents import store, uploads
from documents.models import Upload
from documents.refusals import UploadIncomplete, UploadTooLarge, WrongOffset
from documents.store import Stored
from tests.conftest import NOW

DATA = bytes(range(256)) * 40
LIMIT = 1 << 20


async def pieces(data: bytes, *, then: Exception | None = None) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 700):
        yield data[start : start + 700]
    if then:
        raise then


@pytest.fixture
async def upload(database: Database) -> Upload:
    async with database.transaction() as session:
        account = Account(login="owner", name="owner", password_hash="x", created_at=NOW)
        session.add(account)
        await session.flush()
        return await uploads.open_upload(
            session, "case:X", name="../甲.pdf", size=len(DATA), limit=LIMIT, by=account.id, now=NOW
        )


async def test_a_broken_piece_is_kept_and_gone_on_with(
    upload: Upload, database: Database, tmp_path: Path
) -> None:
    with pytest.raises(ConnectionResetError):
        await uploads.append(tmp_path, upload, pieces(DATA[:3000], then=ConnectionResetError()), offset=0)
    at = uploads.received(tmp_path, upload)
    assert at == 3000
    assert await uploads.append(tmp_path, upload, pieces(DATA[at:]), offset=at) == len(DATA)
    stored = await uploads.settle(database, tmp_path, upload)
    assert stored == Stored(hashlib.sha256(DATA).hexdigest(), len(DATA))
    assert store.path_of(tmp_path, stored.sha256).read_bytes() == DATA
    assert upload.name == "甲.pdf"


async def test_settling_again_is_harmless(upload: Upload, database: Database, tmp_path: Path) -> None:
    await uploads.append(tmp_path, upload, pieces(DATA), offset=0)
    first = await uploads.settle(database, tmp_path, upload)
    async with database.transaction() as session:
        again = await uploads.find_upload(session, upload.key, subject="case:X", by=upload.opened_by)
    assert await uploads.settle(database, tmp_path, again) == first
    assert uploads.received(tmp_path, again) == len(DATA)


async def test_a_piece_elsewhere_is_refused_with_the_right_offset(upload: Upload, tmp_path: Path) -> None:
    await uploads.append(tmp_path, upload, pieces(DATA[:100]), offset=0)
    with pytest.raises(WrongOffset) as refusal:
        await uploads.append(tmp_path, upload, pieces(DATA), offset=0)
    assert refusal.value.params == {"offset": 100}


async def test_two_writers_at_once_do_not_mix(upload: Upload, tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield DATA[:100]
        await gate.wait()
        yield DATA[100:200]

    first = asyncio.create_task(uploads.append(tmp_path, upload, slow(), offset=0))
    await asyncio.sleep(0.05)
    with pytest.raises(WrongOffset):
        await uploads.append(tmp_path, upload, pieces(b"x" * 50), offset=0)
    gate.set()
    assert await first == 200
    assert uploads.partial_path(tmp_path, upload.key).read_bytes() == DATA[:200]


async def test_more_than_was_announced_is_refused(upload: Upload, tmp_path: Path) -> None:
    with pytest.raises(UploadTooLarge):
        await uploads.append(tmp_path, upload, pieces(DATA + b"more"), offset=0)
    assert uploads.received(tmp_path, upload) <= len(DATA)


async def test_an_unfinished_file_does_not_settle(upload: Upload, database: Database, tmp_path: Path) -> None:
    await uploads.append(tmp_path, upload, pieces(DATA[:100]), offset=0)
    with pytest.raises(UploadIncomplete):
        await uploads.settle(database, tmp_path, upload)


async def test_a_file_beyond_the_limit_is_refused_before_it_is_sent(
    upload: Upload, database: Database
) -> None:
    async with database.transaction() as session:
        with pytest.raises(UploadTooLarge):
            await uploads.open_upload(
                session, "case:X", name="a", size=LIMIT + 1, limit=LIMIT, by=upload.opened_by, now=NOW
            )


async def test_another_cases_upload_is_not_found(upload: Upload, database: Database) -> None:
    async with database.transaction() as session:
        with pytest.raises(NotFound):
            await uploads.find_upload(session, upload.key, subject="case:Y", by=upload.opened_by)


def test_sweep_removes_only_what_is_old(tmp_path: Path) -> None:
    waiting = tmp_path / "incoming"
    waiting.mkdir()
    (waiting / "new").touch()
    old = waiting / "old"
    old.touch()
    os.utime(old, (0, 0))
    store.sweep(tmp_path, before=1000.0)
    assert [path.name for path in waiting.iterdir()] == ["new"]
