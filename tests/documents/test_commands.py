import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from api.resources import Resources
from core.db import Database
from core.outbox import OutboxEvent, consume
from core.settings import Settings
from documents import commands, queries, store
from documents.handlers import HANDLERS
from documents.models import DocumentResult, Dossier, DossierState, StoredFile
from documents.refusals import ArchiveRefused, DossierBusy, UploadTooLarge
from documents.report import ProjectFacts, Verdict
from tests.conftest import NOW
from tests.documents.builders import form

PERMIT = form("建筑工程施工许可证", {"工程名称": "澜东名邸", "建设单位": "甲公司", "建筑面积": "100.00㎡"})


async def chunks(data: bytes, size: int = 700) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def dossier(session: AsyncSession) -> Dossier:
    facts = ProjectFacts(name="澜东名邸", matters=frozenset({"completion_supervision"}))
    return await commands.open_dossier(session, facts, subject="case:X", by=None, now=NOW)


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def test_receive_stores_bytes_under_their_hash(tmp_path: Path) -> None:
    stored = await store.receive(chunks(PERMIT), tmp_path, limit=1 << 20)
    assert stored == store.Stored(hashlib.sha256(PERMIT).hexdigest(), len(PERMIT))
    assert store.path_of(tmp_path, stored.sha256).read_bytes() == PERMIT


async def test_receive_beyond_the_limit_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UploadTooLarge):
        await store.receive(chunks(PERMIT), tmp_path, limit=1000)
    assert files_in(tmp_path) == []


async def test_receive_from_a_broken_connection_leaves_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield PERMIT[:500]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await store.receive(broken(), tmp_path, limit=1 << 20)
    assert files_in(tmp_path) == []


def archive(folder: Path, members: dict[str, bytes]) -> Path:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    path = folder / "a.zip"
    path.write_bytes(data.getvalue())
    return path


def test_unpack_trusts_no_names(tmp_path: Path) -> None:
    path = archive(tmp_path, {"../../evil.pdf": b"%PDF-", "资料/竣工报告.pdf": PERMIT, "__MACOSX/x": b"-"})
    found = list(store.unpack(path, tmp_path / "store"))
    assert [name for name, _ in found] == ["evil.pdf", "竣工报告.pdf"]
    assert not (tmp_path.parent / "evil.pdf").exists()


def test_unpack_stops_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_UNPACKED", 1 << 20)
    path = archive(tmp_path, {"a": bytes(700_000), "b": bytes(700_000)})
    with pytest.raises(ArchiveRefused):
        list(store.unpack(path, tmp_path / "store"))


def test_unpack_refuses_what_only_begins_like_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(ArchiveRefused):
        list(store.unpack(path, tmp_path / "store"))


async def test_a_file_of_the_same_name_and_content_counts_once(session: AsyncSession) -> None:
    made, stored = await dossier(session), store.Stored("a" * 64, 5)
    for _ in range(2):
        await commands.add_file(session, made, stored, name="许可证.pdf", now=NOW)
    assert [line.name for line in await queries.files(session, made)] == ["许可证.pdf"]


async def test_a_withdrawn_file_no_longer_counts(session: AsyncSession) -> None:
    made = await dossier(session)
    file = await commands.add_file(session, made, store.Stored("a" * 64, 5), name="a.pdf", now=NOW)
    await commands.withdraw_file(session, made, file, now=NOW)
    assert await queries.files(session, made) == []


async def test_a_dossier_under_check_takes_nothing_in(session: AsyncSession) -> None:
    made = await dossier(session)
    await commands.ask_for_check(session, made, now=NOW)
    with pytest.raises(DossierBusy):
        await commands.add_file(session, made, store.Stored("a" * 64, 5), name="a.pdf", now=NOW)


@pytest.fixture
async def resources(settings: Settings, database: Database) -> AsyncIterator[Resources]:
    redis = Redis.from_url(settings.redis_url)
    yield Resources(settings, database, redis)
    await redis.aclose()


async def run_events(resources: Resources) -> int:
    async with resources.database.transaction() as session:
        ids = (await session.scalars(sa.select(OutboxEvent.id).where(OutboxEvent.done_at.is_(None)))).all()  # type: ignore[call-overload,union-attr] # columns
    done = [await consume(resources.database, resources, HANDLERS, event, now=lambda: NOW) for event in ids]
    return sum(done)


async def submit(resources: Resources, *data: bytes) -> str:
    stored = [
        await store.receive(chunks(each), resources.settings.upload_dir, limit=1 << 24) for each in data
    ]
    async with resources.database.transaction() as session:
        made = await dossier(session)
        for number, file in enumerate(stored):
            await commands.add_file(session, made, file, name=f"{number}.pdf", now=NOW)
        await commands.ask_for_check(session, made, now=NOW)
        return made.key


async def test_the_worker_checks_a_dossier_and_says_what_is_missing(resources: Resources) -> None:
    key = await submit(resources, PERMIT, b"")
    await run_events(resources)
    async with resources.database.transaction() as session:
        made = await queries.dossier_by_key(session, key)
        report = queries.report_of(made)
    assert report is not None
    assert (made.state, report.verdict) == (DossierState.CHECKED, Verdict.UNREADABLE)
    assert [document.kind for document in report.documents] == ["construction_permit", None]
    assert [finding.code for finding in report.documents[1].findings] == ["empty-file"]
    assert "joint_application" in {item.code for item in report.missing}


async def test_the_same_bytes_are_read_once(resources: Resources) -> None:
    for _ in range(2):
        await submit(resources, PERMIT)
        await run_events(resources)
    async with resources.database.transaction() as session:
        assert len((await session.scalars(sa.select(StoredFile))).all()) == 1
        (result,) = (await session.scalars(sa.select(DocumentResult))).all()
    assert result.report["kind"] == "construction_permit"
