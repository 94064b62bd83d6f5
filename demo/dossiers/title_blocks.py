"""Title blocks in several forms and places.

`HELD_OUT` ones serve to judge the reader only: nothing may be tuned on them.
"""

from collections.abc import Callable, Mapping, Sequence

from demo.dossiers.paper import MM, Box, Paper, text_width
from demo.dossiers.sheet import BLOCK_FIELDS, LETTERS, SIGNED, Drawing
from demo.dossiers.varied_blocks import VARIED, varied_block


def _cell(
    paper: Paper, item: Drawing, key: str, box: Box, *, label: str | None = None, size: float = LETTERS
) -> None:
    """A ruled cell: its label at the left, or above where the cell is narrow, and the value in a cell of its own."""
    name = label or BLOCK_FIELDS[key]
    x0, top, x1, bottom = box
    split = x0 + text_width(name, size) + 8
    paper.rect((x0, top, split, bottom))
    paper.rect((split, top, x1, bottom))
    paper.mark(f"{item.number}:label:{key}", paper.text(x0 + 4, (top + bottom) / 2 + size * 0.35, name, size))
    _value(paper, item, key, (split, top, x1, bottom), size)


def _value(paper: Paper, item: Drawing, key: str, cell: Box, size: float) -> None:
    text, base = item.block.get(key, ""), (cell[1] + cell[3]) / 2 + size * 0.35
    room = cell[2] - cell[0] - 6
    while text and text_width(text, size) > room and size > 4:  # noqa: PLR2004 - no smaller than can be read
        size -= 0.5
    box = paper.text(cell[0] + 3, base, text, size)
    paper.mark(f"{item.number}:cell:{key}", cell)
    paper.mark(f"{item.number}:{key}", box if text else cell)


def _corner(paper: Paper, item: Drawing, x: float, y: float) -> None:
    """180 × 56 mm, the proportions of GB/T 10609.1; its top left corner at (x, y)."""
    width = 180 * MM
    row = 8 * MM
    _cell(paper, item, "designer", (x, y, x + width, y + row))
    pairs = (("construction_unit", "project_number"), ("project_name", "discipline"), ("drawing_title", "stage"),
             ("drawing_number", "date"), ("scale", "revision"))  # fmt: skip
    for index, (wide, narrow) in enumerate(pairs, 1):
        top = y + index * row
        _cell(paper, item, wide, (x, top, x + width * 0.66, top + row))
        _cell(paper, item, narrow, (x + width * 0.66, top, x + width, top + row))
    share = width / len(SIGNED)
    for index, role in enumerate(SIGNED):
        left = x + index * share
        _cell(paper, item, role, (left, y + 6 * row, left + share, y + 7 * row), label=role, size=8)


def _corner_block(paper: Paper, item: Drawing, inner: Box) -> Box:
    _corner(paper, item, inner[2] - 180 * MM, inner[3] - 56 * MM)
    return inner[0], inner[1], inner[2], inner[3] - 56 * MM


def _turned_block(paper: Paper, item: Drawing, inner: Box) -> Box:
    """In the upper right corner, written upwards."""
    with paper.turned(inner[2] - 56 * MM, inner[1] + 180 * MM, 90):
        _corner(paper, item, 0, 0)
    return inner[0], inner[1], inner[2] - 56 * MM, inner[3]


def _strip_block(paper: Paper, item: Drawing, inner: Box) -> Box:
    """A strip of 60 mm along the right edge, one field below the other."""
    x0 = inner[2] - 60 * MM
    paper.line(x0, inner[1], x0, inner[3], width=1.2)
    keys = [*BLOCK_FIELDS, *SIGNED]
    row = 9 * MM
    top = inner[3] - row * len(keys)
    for index, key in enumerate(keys):
        y = top + index * row
        _cell(paper, item, key, (x0, y, inner[2], y + row), label=BLOCK_FIELDS.get(key, key))
    return inner[0], inner[1], x0, inner[3]


def _bottom_block(paper: Paper, item: Drawing, inner: Box) -> Box:
    """A strip of 36 mm along the lower edge."""
    top = inner[3] - 36 * MM
    width = inner[2] - inner[0]
    keys = list(BLOCK_FIELDS)
    rows: tuple[Sequence[str], ...] = (keys[:4], keys[4:8], keys[8:], SIGNED)
    row = 9 * MM
    for number, names in enumerate(rows):
        share = width / len(names)
        for index, key in enumerate(names):
            left: float = inner[0] + index * share
            y = top + number * row
            _cell(paper, item, key, (left, y, left + share, y + row), label=BLOCK_FIELDS.get(key, key))
    return inner[0], inner[1], inner[2], top


def _labels_above(paper: Paper, item: Drawing, inner: Box) -> Box:
    """Held out. A right strip whose small labels stand above large values in the same cell."""
    x0 = inner[2] - 50 * MM
    keys = [*BLOCK_FIELDS, *SIGNED]
    row = min(14 * MM, (inner[3] - inner[1]) / len(keys))
    top = inner[3] - row * len(keys)
    for index, key in enumerate(keys):
        cell = (x0, top + index * row, inner[2], top + (index + 1) * row)
        paper.rect(cell)
        label = paper.text(x0 + 3, cell[1] + 9, BLOCK_FIELDS.get(key, key), 6.5)
        paper.mark(f"{item.number}:label:{key}", label)
        _value(paper, item, key, (x0, cell[1] + row / 2, inner[2], cell[3]), 9)
    return inner[0], inner[1], x0, inner[3]


def _left_corner(paper: Paper, item: Drawing, inner: Box) -> Box:
    """Held out. In the lower left corner, written downwards."""
    with paper.turned(inner[0] + 56 * MM, inner[3] - 180 * MM, 270):
        _corner(paper, item, 0, 0)
    return inner[0] + 56 * MM, inner[1], inner[2], inner[3]


Block = Callable[[Paper, Drawing, Box], Box]
"""Draws the title block and returns what is left of the sheet."""

#: Half of all offices have a form of their own.
LAYOUTS = ("corner", "turned", "strip", "bottom", VARIED, VARIED, VARIED, VARIED)
TUNED: Mapping[str, Block] = {
    "corner": _corner_block,
    "turned": _turned_block,
    "strip": _strip_block,
    "bottom": _bottom_block,
}
HELD_OUT: Mapping[str, Block] = {"labels_above": _labels_above, "left_corner": _left_corner}
BLOCKS: Mapping[str, Block] = {**TUNED, **HELD_OUT}


def title_block(layout: str) -> Block:
    """The block of that name; `varied-SEED` draws one of its own."""
    return varied_block(layout) if layout.startswith(VARIED) else BLOCKS[layout]
