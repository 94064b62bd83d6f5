"""Labelled blocks of a drawing sheet: the title block (图签) and the as-built stamp (竣工图章).

They may stand in any corner and be written in any of four directions. Labels that the rule book knows are looked up
among the sheet's words; where enough of them stand together, the ruled cells around them say which value is whose.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from documents import layout, normalise
from documents.layout import Span
from documents.pages import POINTS_PER_MM, PageFacts
from documents.report import BBox
from documents.tables import Cell, Table, find_tables

# Labels of one block stand no further apart, across and down: in a corner block, or in a strip along the sheet.
_NEAR = tuple((across * POINTS_PER_MM, down * POINTS_PER_MM) for across, down in ((62, 62), (160, 25)))
_REACH = 270 * POINTS_PER_MM  # from a label to the far end of its value's cell
_AROUND = 20 * POINTS_PER_MM
_FEWEST_LABELS = 3
_TOUCH = 4.0  # points between cells that share a line


@dataclass(slots=True)
class Entry:
    """What stands at a label. `text` is empty where nothing does. Boxes are displayed points."""

    label: str
    text: str
    bbox: BBox
    label_box: BBox
    cell: BBox | None = None


@dataclass(slots=True)
class Block:
    bbox: BBox
    angle: int
    entries: dict[str, Entry] = field(default_factory=dict)
    ruled: bool = False


@dataclass(slots=True)
class _Label:
    name: str
    span: Span
    rest: Span | None  # what follows the label in the same phrase: 图号：建施-01


def find_block(
    page: PageFacts, labels: Mapping[str, Sequence[str]], *, any_of: Iterable[str], red: bool = False
) -> Block | None:
    """The block with the most labels, or None where fewer than three of them, or none of `any_of`, stand together."""
    meanings = {normalise.compact(word): name for name, words in labels.items() for word in words}
    any_label = re.compile("|".join(map(re.escape, meanings)))
    best: tuple[int, int, list[_Label]] | None = None
    for angle in page.frames:
        lines = (line for line in page.lines_at(angle) if any_label.search(normalise.compact(line.text)))
        words = (word for line in lines for word in _words(line, meanings))
        for cluster in _clusters([label for word in words if (label := _label(word, meanings))]):
            names = {label.name for label in cluster}
            if (
                len(names) >= _FEWEST_LABELS
                and names & set(any_of)
                and (best is None or len(names) > best[0])
            ):
                best = len(names), angle, cluster
    if best is None:
        return None
    _, angle, cluster = best
    return _read(page, angle, cluster, meanings, red=red)


def _words(line: Span, meanings: Mapping[str, str]) -> Iterator[Span]:
    """Phrases of a line; a label may be spaced out (图 名), or stand close to its value (图名 平面图)."""
    for phrase in layout.spans(line, gap=0.9):
        parts = [] if _label(phrase, meanings) else list(layout.spans(phrase, gap=0.3))
        yield from parts if any(_label(part, meanings) for part in parts) else [phrase]


def _label(span: Span, meanings: Mapping[str, str]) -> _Label | None:
    text = "".join(normalise.char(char.text) for char in span.chars)
    if name := meanings.get(text.rstrip(":")):
        return _Label(name, span, None)
    head, colon, rest = text.partition(":")
    if colon and rest and (name := meanings.get(head)):
        cut = len(head) + 1
        first, second = span.chars[:cut], span.chars[cut:]
        return _Label(
            name, Span(head, layout.box_of(first), first), Span(rest, layout.box_of(second), second)
        )
    return None


def _clusters(labels: list[_Label]) -> list[list[_Label]]:
    """Labels linked by nearness, largest group first."""
    clusters: list[list[_Label]] = []
    for label in labels:
        touching = [c for c in clusters if any(_near(label.span.bbox, other.span.bbox) for other in c)]
        merged = [label, *(other for cluster in touching for other in cluster)]
        clusters = [cluster for cluster in clusters if cluster not in touching] + [merged]
    return sorted(clusters, key=len, reverse=True)


def _near(a: BBox, b: BBox) -> bool:
    across, down = max(a[0], b[0]) - min(a[2], b[2]), max(a[1], b[1]) - min(a[3], b[3])
    return any(across <= widest and down <= tallest for widest, tallest in _NEAR)


def _read(
    page: PageFacts,
    angle: int,
    labels: list[_Label],
    meanings: Mapping[str, str],
    *,
    red: bool,
) -> Block:
    frame = page.frames[angle]
    x0, top, x1, bottom = layout.union(label.span.bbox for label in labels)
    around = (x0 - _AROUND, top - _AROUND, x1 + _REACH, bottom + _AROUND)
    near = (line for line in page.lines_at(angle) if layout.overlaps(line.bbox, around))
    words = [word for line in near for word in _words(line, meanings)]
    region = frame.displayed(around)
    found = find_tables(page, angle=angle, region=region, scale=2.0, red=red)
    if red and not found:
        found = find_tables(page, angle=angle, region=region, scale=2.0)
    held = [table for table in found if any(_holds(table.bbox, label.span.bbox) for label in labels)]
    reader = _Reader(held, words, labels, meanings)
    inside = layout.union([label.span.bbox for label in labels] + [t.bbox for t in held])
    block = Block(frame.displayed(inside), angle, ruled=bool(held))
    for label in labels:
        text, box, cell = reader.value(label)
        if label.name in block.entries and block.entries[label.name].text:
            continue
        block.entries[label.name] = Entry(
            label=label.span.text,
            text=text,
            bbox=frame.displayed(box or label.span.bbox),
            label_box=frame.displayed(label.span.bbox),
            cell=frame.displayed(cell) if cell else None,
        )
    return block


def _holds(outer: BBox, inner: BBox) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x < outer[2] and outer[1] <= y < outer[3]


def _level_with(cell: Cell, label: _Label) -> tuple[str, BBox | None]:
    """Lettering of the drawing may shine through a stamp: of several lines, the one level with the label counts."""
    middle = (label.span.bbox[1] + label.span.bbox[3]) / 2
    level = [line for line in cell.lines if line.bbox[1] <= middle < line.bbox[3]]
    if len(cell.lines) > 1 and len(level) == 1 and level[0].height <= 1.5 * label.span.height:
        return level[0].text, level[0].bbox
    return cell.text, cell.ink


class _Reader:
    """Finds the value of a label: in its own cell, in the next, in the one below; without rules, by white space."""

    def __init__(
        self, tables: list[Table], words: list[Span], labels: list[_Label], meanings: Mapping[str, str]
    ) -> None:
        self._cells = [cell for table in tables for cell in table.cells]
        self._words = words
        self._label_boxes = {label.span.bbox for label in labels}
        self._meanings = meanings

    def value(self, label: _Label) -> tuple[str, BBox | None, BBox | None]:
        """Text, its box, and the cell that it stands or should stand in."""
        if label.rest is not None:
            return label.rest.text, label.rest.bbox, None
        cell = next((cell for cell in self._cells if _holds(cell.bbox, label.span.bbox)), None)
        if cell is None:
            return self._by_white_space(label)
        if own := self._in_label_cell(cell, label):
            return own[0], own[1], cell.bbox
        if beside := self._cell_beside(cell, label):
            return *_level_with(beside, label), beside.bbox
        if (below := self._cell_below(cell, label)) and below.text:
            return below.text, below.ink, below.bbox
        return "", None, cell.bbox

    def _cell_beside(self, cell: Cell, label: _Label) -> Cell | None:
        middle = (label.span.bbox[1] + label.span.bbox[3]) / 2
        touching = (
            other
            for other in self._cells
            if abs(other.bbox[0] - cell.bbox[2]) <= _TOUCH and other.bbox[1] <= middle < other.bbox[3]
        )
        return next((other for other in touching if not self._is_label(other)), None)

    def _cell_below(self, cell: Cell, label: _Label) -> Cell | None:
        centre = (label.span.bbox[0] + label.span.bbox[2]) / 2
        touching = (
            other
            for other in self._cells
            if abs(other.bbox[1] - cell.bbox[3]) <= _TOUCH and other.bbox[0] <= centre < other.bbox[2]
        )
        return next((other for other in touching if not self._is_label(other)), None)

    def _in_label_cell(self, cell: Cell, label: _Label) -> tuple[str, BBox] | None:
        """Text in the label's own cell that belongs to no label."""
        others = [
            word
            for word in self._words
            if _holds(cell.bbox, word.bbox) and word.bbox != label.span.bbox and not self._meaning(word)
        ]
        if not others:
            return None
        return "".join(word.text for word in others), layout.union(word.bbox for word in others)

    def _by_white_space(self, label: _Label) -> tuple[str, BBox | None, BBox | None]:
        _, top, right, bottom = label.span.bbox
        middle = (top + bottom) / 2
        beside = min(
            (w for w in self._words if w.bbox[0] >= right and w.bbox[1] <= middle < w.bbox[3]),
            key=lambda word: word.bbox[0],
            default=None,
        )
        if beside is None or beside.bbox[0] - right > _REACH or self._meaning(beside):
            return "", None, None
        return beside.text, beside.bbox, None

    def _is_label(self, cell: Cell) -> bool:
        text = normalise.compact(cell.text).rstrip(":")
        return text in self._meanings

    def _meaning(self, word: Span) -> str | None:
        return self._meanings.get(normalise.compact(word.text).rstrip(":"))
