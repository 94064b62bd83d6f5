"""A worker killed while it checks a dossier loses no file, reads none twice that was read, and repeats no finding."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from api.embedded import stop_process
from core import clock, ledger
from core.db import Database
from core.settings import Settings
from documents import commands, queries, store
from documents.models import DossierState
from documents.report import DossierReport, ProjectFacts
from tests.documents.builders import form

pytestmark = [pytest.mark.kill, pytest.mark.timeout(240)]
FILES = {
    "许可证.pdf": form(
        "建筑工程施工许可证", {"工程名称": "澜东名邸", "建设单位": "甲公司", "建筑面积": "100.00㎡"}
    ),
    "竣工报告.pdf": form("工程竣工报告", {"工程名称": "另一个毫不相干的项目", "施工单位": "乙公司"}),
    "空.pdf": b"",
}


def start_worker(settings: Settings, step: str) -> "subprocess.Popen[bytes]":
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "YICHUANG_SECRET_KEY": settings.secret_key,
        "YICHUANG_DATA_DIR": str(settings.data_dir),
    }
    command = [sys.executable, "-m", "tests.kill.dossier_child", step]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def submit(database: Database, settings: Settings) -> str:
    stored = {
        name: await store.receive(chunks(data), settings.upload_dir, limit=1 << 24)
        for name, data in FILES.items()
    }
    async with database.transaction() as session:
        facts = ProjectFacts(name="澜东名邸", matters=frozenset({"completion_supervision"}))
        made = await commands.open_dossier(session, facts, by=None, now=clock.now())
        for name, file in stored.items():
            await commands.add_file(session, made, file, name=name, now=clock.now())
        await commands.ask_for_check(session, made, now=clock.now())
        return made.key


async def report_of(database: Database, key: str, *, seconds: float = 120) -> DossierReport:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        async with database.transaction() as session:
            dossier = await queries.dossier_by_key(session, key)
        report = queries.report_of(dossier)
        if report is not None and dossier.state is DossierState.CHECKED:
            return report
        await asyncio.sleep(0.2)
    pytest.fail("the dossier was not checked")


async def results(database: Database) -> dict[str, object]:
    """When each document's own result was written."""
    async with database.transaction() as session:
        rows = await session.execute(sa.text("SELECT sha256, checked_at FROM document_result"))
        return {row.sha256: row.checked_at for row in rows}


async def test_killed_worker_loses_no_file_and_repeats_no_finding(
    settings: Settings, database: Database
) -> None:
    key = await submit(database, settings)
    before: dict[str, object] = {}
    for step in ("one file read", "report written, not committed"):
        worker = start_worker(settings, step)
        await asyncio.to_thread(worker.wait, 100)
        assert worker.returncode == -signal.SIGKILL
        kept = await results(database)
        assert before.items() <= kept.items()
        before = kept
    worker = start_worker(settings, "never")
    try:
        report = await report_of(database, key)
    finally:
        stop_process(worker)
    assert {each.file: each.sha256 for each in report.documents} == {
        name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()
    }
    assert all(
        store.path_of(settings.upload_dir, each.sha256).read_bytes() == FILES[each.file]
        for each in report.documents
    )
    said = [(each.document, each.code, each.page) for one in report.documents for each in one.findings]
    assert len(said) == len(set(said)) > 0
    assert await results(database) == before
    async with database.transaction() as session:
        checks = await session.scalar(
            sa.text("SELECT count(*) FROM ledger_entry WHERE action = 'dossier.check'")
        )
        _, _, faults = await ledger.verify(session)
    assert (checks, faults) == (1, [])
