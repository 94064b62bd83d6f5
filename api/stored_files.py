"""Files that nobody names: what was refused after it had come whole. The worker looks for them every night."""

import asyncio
import time
from collections.abc import Collection
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from datetime import time as daytime
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from api.resources import Resources
from core import clock, log, outbox
from core.outbox import Event, Handler
from documents import queries, store, uploads
from inspection.queries.photos import named_photos
from tendering.records import named_attachments

TOPIC = "files.sweep"
HOUR = daytime(3, tzinfo=clock.LOCAL)
#: From a file's last byte to the commit of what names it, far more than any request takes.
GRACE = timedelta(days=1)
#: A file that came in part, and was not gone on with.
PATIENCE = timedelta(days=7)
#: So many unnamed files are no reason to doubt the database.
FEW = 100


class Swept(msgspec.Struct):
    """What one night's look removed."""

    files: int = 0
    size: int = 0  # bytes


async def plan(session: AsyncSession, *, now: datetime) -> None:
    """Have the worker look the next night, unless it is to do so already."""
    night = clock.local_date(now) + timedelta(days=1)
    due = datetime.combine(night, HOUR)
    await outbox.emit_once(session, TOPIC, {}, now=now, due=due, key=f"{TOPIC}:{night}")


async def sweep(resources: Resources, _: Event | None = None) -> Swept:
    """Remove what nobody names and what was broken off. Ages are those of the disk, whatever a demo's clock says."""
    settings = resources.settings
    async with resources.database.transaction() as session:
        await uploads.forget(session, before=clock.now() - clock.lasting(PATIENCE))
    before = time.time() - GRACE.total_seconds()
    old = {
        folder: await asyncio.to_thread(store.older_files, folder, before=before)
        for folder in (settings.upload_dir, settings.attachment_dir)
    }
    # Only now: whatever was put into the store by then has been named by now, or was refused.
    async with resources.database.transaction() as session:
        named = {
            settings.upload_dir: await queries.named_files(session) | await named_photos(session),
            settings.attachment_dir: await named_attachments(session),
        }
    swept = Swept()
    for folder, files in old.items():
        sizes = await asyncio.to_thread(_discard, folder, unnamed(files, named[folder]), before)
        swept.files, swept.size = swept.files + len(sizes), swept.size + sum(sizes)
    return swept


def unnamed(files: Collection[str], named: AbstractSet[str]) -> set[str]:
    """What to remove: nothing where that were most of a store, for then the database is not the one of these files."""
    going = set(files) - named
    if len(going) > FEW and len(going) > len(files) / 2:
        log.log.error(
            "files not swept: the database names too few of them", files=len(files), named=len(named)
        )
        return set()
    return going


def _discard(folder: Path, names: Collection[str], before: float) -> list[int]:
    store.sweep(folder, before=time.time() - PATIENCE.total_seconds())
    return [size for name in names if (size := store.discard(folder, name, before=before)) is not None]


async def note(session: AsyncSession, _: Event, swept: Swept, now: datetime) -> None:
    log.log.info("files swept", files=swept.files, bytes=swept.size)
    await plan(session, now=now)


HANDLERS = [Handler(TOPIC, note, prepare=sweep)]
