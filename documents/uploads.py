"""Resumable uploads: a file comes in pieces, each at the offset where the last one ended; a lost line loses nothing.

How far an upload is, its partial file says, so that nothing that reached the disk is asked for again.
"""

import asyncio
import fcntl
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.db import Database
from core.errors import NotFound
from documents import store
from documents.models import Upload
from documents.refusals import UploadIncomplete, UploadTooLarge, WrongOffset
from documents.store import Stored


async def open_upload(
    session: AsyncSession, subject: str, *, name: str, size: int, limit: int, by: int, now: datetime
) -> Upload:
    """Announce a file. Raises `UploadTooLarge` before a byte was sent."""
    if size > limit:
        raise UploadTooLarge(limit=limit // store.MEGABYTE)
    upload = Upload(
        key=secrets.token_urlsafe(16),
        subject=subject,
        name=store.shown_name(name),
        size=size,
        opened_by=by,
        opened_at=now,
    )
    session.add(upload)
    await session.flush()
    return upload


async def find_upload(session: AsyncSession, key: str, *, subject: str, by: int) -> Upload:
    """Raises `NotFound` for another person's, and for one whose file was taken in."""
    upload: Upload | None = await session.scalar(
        sa.select(Upload).where(
            col(Upload.key) == key,
            col(Upload.subject) == subject,
            col(Upload.opened_by) == by,
            col(Upload.taken_at).is_(None),
        )
    )
    if upload is None:
        raise NotFound
    return upload


def partial_path(folder: Path, key: str) -> Path:
    return folder / "incoming" / f"upload-{key}"


def received(folder: Path, upload: Upload) -> int:
    """Bytes that are safely here."""
    path = partial_path(folder, upload.key)
    if path.exists():
        return path.stat().st_size
    return upload.size if upload.sha256 else 0


async def append(folder: Path, upload: Upload, pieces: AsyncIterator[bytes], *, offset: int) -> int:
    """Add what comes at `offset`, and return how far the file is. What came before a break is kept.

    Raises `WrongOffset`, telling the right one, also while another request is writing.
    """
    if upload.sha256:
        raise WrongOffset(offset=upload.size)
    with _alone(partial_path(folder, upload.key)) as file:
        at = os.fstat(file.fileno()).st_size
        if at != offset:
            raise WrongOffset(offset=at)
        try:
            async for piece in pieces:
                if at + len(piece) > upload.size:
                    raise UploadTooLarge(limit=upload.size // store.MEGABYTE)
                file.write(piece)
                at += len(piece)
        finally:
            await asyncio.to_thread(store.flush, file)
    return at


@contextmanager
def _alone(path: Path) -> Iterator[IO[bytes]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WrongOffset(offset=path.stat().st_size) from None
        yield file


async def settle(database: Database, folder: Path, upload: Upload) -> Stored:
    """Move a whole file into the store under its hash. Safe to repeat, wherever it was broken off.

    The hash is committed before the file moves, so that a file that is no longer here is known to be in the store.
    """
    path = partial_path(folder, upload.key)
    if received(folder, upload) != upload.size:
        raise UploadIncomplete(name=upload.name)
    if not path.exists() and upload.sha256 is None:  # empty, and nothing was sent
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    if path.exists():
        stored = await asyncio.to_thread(store.describe, path)
        async with database.transaction() as session:
            (await session.get_one(Upload, upload.id)).sha256 = stored.sha256
        await asyncio.to_thread(store.settle, path, folder, stored)
        return stored
    if not store.keep(folder, upload.sha256 or ""):
        raise UploadIncomplete(name=upload.name)
    return Stored(upload.sha256 or "", upload.size)


async def forget(session: AsyncSession, *, before: datetime) -> None:
    """Files announced before a moment and never taken in need not be waited for."""
    await session.execute(
        sa.delete(Upload).where(col(Upload.opened_at) < before, col(Upload.taken_at).is_(None))
    )


async def mark_taken(session: AsyncSession, uploads: Sequence[Upload], *, now: datetime) -> None:
    await session.execute(
        sa.update(Upload).where(col(Upload.id).in_([each.id for each in uploads])).values(taken_at=now)
    )
