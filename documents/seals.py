"""Places where a seal or a signature is asked for, and whether red ink or writing stands there.

Seals are looked for in the rendering, so it is all one whether they are images, vector circles or part of a scan.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from documents import layout, normalise
from documents.layout import Span
from documents.pages import POINTS_PER_MM, PageFacts
from documents.report import BBox
from documents.rulebook import RuleBook
from documents.tables import Ink, Table, red_ink

_SEAL = re.compile(r"\((?:[^()]*(?:盖章|公章|签章|印章)[^()]*)\)|盖章处|(?:盖章|公章)[::]")
_SIGNED_BY = re.compile(
    r"((?:法定代表人|项目负责人|总监理工程师|项目经理|技术负责人|负责人|签发人|检测人|审核人|批准人|承诺人)(?:\([^()]*签[^()]*\))?)[::]"
)
_UNITS = ("construction_unit", "surveyor", "designer", "builder", "supervisor", "inspector_body")
_SEAL_MM = (12.0, 62.0)
_REACH = 48 * POINTS_PER_MM
_SCALE = 0.4
_BORDER, _INK_SCALE, _DARK, _INK_SHARE = 2.0, 1.5, 160, 0.004
_RULE_SHARE = 0.9  # of an area's height or width: a stroke that long is a rule of the table, not writing
_INK_PIXELS = 60  # a fine line as long as a word is writing in however large a cell


@dataclass(slots=True)
class SealSpot:
    """Where a seal is asked for; `party` is a field name such as `builder`, or None where the form names nobody."""

    party: str | None
    label: str
    bbox: BBox
    sealed: bool = False


@dataclass(slots=True)
class SignatureSpot:
    label: str
    bbox: BBox
    signed: bool


def seal_spots(lines: Iterable[Span], tables: Iterable[Table], book: RuleBook) -> Iterator[SealSpot]:
    """Spots in the upright frame; a label inside a table cell takes its party from the cell, or from the one above."""
    parties = {normalise.compact(label): name for name in _UNITS for label in book.fields.field[name].labels}
    for line in lines:
        text = "".join(normalise.char(char.text) for char in line.chars)
        for match in _SEAL.finditer(text):
            before = text[: match.start()]
            label = max((word for word in parties if before.endswith(word)), key=len, default="")
            start = match.start() - len(label)
            box = layout.box_of(line.chars[start : match.end()])
            party = parties.get(label) or _party_of_cell(box, tables, parties)
            yield SealSpot(party, label or match.group(), box)


def _party_of_cell(box: BBox, tables: Iterable[Table], parties: dict[str, str]) -> str | None:
    for table in tables:
        for row_number, row in enumerate(table.rows):
            for cell in row:
                if cell is None or not layout.overlaps(cell.bbox, box):
                    continue
                if found := _party_in(cell.text, parties):
                    return found
                for above in reversed(table.rows[:row_number]):
                    heads = [c for c in above if c and c.bbox[0] <= box[0] < c.bbox[2]]
                    if heads and (found := _party_in(heads[0].text, parties)):
                        return found
                left = [c for c in row if c and c.bbox[2] <= cell.bbox[0] + 3]
                return _party_in(left[-1].text, parties) if left else None
    return None


def _party_in(text: str, parties: dict[str, str]) -> str | None:
    text = normalise.compact(text)
    return next((name for label, name in parties.items() if label in text), None)


def find_seals(page: PageFacts) -> list[BBox]:
    """Boxes of red patches of the size of a seal, in displayed points."""
    scale = min(_SCALE, 700 / max(page.width, page.height, 1.0))
    red = red_ink(page.render((0, 0, page.width, page.height), scale, colour=True))
    smallest, largest = (side * POINTS_PER_MM for side in _SEAL_MM)
    boxes = [(x0 / scale, top / scale, x1 / scale, bottom / scale) for x0, top, x1, bottom in _patches(red)]
    patches = [
        box
        for box in boxes
        if smallest <= max(box[2] - box[0], box[3] - box[1])
        and min(box[2] - box[0], box[3] - box[1]) >= smallest / 2
        and min(box[2] - box[0], box[3] - box[1]) <= largest * 2
    ]
    # The star within a seal is no second seal, which would be held for that of the party beside it.
    return [box for box in patches if not any(_within(box, other) for other in patches if other is not box)]


def _within(inner: BBox, outer: BBox) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def _patches(ink: Ink) -> Iterator[tuple[int, int, int, int]]:
    """Bounding boxes of ink that hangs together over gaps of two pixels."""
    grown = ink.copy()
    for shift in (1, 2):
        grown[shift:] |= ink[:-shift]
        grown[:-shift] |= ink[shift:]
    wide = grown.copy()
    for shift in (1, 2):
        wide[:, shift:] |= grown[:, :-shift]
        wide[:, :-shift] |= grown[:, shift:]
    rows, columns = np.nonzero(wide)
    left = set(zip(rows.tolist(), columns.tolist(), strict=True))
    while left:
        seed = left.pop()
        queue, member = [seed], [seed]
        while queue:
            row, column = queue.pop()
            for near in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
                if near in left:
                    left.remove(near)
                    queue.append(near)
                    member.append(near)
        ys, xs = zip(*member, strict=True)
        yield min(xs), min(ys), max(xs) + 1, max(ys) + 1


def assign(seals: list[BBox], spots: list[SealSpot]) -> None:
    """Each seal goes to the nearest spot that it can reach; a patch wide enough for several serves each it covers."""
    for seal in seals:
        reachable = [spot for spot in spots if _distance(seal, spot.bbox) <= _REACH]
        if not reachable:
            continue
        if seal[2] - seal[0] > _SEAL_MM[1] * POINTS_PER_MM or seal[3] - seal[1] > _SEAL_MM[1] * POINTS_PER_MM:
            for spot in reachable:
                spot.sealed |= layout.overlaps(seal, spot.bbox)
        min(reachable, key=lambda spot: (spot.sealed, _distance(seal, spot.bbox))).sealed = True


def _distance(a: BBox, b: BBox) -> float:
    dx = (a[0] + a[2] - b[0] - b[2]) / 2
    dy = (a[1] + a[3] - b[1] - b[3]) / 2
    return float(np.hypot(dx, dy))


def signature_spots(page: PageFacts, lines: Iterable[Span]) -> Iterator[SignatureSpot]:
    """`法定代表人：` and the like, with whether text or ink follows before the next label."""
    for line in lines:
        text = "".join(normalise.char(char.text) for char in line.chars)
        found = list(_SIGNED_BY.finditer(text))
        for index, match in enumerate(found):
            end = found[index + 1].start() if index + 1 < len(found) else len(text)
            label_box = layout.box_of(line.chars[match.start() : match.end()])
            following = text[match.end() : end]
            next_word = re.match(r"(?:日期|[\u4e00-\u9fff]{2,8}(?:\([^()]*\))?[::])", following)
            typed = bool(following) and next_word is None and not following.startswith("年月日")
            if typed:
                yield SignatureSpot(match.group(1), label_box, signed=True)
                continue
            until = line.chars[match.end()].x0 if following else label_box[2] + 45 * POINTS_PER_MM
            area = (label_box[2] + 1, label_box[1] - 6, max(until - 1, label_box[2] + 8), label_box[3] + 4)
            yield SignatureSpot(match.group(1), label_box, signed=has_ink(page, page.displayed(area)))


def has_ink(page: PageFacts, area: BBox, *, beside: BBox | None = None) -> bool:
    """Whether anything is drawn within an area of the displayed page: inside its border, and not only at `beside`."""
    x0, top, x1, bottom = area[0] + _BORDER, area[1] + _BORDER, area[2] - _BORDER, area[3] - _BORDER
    if x0 >= page.width or top >= page.height or x1 <= max(x0, 0) or bottom <= max(top, 0):
        return False
    ink = page.render((x0, top, x1, bottom), _INK_SCALE) < _DARK
    if beside is not None:
        left, up, right, down = (
            round(side * _INK_SCALE)
            for side in (beside[0] - x0 - 1, beside[1] - top - 1, beside[2] - x0 + 1, beside[3] - top + 1)
        )
        ink[max(up, 0) : max(down, 0), max(left, 0) : max(right, 0)] = False
    ink[:, ink.mean(axis=0) > _RULE_SHARE] = False
    ink[ink.mean(axis=1) > _RULE_SHARE] = False
    return bool(ink.sum() > min(_INK_SHARE * ink.size, _INK_PIXELS))


def blank_dates(lines: Iterable[Span]) -> Iterator[BBox]:
    """`年　月　日` with nothing filled in."""
    for line in lines:
        text = "".join(normalise.char(char.text) for char in line.chars)
        for match in re.finditer(r"(?:日期:?)?(?<![\d〇零一二三四五六七八九])年月日(?!期)", text):
            yield layout.box_of(line.chars[match.start() : match.end()])
