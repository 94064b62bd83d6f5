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

FORMATS: dict[str, Callable[[Sequence[NoticeDetail]], bytes]] = {
    "releases.jsonl.gz": json_lines,
    "notices.csv": csv_table,
    "notices.xlsx": xlsx_table,
}
#: The SHA-256 of each file, as `sha256sum --check` reads it.
SUMS = "SHA256SUMS"


async def month_file(session: AsyncSession, folder: Path, month: str, name: str) -> bytes:
    """The bytes of one file of a month ("2026-03"). Raises NotFound."""
    if name not in {*FORMATS, SUMS}:
        raise NotFound
    year, number = (int(part) for part in month.split("-"))
    state = await state_of_month(session, year, number)
    if not state:
        raise NotFound
    path = folder / month / state / name
    if not path.exists():
        notices = await notices_of_month(session, year, number)
        await asyncio.to_thread(_write, path.parent, notices)
    return await asyncio.to_thread(path.read_bytes)


def _write(folder: Path, notices: Sequence[NoticeDetail]) -> None:
    """All of a month's files, the sums last; those of its earlier states go."""
    earlier = [file for file in folder.parent.glob("*/*") if file.parent != folder]
    folder.mkdir(parents=True, exist_ok=True)
    sums = ""
    for name, write in FORMATS.items():
        body = write(notices)
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
