"""Labelled blocks of a drawing sheet: the title block (图签) and the as-built stamp (竣工图章).

They may stand in any corner and be written in any of four directions. Labels that the rule book knows are looked up
among the sheet's words; where enough of them stand together, the ruled cells around them say which value is whose.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from documents import layout
from documents.labelled import read_entries
from documents.pages import POINTS_PER_MM, PageFacts
from documents.report import BBox
from documents.rulebook import BlockRule
from documents.tables import Table, find_tables
from documents.vocabulary import Spot, Vocabulary

# Labels of one block stand no further apart, across and down: in a corner block, or in a strip along the sheet.
_NEAR = tuple((across * POINTS_PER_MM, down * POINTS_PER_MM) for across, down in ((62, 62), (160, 25)))
_REACH = 270 * POINTS_PER_MM  # from a label to the far end of its value's cell
_AROUND = 20 * POINTS_PER_MM
_FEWEST_LABELS = 3


@dataclass(slots=True)
class Entry:
    """What stands at a label. `text` is empty where nothing does. Boxes are displayed points."""

    label: str
    text: str
    bbox: BBox
    label_box: BBox
    cell: BBox | None = None  # ruled
    room: BBox | None = None  # where it should stand, ruled or not


@dataclass(slots=True)
class Block:
    bbox: BBox
    angle: int
    entries: dict[str, Entry] = field(default_factory=dict)
    ruled: bool = False


def find_block(page: PageFacts, rule: BlockRule, *, any_of: Iterable[str], red: bool = False) -> Block | None:
    """The block with the most labels, or None where fewer than three of them, or none of `any_of`, stand together."""
    words = Vocabulary(rule)
    best: tuple[int, int, list[Spot]] | None = None
    for angle in page.frames:
        lines = [line for line in page.lines_at(angle) if not words.is_elsewhere(line)]
        for cluster in _clusters([spot for line in lines for spot in words.spots(line)]):
            names = {spot.name for spot in cluster}
            if (
                len(names) >= _FEWEST_LABELS
                and names & set(any_of)
                and (best is None or len(names) > best[0])
            ):
                best = len(names), angle, cluster
    if best is None:
        return None
    _, angle, cluster = best
    return _read(page, angle, cluster, words, red=red)


def _clusters(spots: list[Spot]) -> list[list[Spot]]:
    """Labels linked by nearness, largest group first."""
    clusters: list[list[Spot]] = []
    for spot in spots:
        touching = [c for c in clusters if any(_near(spot.span.bbox, other.span.bbox) for other in c)]
        merged = [spot, *(other for cluster in touching for other in cluster)]
        clusters = [cluster for cluster in clusters if cluster not in touching] + [merged]
    return sorted(clusters, key=len, reverse=True)


def _near(a: BBox, b: BBox) -> bool:
    across, down = max(a[0], b[0]) - min(a[2], b[2]), max(a[1], b[1]) - min(a[3], b[3])
    return any(across <= widest and down <= tallest for widest, tallest in _NEAR)


def _read(page: PageFacts, angle: int, spots: list[Spot], words: Vocabulary, *, red: bool) -> Block:
    frame = page.frames[angle]
    labels = layout.union(spot.span.bbox for spot in spots)
    around = (labels[0] - _AROUND, labels[1] - _AROUND, labels[2] + _REACH, labels[3] + _AROUND)
    tables = _tables(page, angle, frame.displayed(around), spots, red=red)
    cells = [cell for table in tables for cell in table.cells]
    near = [line for line in page.lines_at(angle) if layout.overlaps(line.bbox, around)]
    inside = layout.union([labels, *(table.bbox for table in tables)])
    block = Block(frame.displayed(inside), angle, ruled=bool(tables))
    entries = read_entries(cells, near, words, level=red)
    for entry in sorted(entries, key=lambda each: (not each.text, -words.looks(each.name, each.text))):
        block.entries.setdefault(
            entry.name,
            Entry(
                label=entry.label,
                text=entry.text,
                bbox=frame.displayed(entry.bbox or entry.label_box),
                label_box=frame.displayed(entry.label_box),
                cell=frame.displayed(entry.cell) if entry.cell else None,
                room=frame.displayed(entry.room) if entry.room else None,
            ),
        )
    return block


def _tables(page: PageFacts, angle: int, region: BBox, spots: Sequence[Spot], *, red: bool) -> list[Table]:
    """The tables that hold a label; red ones for a stamp, where there are any."""
    found = find_tables(page, angle=angle, region=region, scale=2.0, red=red)
    if red and not found:
        found = find_tables(page, angle=angle, region=region, scale=2.0)
    return [table for table in found if any(layout.overlaps(table.bbox, spot.span.bbox) for spot in spots)]
