"""Pictures of pages, for people to see what a finding is about. Drawn in the sandbox like everything else."""

import contextlib
import hashlib
import io
import secrets
import threading
import time
from pathlib import Path

import msgspec

from documents import sandbox
from documents.report import BBox
from documents.sandbox import Limits

JOB = "documents.images:draw"
PICTURE = b"I"
LARGEST_SIDE = 6000
KEPT_SECONDS = 30 * 86_400
#: Drawings at once in one process; each is a child of its own.
ALONGSIDE = threading.BoundedSemaphore(2)
_LIMITS = Limits(cpu_seconds=10, wall_seconds=20)


class Wanted(msgspec.Struct, frozen=True):
    """A page, or a part of it (in points as displayed, origin top left), so many pixels across."""

    path: str
    page: int
    width: int
    clip: BBox | None = None


def page_image(path: str, page: int, *, width: int, clip: BBox | None = None) -> bytes | None:
    """A page as displayed, or a part of it, as PNG; None where it cannot be drawn."""
    wanted = msgspec.msgpack.encode(Wanted(path=path, page=page, width=width, clip=clip))
    with ALONGSIDE:
        frames = list(sandbox.shared().run(JOB, wanted, limits=_LIMITS))
    return next((payload for kind, payload in frames if kind == PICTURE), None)


def kept_image(
    file: Path, sha256: str, page: int, *, width: int, folder: Path, clip: BBox | None = None
) -> Path | None:
    """The same, drawn once and kept under the content's hash. What is in `folder` may be removed at any time.

    What nobody looked at for a month goes when another picture is drawn into the same part of the folder.
    """
    wanted = Wanted(path="", page=page, width=width, clip=clip)
    name = hashlib.sha256(msgspec.msgpack.encode(wanted)).hexdigest()[:16]
    path = folder / sha256[:2] / f"{sha256}-{name}.png"
    if path.exists():
        path.touch()
    else:
        picture = page_image(str(file), page, width=width, clip=clip)
        if picture is None:
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent, before=time.time() - KEPT_SECONDS)
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        draft.write_bytes(picture)
        draft.replace(path)
    return path


def _sweep(folder: Path, *, before: float) -> None:
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process sweeps too
            if path.stat().st_mtime < before:
                path.unlink()


def draw(arguments: bytes, emit: sandbox.Emit) -> None:
    """The sandbox's job. Finding boxes are in points: divide the width by the page's, to lay them over."""
    import pypdfium2 as pdfium

    wanted = msgspec.msgpack.decode(arguments, type=Wanted)
    document = pdfium.PdfDocument(wanted.path)
    page = document[wanted.page - 1]
    width, height = page.get_size()
    left, top, right, bottom = wanted.clip or (0.0, 0.0, width, height)
    scale = min(wanted.width / (right - left), LARGEST_SIDE / max(right - left, bottom - top))
    crop = (max(left, 0), max(height - bottom, 0), max(width - right, 0), max(top, 0))
    picture = io.BytesIO()
    page.render(scale=scale, crop=crop, may_draw_forms=True).to_pil().save(picture, "PNG", compress_level=4)
    emit(PICTURE, picture.getvalue())
