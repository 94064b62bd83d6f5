"""Recognised text of pages that carry none: the optional extra `ocr`, in a sandbox of its own.

The models ship inside the wheel and run offline. Recognition takes seconds a page and up to 1.2 GB, so of a sheet only
the corners are read, until a title block shows. What is recognised is never enough to reject anything.
"""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from documents import normalise, skew
from documents.layout import Frame, overlaps, union
from documents.report import BBox, Content
from documents.rulebook import shipped
from documents.sandbox import Emit, Ended, Limits, Sandbox

if TYPE_CHECKING:
    from documents.pages import Bitmap, PageFacts

JOB = "documents.ocr:recognise_pages"
PAGE = b"P"
MAX_PAGES = 20
#: ONNX reserves far more address space than it uses.
LIMITS = Limits(memory_bytes=6 << 30, cpu_seconds=240, wall_seconds=300)
_DPI = 150
_SHEET_SIDE_PT = 1200.0
_SKEW_SIDE = 1600  # pixels of the longer side of the picture by which skew is judged
_CORNER = 0.42  # of a sheet's sides
_FEWEST_LABELS = 2
_AROUND = 57.0  # points: a row of a title block
_TITLE_BLOCK_FIELDS = ("drawing_number", "drawing_title", "project_name")
_SURE = 0.5
_SQUEEZE = 0.8  # square characters stay as legible so
_UPRIGHT_SHARE = 0.5
_LEGIBLE = 0.8  # mean confidence of a page that stands upright


class Recognised(msgspec.Struct):
    """One line; the box in displayed points, the angle of writing counter-clockwise."""

    text: str
    bbox: BBox
    confidence: float
    angle: int = 0


class Wanted(msgspec.Struct):
    path: str
    pages: list[int]


class Found(msgspec.Struct):
    """The lines of a page; where it is skewed (degrees, see `skew`), their boxes are those of the straightened page."""

    page: int
    lines: list[Recognised]
    skew: float = 0.0


def available() -> bool:
    return importlib.util.find_spec("rapidocr_onnxruntime") is not None


_sandbox = Sandbox("documents.ocr_cells", "documents.ocr_engine")


def recognise(
    path: str, pages: Sequence[int], *, used: Callable[[Ended], None] | None = None
) -> dict[int, Found]:
    """What was found, by page number; a page that could not be recognised in time is left out."""
    wanted = msgspec.msgpack.encode(Wanted(path=path, pages=list(pages[:MAX_PAGES])))
    frames = list(_sandbox.run(JOB, wanted, limits=LIMITS))
    found = [msgspec.msgpack.decode(payload, type=Found) for kind, payload in frames if kind == PAGE]
    if used:
        used(msgspec.msgpack.decode(frames[-1][1], type=Ended))
    return {each.page: each for each in found}


def recognise_pages(arguments: bytes, emit: Emit) -> None:
    """The sandbox's job: a PAGE frame for each page as it is done."""
    import pypdfium2 as pdfium

    from documents.ocr_engine import engine
    from documents.pages import read_pages

    wanted = msgspec.msgpack.decode(arguments, type=Wanted)
    document = pdfium.PdfDocument(wanted.path)
    for facts in read_pages(document, user_units={}, limit=max(wanted.pages)):
        if isinstance(facts, int) or facts.number not in wanted.pages:
            continue
        if facts.content is Content.SCAN:
            facts.straighten(_skew(facts))
        lines = list(_in_cells(engine, facts))
        for region in _regions(facts.width, facts.height, lines):
            found = _in_region(engine, facts.render(region, _DPI / 72), region)
            lines += [line for line in found if not any(overlaps(line.bbox, old.bbox) for old in lines)]
            if _labels(lines) >= _FEWEST_LABELS:
                break
        turned = facts.skew.degrees if facts.skew else 0.0
        emit(PAGE, msgspec.msgpack.encode(Found(page=facts.number, lines=lines, skew=turned)))


def _skew(page: "PageFacts") -> float:
    picture = page.render((0, 0, page.width, page.height), _SKEW_SIDE / max(page.width, page.height))
    return skew.degrees(picture)


def _labels(lines: Sequence[Recognised]) -> int:
    """How many of the labels that every title block has; a stamp or a heading may have one of them."""
    texts = [normalise.compact(line.text) for line in lines]
    return sum(any(text.startswith(words) for text in texts) for words in _title_block_words())


@cache
def _title_block_words() -> list[tuple[str, ...]]:
    labels = shipped().sheets.title_block.labels
    return [tuple(map(normalise.compact, labels[name])) for name in _TITLE_BLOCK_FIELDS]


def _in_cells(engine: Any, page: "PageFacts") -> Iterator[Recognised]:
    """Of a sheet, the ruled cells along its border."""
    if max(page.width, page.height) < _SHEET_SIDE_PT:
        return
    import cv2

    from documents.ocr_cells import read_cells
    from documents.ocr_engine import ROWS

    def narrowed(picture: "Bitmap") -> Any:
        rows, columns = picture.shape
        size = (max(round(columns * ROWS / rows * _SQUEEZE), 1), ROWS)
        return cv2.cvtColor(cv2.resize(picture, size), cv2.COLOR_GRAY2BGR)

    def recognise(pictures: "Sequence[Bitmap]") -> list[tuple[str, float]]:
        found, _ = engine.text_rec([narrowed(picture) for picture in pictures])
        return [(str(text), float(sure)) for text, sure in found]

    for phrase in read_cells(page, recognise):
        if phrase.confidence >= _SURE:
            yield Recognised(
                text=phrase.text, bbox=phrase.bbox, confidence=phrase.confidence, angle=phrase.angle
            )


def _regions(width: float, height: float, known: Sequence[Recognised]) -> Iterator[BBox]:
    """The page; of a sheet what is left to look through: around a title block known in part, or the corners."""
    page = (0.0, 0.0, width, height)
    if max(width, height) < _SHEET_SIDE_PT:
        yield page
        return
    if _labels(known) == len(_TITLE_BLOCK_FIELDS):
        return
    words = tuple(word for words in _title_block_words() for word in words)
    labels = [line.bbox for line in known if normalise.compact(line.text).startswith(words)]
    if len(labels) >= _FEWEST_LABELS:
        near = _grown(union(labels), page)
        yield _grown(union(line.bbox for line in known if overlaps(line.bbox, near)), page)
    left, right = (0.0, width * _CORNER), (width * (1 - _CORNER), width)
    top, bottom = (0.0, height * _CORNER), (height * (1 - _CORNER), height)
    yield from ((x0, y0, x1, y1) for x0, x1 in (right, left) for y0, y1 in (bottom, top))


def _grown(box: BBox, page: BBox) -> BBox:
    x0, top, x1, bottom = box
    return (
        max(x0 - _AROUND, 0.0), max(top - _AROUND, 0.0), min(x1 + _AROUND, page[2]), min(bottom + _AROUND, page[3]),
    )  # fmt: skip


def _in_region(engine: Any, picture: "Bitmap", region: BBox) -> Iterator[Recognised]:
    """Lines of a picture; one that lies on its side is turned, both ways, and the better reading taken."""
    import numpy as np

    scale = _DPI / 72
    readings = {0: _lines(engine, picture)}
    wide = sum(box[2] - box[0] >= box[3] - box[1] for _, box, _ in readings[0])
    if readings[0] and wide < _UPRIGHT_SHARE * len(readings[0]):
        # Text at 90° reads upwards: turned clockwise, it stands upright.
        readings = {90: _lines(engine, np.rot90(picture, -1)), 270: _lines(engine, np.rot90(picture, 1))}
    elif readings[0] and sum(sure for _, _, sure in readings[0]) < _LEGIBLE * len(readings[0]):
        readings[180] = _lines(engine, np.rot90(picture, 2))
    angle, best = max(readings.items(), key=lambda item: sum(sure * len(text) for text, _, sure in item[1]))
    rows, columns = picture.shape[:2]
    frame = Frame(angle, columns, rows)
    for text, box, sure in best:
        x0, top, x1, bottom = (side / scale for side in frame.displayed(box))
        shown = (region[0] + x0, region[1] + top, region[0] + x1, region[1] + bottom)
        yield Recognised(text=text, bbox=shown, confidence=sure, angle=angle)


def _lines(engine: Any, picture: "Bitmap") -> list[tuple[str, BBox, float]]:
    import numpy as np

    # Without its own turning of lines by 180°, or both ways of turning the page would read alike.
    found, _ = engine(np.ascontiguousarray(np.repeat(picture[:, :, None], 3, axis=2)), use_cls=False)
    lines = []
    for corners, text, sure in found or []:
        xs, ys = [float(corner[0]) for corner in corners], [float(corner[1]) for corner in corners]
        if float(sure) >= _SURE:
            lines.append((str(text), (min(xs), min(ys), max(xs), max(ys)), float(sure)))
    return lines
