"""Pictures of pages, for people to see what a finding is about. Drawn in the sandbox like everything else."""

import io

import msgspec

from documents import sandbox
from documents.sandbox import Limits

JOB = "documents.images:draw"
PICTURE = b"I"
LARGEST_SIDE = 6000
_LIMITS = Limits(cpu_seconds=10, wall_seconds=20)


class Wanted(msgspec.Struct):
    path: str
    page: int
    width: int


def page_image(path: str, page: int, *, width: int) -> bytes | None:
    """A page as displayed, as PNG of so many pixels across; None where it cannot be drawn."""
    wanted = msgspec.msgpack.encode(Wanted(path=path, page=page, width=width))
    frames = sandbox.shared().run(JOB, wanted, limits=_LIMITS)
    return next((payload for kind, payload in list(frames) if kind == PICTURE), None)


def draw(arguments: bytes, emit: sandbox.Emit) -> None:
    """The sandbox's job. Finding boxes are in points: divide the width by the page's, to lay them over."""
    import pypdfium2 as pdfium

    wanted = msgspec.msgpack.decode(arguments, type=Wanted)
    document = pdfium.PdfDocument(wanted.path)
    page = document[wanted.page - 1]
    width, height = page.get_size()
    scale = min(wanted.width / width, LARGEST_SIDE / max(width, height))
    picture = io.BytesIO()
    page.render(scale=scale, may_draw_forms=True).to_pil().save(picture, "PNG")
    emit(PICTURE, picture.getvalue())
