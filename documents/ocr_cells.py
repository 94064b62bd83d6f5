"""Ruled cells of a scanned sheet, recognised one phrase at a time: no search for text, which is what takes long.

Title blocks and stamps are tables near the border of the sheet. Their rules are found in a coarse picture; only they
are then drawn finely, and each cell's ink is cut into lines and phrases for the recogniser.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from documents import layout
from documents.layout import Frame
from documents.pages import POINTS_PER_MM, Bitmap, PageFacts
from documents.report import BBox
from documents.tables import Cell, tables_in

Recogniser = Callable[[Sequence[Bitmap]], list[tuple[str, float]]]
"""Text and confidence of pictures of one line each."""

_BAND = 100 * POINTS_PER_MM  # along each border of what is drawn
_CORNER = 200 * POINTS_PER_MM  # where a title block is wider and higher than that, with a stamp above it
_RIM = 8.0  # points around it: a rule shows between what is not one
_COARSE, _FINE = 1.5, 200 / 72  # pixels a point
_SHORT_SIDE = (4 * POINTS_PER_MM, 18 * POINTS_PER_MM)  # of a cell of a title block
_FEWEST_CELLS, _MOST_CELLS, _MOST_TABLES = 6, 160, 3
_INSET = 2.2  # points from a rule to the ink within
_DARK = 170
_THINNEST = 3.5 * POINTS_PER_MM  # two lines of writing are higher than that
_STROKE = 2.8  # points: the thickest part of a character that stands apart from the rest
_PHRASE_GAP = 1.1  # heights
_CHARACTER = 1.2  # heights: the widest
_CERTAIN = 0.93  # mean confidence of a character that stands upright
_TRIED = 6  # cells by which the direction of writing is judged
_PAD = 4  # pixels around a phrase


@dataclass(slots=True)
class Phrase:
    """Text, its box on the displayed page, confidence and angle of writing."""

    text: str
    bbox: BBox
    confidence: float
    angle: int


def read_cells(page: PageFacts, recognise: Recogniser) -> Iterator[Phrase]:
    """What stands in the tables along the border of a sheet, those with most cells first."""
    recognise = _remembering(recognise)
    for cells in _tables(page):
        region = layout.union(cell.bbox for cell in cells)
        picture = page.render(region, _FINE)
        boxes = [_inner(cell.bbox, region) for cell in cells]
        upright = sum(box[2] - box[0] >= box[3] - box[1] for box in boxes) * 2 >= len(boxes)
        inked = [box for box in boxes if (_cut(picture, box) < _DARK).any()]
        angles = (0, 180) if upright else (90, 270)
        angle = angles[0]
        if _sureness(picture, inked[:_TRIED], angle, recognise) < _CERTAIN:
            angle = max(angles, key=lambda each: _sureness(picture, inked[:_TRIED], each, recognise))
        yield from _phrases(picture, inked, angle, region, recognise)


def _remembering(recognise: Recogniser) -> Recogniser:
    """Each picture is recognised once, though the first cells also tell the direction of writing."""
    known: dict[bytes, tuple[str, float]] = {}

    def once(pictures: Sequence[Bitmap]) -> list[tuple[str, float]]:
        keys = [bytes(str(picture.shape), "ascii") + picture.tobytes() for picture in pictures]
        new = {key: picture for key, picture in zip(keys, pictures, strict=True) if key not in known}
        if new:
            known.update(zip(new, recognise(list(new.values())), strict=True))
        return [known[key] for key in keys]

    return once


def _tables(page: PageFacts) -> Iterator[list[Cell]]:
    """Cells of tables in the corners and in the bands along the borders, each table once."""
    whole = (0.0, 0.0, page.width, page.height)
    picture = page.render(whole, _COARSE)
    found: list[list[Cell]] = []
    for band in _outskirts(_inked(picture)):
        x0, top, x1, bottom = (round(side * _COARSE) for side in band)
        shades = picture[top:bottom, x0:x1]
        for table in tables_in(shades, _COARSE, band, page.frames[0], []):
            cells = [cell for cell in table.cells if _is_small(cell.bbox)]
            if _FEWEST_CELLS <= len(cells) <= _MOST_CELLS:
                found.append(cells)
    taken: list[BBox] = []
    for cells in sorted(found, key=len, reverse=True):
        box = layout.union(cell.bbox for cell in cells)
        if len(taken) < _MOST_TABLES and not any(layout.overlaps(box, other) for other in taken):
            taken.append(box)
            yield cells


def _inked(picture: Bitmap) -> BBox:
    """The part of the page that is drawn on: a sheet may lie askew on a larger page."""
    dark = picture < _DARK
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    if not len(rows):
        return 0.0, 0.0, 0.0, 0.0
    left, top, right, bottom = (int(edge) / _COARSE for edge in (columns[0], rows[0], columns[-1], rows[-1]))
    return max(left - _RIM, 0.0), max(top - _RIM, 0.0), right + _RIM, bottom + _RIM


def _outskirts(sheet: BBox) -> Iterator[BBox]:
    """Where on a sheet title blocks and stamps stand."""
    x0, y0, x1, y1 = sheet
    for left, right in ((max(x1 - _CORNER, x0), x1), (x0, min(x0 + _CORNER, x1))):
        for top, bottom in ((max(y1 - _CORNER, y0), y1), (y0, min(y0 + _CORNER, y1))):
            yield left, top, right, bottom
    yield x0, max(y1 - _BAND, y0), x1, y1
    yield max(x1 - _BAND, x0), y0, x1, y1
    yield x0, y0, x1, min(y0 + _BAND, y1)
    yield x0, y0, min(x0 + _BAND, x1), y1


def _is_small(box: BBox) -> bool:
    return _SHORT_SIDE[0] <= min(box[2] - box[0], box[3] - box[1]) <= _SHORT_SIDE[1]


def _inner(cell: BBox, region: BBox) -> tuple[int, int, int, int]:
    """The inside of a cell, in pixels of the picture of the region."""
    x0, top, x1, bottom = cell
    sides = (
        x0 + _INSET - region[0],
        top + _INSET - region[1],
        x1 - _INSET - region[0],
        bottom - _INSET - region[1],
    )
    left, upper, right, lower = (round(side * _FINE) for side in sides)
    return max(left, 0), max(upper, 0), right, lower


def _cut(picture: Bitmap, box: tuple[int, int, int, int]) -> Bitmap:
    return picture[box[1] : box[3], box[0] : box[2]]


def _sureness(
    picture: Bitmap, boxes: Sequence[tuple[int, int, int, int]], angle: int, recognise: Recogniser
) -> float:
    pictures = [_turned(_cut(picture, box), angle) for box in boxes]
    lines = [image[y0:y1, x0:x1] for image in pictures for x0, y0, x1, y1 in _ink(image)]
    found = recognise(lines) if lines else []
    return sum(sure * len(text) for text, sure in found) / max(sum(len(text) for text, _ in found), 1)


def _turned(picture: Bitmap, angle: int) -> Bitmap:
    """So that writing at the angle stands upright."""
    return np.ascontiguousarray(np.rot90(picture, -(angle // 90)))


def _phrases(
    picture: Bitmap,
    boxes: Sequence[tuple[int, int, int, int]],
    angle: int,
    region: BBox,
    recognise: Recogniser,
) -> Iterator[Phrase]:
    places: list[BBox] = []
    images: list[Bitmap] = []
    for box in boxes:
        cell = _cut(picture, box)
        image = _turned(cell, angle)
        frame = Frame(angle, cell.shape[1], cell.shape[0])
        for x0, top, x1, bottom in _ink(image):
            images.append(image[top:bottom, x0:x1])
            shown = frame.displayed((x0 + _PAD, top + _PAD, x1 - _PAD, bottom - _PAD))
            offset = (box[0], box[1], box[0], box[1])
            places.append(_points([side + by for side, by in zip(shown, offset, strict=True)], region))
    for place, (text, sure) in zip(places, recognise(images), strict=True):
        if text:
            yield Phrase(text, place, sure, angle)


def _points(box: Sequence[float], region: BBox) -> BBox:
    x0, top, x1, bottom = (side / _FINE for side in box)
    return region[0] + x0, region[1] + top, region[0] + x1, region[1] + bottom


def _ink(image: Bitmap) -> Iterator[tuple[int, int, int, int]]:
    """Boxes of phrases in an upright picture of a cell, padded: first by lines, then by wide gaps."""
    dark = image < _DARK
    rows, columns = image.shape
    for top, bottom in _lines(np.asarray(dark.any(axis=1))):
        for left, right in _phrase_sides(dark[top:bottom]):
            yield (
                max(left - _PAD, 0), max(top - _PAD, 0), min(right + 1 + _PAD, columns), min(bottom + _PAD, rows)
            )  # fmt: skip


def _phrase_sides(line: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Left and right sides of a line's phrases. Characters that stand alone, far apart, are one word spaced out."""
    height = len(line)
    filled = np.flatnonzero(line.any(axis=0)).tolist()
    gaps = [(a, b) for a, b in pairwise(filled) if b - a > _PHRASE_GAP * height]
    starts, ends = [filled[0], *(b for _, b in gaps)], [*(a for a, _ in gaps), filled[-1]]
    sides = list(zip(starts, ends, strict=True))
    if len(sides) > 1 and all(right - left <= _CHARACTER * height for left, right in sides):
        return [(filled[0], filled[-1])]
    return sides


def _lines(filled: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Rows of ink as lines; the strokes of 三 are not lines of their own, nor is a speck."""
    edges = np.flatnonzero(np.diff(filled, prepend=False, append=False))
    merged: list[tuple[int, int]] = []
    for top, bottom in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if merged and _is_one_line(merged[-1], (top, bottom)):
            merged[-1] = (merged[-1][0], bottom)
        else:
            merged.append((top, bottom))
    return [(top, bottom) for top, bottom in merged if bottom - top > _FINE]


def _is_one_line(above: tuple[int, int], below: tuple[int, int]) -> bool:
    """Nearly touching, or a stroke of the same character: a translation beneath its label is higher than that."""
    if below[0] - above[1] <= 1:
        return True
    thinner = min(above[1] - above[0], below[1] - below[0])
    return thinner <= _STROKE * _FINE and below[1] - above[0] <= _THINNEST * _FINE
