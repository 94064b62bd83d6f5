"""Characters to lines and spans, in any of the four directions in which a page may be written."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from documents.report import BBox


@dataclass(slots=True)
class Char:
    """`angle` is the direction of writing on the displayed page, counter-clockwise, one of 0, 90, 180, 270.

    `base` is the base line: a y for angles 0 and 180, an x for 90 and 270. Boxes of punctuation can be tight around
    the ink; base lines are what characters of one line share.
    """

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    base: float
    angle: int = 0
    embedded: bool = True  # else it is drawn only where the reader's machine has the font

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(slots=True)
class Span:
    """A run of characters on one line, in reading order."""

    text: str
    bbox: BBox
    chars: list[Char]

    @property
    def height(self) -> float:
        return self.bbox[3] - self.bbox[1]


@dataclass(frozen=True, slots=True)
class Frame:
    """Turns a page of the given size so that text written at `angle` stands upright, and boxes back again."""

    angle: int
    width: float
    height: float

    def upright(self, box: BBox) -> BBox:
        x0, top, x1, bottom = box
        match self.angle:
            case 90:
                return self.height - bottom, x0, self.height - top, x1
            case 180:
                return self.width - x1, self.height - bottom, self.width - x0, self.height - top
            case 270:
                return top, self.width - x1, bottom, self.width - x0
            case _:
                return box

    def displayed(self, box: BBox) -> BBox:
        x0, top, x1, bottom = box
        match self.angle:
            case 90:
                return top, self.height - x1, bottom, self.height - x0
            case 180:
                return self.width - x1, self.height - bottom, self.width - x0, self.height - top
            case 270:
                return self.width - bottom, x0, self.width - top, x1
            case _:
                return box

    def turn(self, chars: Iterable[Char]) -> list[Char]:
        """The characters written in this direction, moved into the upright frame."""
        turned = []
        for char in chars:
            if char.angle == self.angle:
                x0, top, x1, bottom = self.upright((char.x0, char.top, char.x1, char.bottom))
                turned.append(Char(char.text, x0, top, x1, bottom, self._base(char.base)))
        return turned

    def _base(self, base: float) -> float:
        return {180: self.height - base, 270: self.width - base}.get(self.angle, base)


def union(boxes: Iterable[BBox]) -> BBox:
    x0s, tops, x1s, bottoms = zip(*boxes, strict=True)
    return min(x0s), min(tops), max(x1s), max(bottoms)


def box_of(chars: Iterable[Char]) -> BBox:
    return union((char.x0, char.top, char.x1, char.bottom) for char in chars)


def overlaps(a: BBox, b: BBox) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def lines(chars: Sequence[Char]) -> list[Span]:
    """Upright characters grouped by line, top to bottom; a gap becomes a space, fake-bold doubles become one."""
    found: list[list[Char]] = []
    height = 0.0
    for char in sorted(chars, key=lambda c: c.base):
        if found and char.base - found[-1][0].base <= 0.35 * max(height, char.height):
            found[-1].append(char)
            height = max(height, char.height)
        else:
            found.append([char])
            height = char.height
    return [span(_without_doubles(sorted(line, key=lambda c: c.x0))) for line in found]


def _without_doubles(line: list[Char]) -> list[Char]:
    """Fake bold prints a character twice, shifted by a hair."""
    kept: list[Char] = []
    for char in line:
        near = (old for old in kept[-3:] if old.text == char.text)
        if not any(char.x0 - old.x0 < 0.3 * max(old.x1 - old.x0, 0.1) for old in near):
            kept.append(char)
    return kept


def span(chars: Sequence[Char]) -> Span:
    """Characters of one line as a span; a gap becomes a space."""
    pieces = [chars[0].text]
    for before, char in pairwise(chars):
        if char.x0 - before.x1 > 0.3 * max(char.height, before.height):
            pieces.append(" ")
        pieces.append(char.text)
    return Span("".join(pieces), box_of(chars), list(chars))


def spans(line: Span, *, gap: float = 1.2) -> Iterator[Span]:
    """The line cut where the white space is wider than `gap` times the height of the text."""
    part = [line.chars[0]]
    for char in line.chars[1:]:
        if char.x0 - part[-1].x1 > gap * max(char.height, part[-1].height):
            yield span(part)
            part = []
        part.append(char)
    yield span(part)


def spread(text: str, box: BBox, angle: int | None = None) -> Iterator[Char]:
    """A line's box shared out evenly among its characters; without an angle, the shape of the box tells."""
    x0, top, x1, bottom = box
    if angle is None:
        angle = 0 if len(text) == 1 or x1 - x0 >= bottom - top else 90
    x_axis = angle in (0, 180)
    step = ((x1 - x0) if x_axis else (bottom - top)) / max(len(text), 1)
    base = {0: bottom, 90: x1, 180: top, 270: x0}[angle]
    for index, char in enumerate(text):
        place = index if angle in (0, 270) else len(text) - 1 - index
        low = (x0 if x_axis else top) + place * step
        box = (low, top, low + step, bottom) if x_axis else (x0, low, x1, low + step)
        yield Char(char, *box, base, angle)
