"""Ruled tables: lines found in PDFium's rendering and its characters, handed to pdfplumber's TableFinder.

Rendering a region costs milliseconds, for PDFium culls what lies outside, while walking the objects of a CAD sheet
costs more than drawing it. Lines are then found alike in plain pages, nested forms, images and stroke drawings.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from pdfplumber.table import TableFinder

from documents import layout
from documents.layout import Char, Frame, Span
from documents.pages import MAX_RENDER_PIXELS, Bitmap, PageFacts
from documents.report import BBox

_DARK = 215  # grey below this is ink; hairlines are drawn at least one pixel wide
_SHORTEST_PT = 12.0
_NARROWEST_PT = 60.0
_FEWEST_EDGES = 4
_COARSEST = 0.5  # pixels a point: below, lines run together
_WIDEST_PT = 4.0  # of a rule
_ALIKE = 40  # shades of grey that are still one filled area
_SAMPLES = (0.11, 0.29, 0.47, 0.64, 0.83)  # along a run; a crossing rule meets few of them
_MOST_SOLID = 3
_SEAL_RED = 60  # how much redder than green and blue
_MAX_RUNS = 6_000
Ink = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]
_SETTINGS = {
    "snap_tolerance": 2.5,
    "join_tolerance": 2.5,
    "edge_min_length": _SHORTEST_PT,
    "intersection_tolerance": 3,
}


@dataclass(slots=True)
class Cell:
    """`bbox` is the ruled box, `ink` the box of the text in it; both in the upright frame of the writing."""

    bbox: BBox
    text: str
    ink: BBox | None
    lines: list[Span] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    bbox: BBox
    rows: list[list[Cell | None]]

    @property
    def cells(self) -> Iterator[Cell]:
        return (cell for row in self.rows for cell in row if cell is not None)


class _RuledPage:
    """What TableFinder asks of a pdfplumber page."""

    def __init__(self, edges: list[dict[str, Any]], bbox: BBox) -> None:
        self.edges = edges
        self.bbox = bbox
        self.chars: list[dict[str, Any]] = []


def find_tables(
    page: PageFacts, *, angle: int, region: BBox | None = None, scale: float = 1.5, red: bool = False
) -> list[Table]:
    """Tables of text written at `angle`, within a region of the displayed page; boxes in that upright frame.

    With `red`, only red lines rule: a stamp is read apart from the black drawing that it lies on.
    """
    frame = page.frames[angle]
    region = region or (0.0, 0.0, page.width, page.height)
    scale = min(scale, math.sqrt(0.99 * MAX_RENDER_PIXELS / max(page.area_of(region), 1.0)))
    if scale < _COARSEST:
        return []
    shades = page.render(region, scale, colour=red)
    if red:
        shades = np.where(red_ink(shades), np.uint8(0), np.uint8(255))
    return tables_in(shades, scale, region, frame, page.chars)


def tables_in(shades: Bitmap, scale: float, region: BBox, frame: Frame, chars: Sequence[Char]) -> list[Table]:
    """Tables in a picture of a region, filled with those of the page's characters that stand in them."""
    edges = [_edge(frame, box) for box in rulings(shades, scale, region)]
    if len(edges) < _FEWEST_EDGES or len(edges) >= _MAX_RUNS:
        return []
    inside = [char for char in frame.turn(chars) if _inside(char, frame.upright(region))]
    found = TableFinder(cast("Any", _RuledPage(edges, frame.upright(region))), _SETTINGS).tables
    # Strokes of a large 目 or 面 form boxes too.
    wide = [
        table for table in found if len(table.cells) > 1 and table.bbox[2] - table.bbox[0] >= _NARROWEST_PT
    ]
    tables = [_filled([row.cells for row in table.rows], table.bbox, inside) for table in wide]
    return sorted(tables, key=lambda table: (table.bbox[1], table.bbox[0]))


def red_ink(colours: Bitmap) -> Ink:
    """Where the rendering is red, as seals and stamps are."""
    red, green, blue = (colours[:, :, channel].astype(np.int16) for channel in range(3))
    return (red - green > _SEAL_RED) & (red - blue > _SEAL_RED)


def rulings(shades: Bitmap, scale: float, region: BBox) -> Iterator[BBox]:
    """Straight horizontal and vertical strokes as boxes without thickness, in displayed points."""
    shortest, widest = int(_SHORTEST_PT * scale), max(round(_WIDEST_PT * scale), 2)
    left, top = max(region[0], 0.0), max(region[1], 0.0)
    for row, start, end in _runs(shades, shortest, widest):
        y = top + (row + 0.5) / scale
        yield left + start / scale, y, left + end / scale, y
    for column, start, end in _runs(np.ascontiguousarray(shades.T), shortest, widest):
        x = left + (column + 0.5) / scale
        yield x, top + start / scale, x, top + end / scale


def _runs(shades: Bitmap, shortest: int, widest: int) -> list[tuple[int, int, int]]:
    """Runs of ink along the rows that are no wider across: (row, from, to)."""
    rows, columns = shades.shape
    padded = np.zeros((rows, columns + 2), dtype=np.int8)
    padded[:, 1:-1] = shades < _DARK
    steps = np.diff(padded, axis=1).ravel()
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    long = ends - starts >= shortest
    starts, ends = starts[long], ends[long]
    row, start, end = starts // (columns + 1), starts % (columns + 1), ends % (columns + 1)
    thin = ~_solid(shades, row, start, end, widest)
    return list(zip(row[thin].tolist(), start[thin].tolist(), end[thin].tolist(), strict=True))


def _solid(shades: Bitmap, row: Places, start: Places, end: Places, widest: int) -> npt.NDArray[np.bool_]:
    """Which runs belong to a filled area, be it a star in a seal or a shaded cell: as dark beside them as on them.

    Left in, they would pull the rules of a whole page towards them when near ones are snapped together.
    """
    solid = np.zeros(len(row), dtype=np.int8)
    for part in _SAMPLES:
        column = start + ((end - start) * part).astype(np.intp)
        here = shades[row, column].astype(np.int16) + _ALIKE
        sides = np.zeros(len(row), dtype=bool)
        for step in (1, -1):
            near, far = (np.clip(row + step * by, 0, len(shades) - 1) for by in (max(widest // 2, 1), widest))
            sides |= (shades[near, column] <= here) & (shades[far, column] <= here)
        solid += sides
    return solid > _MOST_SOLID


def _edge(frame: Frame, box: BBox) -> dict[str, Any]:
    x0, top, x1, bottom = frame.upright(box)
    horizontal = x1 - x0 >= bottom - top
    return {
        "x0": x0,
        "x1": x1,
        "top": top,
        "bottom": bottom,
        "width": x1 - x0,
        "height": bottom - top,
        "orientation": "h" if horizontal else "v",
        "object_type": "line",
    }


def _inside(char: Char, box: BBox) -> bool:
    return box[0] <= (char.x0 + char.x1) / 2 < box[2] and box[1] <= (char.top + char.bottom) / 2 < box[3]


def _filled(rows: list[list[BBox | None]], bbox: BBox, chars: list[Char]) -> Table:
    chars = [char for char in chars if _inside(char, bbox)]
    return Table(bbox, [[_cell(box, chars) if box else None for box in row] for row in rows])


def _cell(box: BBox, chars: list[Char]) -> Cell:
    lines = layout.lines([char for char in chars if _inside(char, box)])
    text = "\n".join(line.text for line in lines)
    return Cell(box, text, layout.union(line.bbox for line in lines) if lines else None, lines)
