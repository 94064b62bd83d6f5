"""The nightly look for stored files that nobody names."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from api import stored_files
from api.resources import Resources
from core import clock, outbox
from core.db import Database
from core.outbox import OutboxEvent
from core.people import Account
from core.settings import Settings
from documents import store
from documents.models import StoredFile, Upload
from tendering.models import Draft, DraftState
from tests.conftest import NOW

YESTERDAY_BUT_ONE = timedelta(days=2).total_seconds()


async def put(folder: Path, text: str, *, old: bool = True) -> str:
    """A file in the store; returns its hash."""

    async def pieces() -> AsyncIterator[bytes]:
        yield text.encode()

    sha256 = (await store.receive(pieces(), folder, limit=1000)).sha256
    if old:
        age(folder, sha256)
    return sha256


def age(folder: Path, sha256: str) -> None:
    path = store.path_of(folder, sha256)
    then = path.stat().st_mtime - YESTERDAY_BUT_ONE
    os.utime(path, (then, then))


def stored(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("??/*")}


@pytest.fixture
async def resources(settings: Settings) -> AsyncIterator[Resources]:
    resources = Resources.open(settings)
    yield resources
    await resources.close()


async def name_files(
    database: Database, *, submitted: str, on_its_way: str, given_up: str, attached: str
) -> None:
    """A file of a dossier, two that were announced (this day and eight days ago), and one of a draft."""
    async with database.transaction() as session:
        session.add(person := Account(login="owner", name="owner", password_hash="x", created_at=NOW))
        await session.flush()
        session.add(StoredFile(sha256=submitted, size=1, stored_at=NOW))
        for sha256, days in ((on_its_way, 0), (given_up, 8)):
            at = clock.now() - timedelta(days=days)
            session.add(
                Upload(
                    key=sha256,
                    subject="case:X",
                    name="甲.pdf",
                    size=1,
                    sha256=sha256,
                    opened_by=person.id,
                    opened_at=at,
                )
            )
        content = {"attachments": [{"name": "甲.pdf", "sha256": attached, "size": 1}]}
        session.add(
            Draft(
                publication={"content": content},
                state=DraftState.DRAFT,
                drafted_by=person.id,
                drafted_at=NOW,
            )
        )


async def test_only_old_files_that_nobody_names_are_removed(resources: Resources) -> None:
    dossiers, notices = resources.settings.upload_dir, resources.settings.attachment_dir
    named = {each: await put(dossiers, each) for each in ("submitted", "on_its_way", "given_up")}
    named["attached"] = await put(notices, "attached")
    await name_files(resources.database, **named)
    await put(dossiers, "refused")
    await put(notices, "submitted")  # of a dossier, but no notice names it
    fresh = await put(dossiers, "of a request that has not committed yet", old=False)

    swept = await stored_files.sweep(resources)

    assert stored(dossiers) == {named["submitted"], named["on_its_way"], fresh}
    assert stored(notices) == {named["attached"]}
    assert (swept.files, swept.size) == (3, len("given_up" + "refused" + "submitted"))


async def test_a_file_that_comes_again_is_new(tmp_path: Path) -> None:
    """Found old and unnamed, then sent again before it is removed."""
    sha256 = await put(tmp_path, "refused at first")
    before = store.path_of(tmp_path, sha256).stat().st_mtime + 1
    assert store.older_files(tmp_path, before=before) == [sha256]
    await put(tmp_path, "refused at first", old=False)
    assert store.discard(tmp_path, sha256, before=before) is None
    assert stored(tmp_path) == {sha256}


async def test_a_file_about_to_be_named_is_kept_or_known_to_be_gone(tmp_path: Path) -> None:
    sha256 = await put(tmp_path, "whole, not taken in yet")
    before = store.path_of(tmp_path, sha256).stat().st_mtime + 1
    assert store.keep(tmp_path, sha256)
    assert store.discard(tmp_path, sha256, before=before) is None
    age(tmp_path, sha256)
    assert store.discard(tmp_path, sha256, before=before) is not None
    assert not store.keep(tmp_path, sha256)


@pytest.mark.parametrize(("orphans", "removed"), [(100, 100), (150, 150), (151, 0)])
def test_most_of_a_store_is_never_removed(orphans: int, removed: int) -> None:
    """Files beside a database that was restored from long ago, or made anew."""
    files = [str(number) for number in range(150 + orphans)]
    assert len(stored_files.unnamed(files, set(files[:150]))) == removed


async def test_each_night_plans_the_next(resources: Resources) -> None:
    database = resources.database
    async with database.transaction() as session:
        await stored_files.plan(session, now=NOW)
        await stored_files.plan(session, now=NOW)  # every start of the service asks
    pending = sa.select(OutboxEvent).where(
        col(OutboxEvent.topic) == stored_files.TOPIC, col(OutboxEvent.done_at).is_(None)
    )
    async with database.transaction() as session:
        first = (await session.scalars(pending)).one()
    handlers = stored_files.HANDLERS
    assert await outbox.consume(database, resources, handlers, first.id, now=lambda: first.due)
    async with database.transaction() as session:
        second = (await session.scalars(pending)).one()
    assert second.due - first.due == timedelta(days=1)
