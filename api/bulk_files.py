"""Months as files: written once, kept beside the service until the month gets another notice."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound
from tendering.bulk import csv_table, json_lines, notices_of_month, state_of_month, xlsx_table
from tendering.records import NoticeDetail

#: A file's bytes, of notices and of the site's address.
FORMATS: dict[str, Callable[[Sequence[NoticeDetail], str], bytes]] = {
    "releases.jsonl.gz": lambda notices, site: json_lines(notices, at=site),
    "notices.csv": lambda notices, _: csv_table(notices),
    "notices.xlsx": lambda notices, _: xlsx_table(notices),
}
#: The SHA-256 of each file, as `sha256sum --check` reads it.
SUMS = "SHA256SUMS"


async def month_file(session: AsyncSession, folder: Path, month: str, name: str, *, site: str) -> bytes:
    """The bytes of one file of a month ("2026-03"), its documents at this site's address. Raises NotFound."""
    if name not in {*FORMATS, SUMS}:
        raise NotFound
    year, number = (int(part) for part in month.split("-"))
    state = await state_of_month(session, year, number)
    if not state:
        raise NotFound
    path = folder / month / f"{state}-{hashlib.sha256(site.encode()).hexdigest()[:8]}" / name
    if not path.exists():
        notices = await notices_of_month(session, year, number)
        await asyncio.to_thread(_write, path.parent, notices, site)
    return await asyncio.to_thread(path.read_bytes)


def _write(folder: Path, notices: Sequence[NoticeDetail], site: str) -> None:
    """All of a month's files, the sums last; those of its earlier states go."""
    earlier = [file for file in folder.parent.glob("*/*") if file.parent != folder]
    folder.mkdir(parents=True, exist_ok=True)
    sums = ""
    for name, write in FORMATS.items():
        body = write(notices, site)
        sums += f"{hashlib.sha256(body).hexdigest()}  {name}\n"
        _put(folder / name, body)
    _put(folder / SUMS, sums.encode())
    for file in earlier:
        file.unlink(missing_ok=True)


def _put(path: Path, body: bytes) -> None:
    """Whole or not at all: another process may be reading."""
    with NamedTemporaryFile(dir=path.parent, delete=False) as part:
        part.write(body)
    os.replace(part.name, path)  # noqa: PTH105 - atomic, where Path.rename says nothing about it
