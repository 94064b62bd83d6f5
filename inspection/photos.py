"""Photographs from the field: drawn anew in the sandbox, so that nothing hidden in the file survives."""

import io
from pathlib import Path

import msgspec

from documents import sandbox
from documents.sandbox import Limits

JOB = "inspection.photos:redraw"
PICTURE = b"I"
FORMATS = ("JPEG", "PNG", "WEBP")
LONGEST_SIDE = 2000
MOST_PIXELS = 80_000_000
QUALITY = 82
_LIMITS = Limits(cpu_seconds=10, wall_seconds=20)


def clean(path: Path) -> bytes | None:
    """The picture as JPEG, upright, at most 2,000 pixels long, without place, time or camera; None if it is none.

    What it is, is read from its content; its name and declared type say nothing. Takes some hundred milliseconds:
    run it in a thread.
    """
    frames = sandbox.shared().run(JOB, msgspec.msgpack.encode(str(path)), limits=_LIMITS)
    return next((payload for kind, payload in list(frames) if kind == PICTURE), None)


def redraw(arguments: bytes, emit: sandbox.Emit) -> None:
    """The sandbox's job."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # the library refuses beyond twice its limit
    with Image.open(msgspec.msgpack.decode(arguments, type=str), formats=FORMATS) as photo:
        photo.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(photo).convert("RGB")
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    upright.info.clear()
    picture = io.BytesIO()
    upright.save(picture, "JPEG", quality=QUALITY)
    emit(PICTURE, picture.getvalue())
