"""Bytes as they come in: streamed to a file named by its own hash. What the sender calls it is only ever shown."""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import secrets
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from documents.refusals import ArchiveRefused, UploadTooLarge
from documents.report import SubmittedFile

MEGABYTE = 1 << 20
MAX_MEMBERS = 500
MAX_UNPACKED = 2048 * MEGABYTE
_UTF8_NAMES, _ENCRYPTED = 0x800, 0x1  # flags of a ZIP member
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Stored:
    sha256: str
    size: int


def path_of(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


async def receive(chunks: AsyncIterator[bytes], folder: Path, *, limit: int) -> Stored:
    """Stream an upload to disk; memory stays at one chunk. Raises UploadTooLarge, and leaves nothing behind then.

    The file is complete and flushed when this returns, so that what a caller has been told is accepted is not lost.
    """
    incoming = _incoming(folder)
    digest, size = hashlib.sha256(), 0
    try:
        with incoming.open("wb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise UploadTooLarge(limit=limit // MEGABYTE)
                digest.update(chunk)
                file.write(chunk)
            await asyncio.to_thread(flush, file)
        return settle(incoming, folder, Stored(digest.hexdigest(), size))
    finally:
        incoming.unlink(missing_ok=True)


def unpack(archive: Path, folder: Path) -> Iterator[tuple[str, Stored]]:
    """The files of a ZIP with their base names. Raises ArchiveRefused beyond the limits, or where it is locked.

    Sizes are counted while unfolding, for the directory may lie; an archive within is handed on as a file.
    """
    try:
        with zipfile.ZipFile(archive) as members:
            files = [member for member in members.infolist() if not member.is_dir() and _wanted(member)]
            if len(files) > MAX_MEMBERS or any(member.flag_bits & _ENCRYPTED for member in files):
                raise ArchiveRefused
            left = MAX_UNPACKED
            for member in files:
                with members.open(member) as content:
                    stored = _copy(content, folder, limit=left)
                left -= stored.size
                yield _name(member), stored
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise ArchiveRefused from error


def is_archive(path: Path) -> bool:
    """A plain ZIP; Office files and the like are ZIPs too, and no archives to us."""
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return False
    try:
        with zipfile.ZipFile(path) as members:
            names = set(members.namelist())
    except (zipfile.BadZipFile, ValueError):
        return True
    return not names & {"[Content_Types].xml", "OFD.xml", "mimetype"}


def submitted(folder: Path, sha256: str, size: int, name: str) -> SubmittedFile:
    return SubmittedFile(path=str(path_of(folder, sha256)), name=name, sha256=sha256, size=size)


def shown_name(name: str) -> str:
    """A sender's file name, fit to be shown: its last part, without control characters, not endless."""
    base = PurePosixPath(name.replace("\\", "/")).name
    return "".join(c for c in base if c.isprintable())[-_LONGEST_NAME:] or "?"


def _incoming(folder: Path) -> Path:
    waiting = folder / "incoming"
    waiting.mkdir(parents=True, exist_ok=True)
    return waiting / secrets.token_hex(16)


def sweep(folder: Path, *, before: float) -> None:
    """Remove what was begun and not gone on with since a moment (a POSIX time)."""
    for path in (folder / "incoming").glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


def flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def describe(path: Path) -> Stored:
    """Hash and size of a file, read in pieces."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Stored(digest, path.stat().st_size)


def settle(incoming: Path, folder: Path, stored: Stored) -> Stored:
    """Put a complete file under its hash; as old as this moment, whatever lay there before."""
    final = path_of(folder, stored.sha256)
    final.parent.mkdir(parents=True, exist_ok=True)
    incoming.touch()
    with _held(folder, fcntl.LOCK_SH):
        incoming.replace(final)
    return stored


def keep(folder: Path, sha256: str) -> bool:
    """Make a stored file as old as this moment, for it is about to be named; False where it has gone."""
    try:
        with _held(folder, fcntl.LOCK_SH):
            os.utime(path_of(folder, sha256))
    except FileNotFoundError:
        return False
    return True


def older_files(folder: Path, *, before: float) -> list[str]:
    """Hashes of the files that were put into the store before a moment (a POSIX time)."""
    files = (entry for part in folder.glob("??") for entry in os.scandir(part))
    return [entry.name for entry in files if entry.stat().st_mtime < before]


def discard(folder: Path, sha256: str, *, before: float) -> int | None:
    """Remove a file that nobody names; returns the bytes set free, None where it came again since a moment."""
    path = path_of(folder, sha256)
    with _held(folder, fcntl.LOCK_EX), contextlib.suppress(FileNotFoundError):
        found = path.stat()
        if found.st_mtime < before:
            path.unlink()
            return found.st_size
    return None


@contextlib.contextmanager
def _held(folder: Path, how: int) -> Iterator[None]:
    """Whoever settles a file and whoever discards one wait for each other, across processes."""
    with (folder / "lock").open("ab") as lock:
        fcntl.flock(lock, how)
        yield


def _copy(content: IO[bytes], folder: Path, *, limit: int) -> Stored:
    incoming = _incoming(folder)
    digest, size = hashlib.sha256(), 0
    try:
        with incoming.open("wb") as file:
            while piece := content.read(MEGABYTE):
                size += len(piece)
                if size > limit:
                    raise ArchiveRefused
                digest.update(piece)
                file.write(piece)
        return settle(incoming, folder, Stored(digest.hexdigest(), size))
    finally:
        incoming.unlink(missing_ok=True)


def _wanted(member: zipfile.ZipInfo) -> bool:
    return not member.filename.startswith("__MACOSX/") and not member.filename.endswith(
        (".DS_Store", "Thumbs.db")
    )


def _name(member: zipfile.ZipInfo) -> str:
    """Chinese archives name their files in GBK without saying so."""
    name = member.filename
    if not member.flag_bits & _UTF8_NAMES:
        try:
            name = name.encode("cp437").decode("gbk")
        except UnicodeError:
            name = member.filename
    return shown_name(name)
