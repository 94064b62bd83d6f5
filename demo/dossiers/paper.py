"""A sheet of paper to write and draw on that remembers where each thing stands, as a reader sees it.

Places are in points from the top left corner of the page as displayed. A box around text is as high as the
em box, ascent 0.88 and descent 0.12.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from math import cos, pi, radians, sin
from pathlib import Path
from random import Random
from typing import Any

FONTS = Path(__file__).parents[2] / ".assets/fonts/ttf"
MM = 72 / 25.4
ASCENT, DESCENT = 0.88, 0.12  # of the em box: what stands within a line
LINE = 1.448  # height of a line of Noto Sans SC, in ems
RED = (0.85, 0.08, 0.1)
BLACK = (0.0, 0.0, 0.0)
GREY = (0.93, 0.93, 0.93)

Box = tuple[float, float, float, float]
"""x0, top, x1, bottom"""
Matrix = tuple[float, float, float, float, float, float]
Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Place:
    page: int  # from 1
    box: Box


@cache
def fonts() -> tuple[str, str]:
    """Names of the regular and the bold face, registered once. FileNotFoundError before `python -m api.assets`."""
    from reportlab import rl_config
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    rl_config.useA85 = 0  # streams as they are: half the time, three quarters of the size
    for name in ("NotoSansSC-Regular", "NotoSansSC-Bold"):
        path = FONTS / f"{name}.ttf"
        if not path.exists():
            raise FileNotFoundError(path)
        pdfmetrics.registerFont(TTFont(name, str(path)))
    return "NotoSansSC-Regular", "NotoSansSC-Bold"


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    from reportlab.pdfbase import pdfmetrics

    return float(pdfmetrics.stringWidth(text, fonts()[bold], size))


class Paper:
    """Pages of one document. `rotate` is the page's /Rotate entry: what is drawn still appears upright."""

    def __init__(self, width: float, height: float, *, rotate: int = 0, author: str = "") -> None:
        from reportlab.pdfgen.canvas import Canvas

        self._file = io.BytesIO()
        self.regular, self.bold = fonts()
        self.canvas: Any = Canvas(self._file, invariant=1, pageCompression=1)
        self.canvas.setAuthor(author)
        self.page = 0
        self.places: dict[str, Place] = {}
        self._rotate = rotate
        self.next_page(width, height)

    def next_page(self, width: float, height: float, *, rotate: int | None = None) -> None:
        if self.page:
            self.canvas.showPage()
        self._rotate = self._rotate if rotate is None else rotate
        self.page += 1
        self.width, self.height = width, height
        self._matrix: Matrix = (1, 0, 0, 1, 0, 0)
        self.canvas.setPageSize((width, height))  # as displayed: reportlab turns it itself
        self.canvas.setPageRotation(self._rotate)
        # From displayed space (y down) to the page's own (y up, before /Rotate).
        self.canvas.transform(
            *{
                0: (1, 0, 0, -1, 0, height),
                90: (0, 1, 1, 0, 0, 0),
                180: (-1, 0, 0, 1, width, 0),
                270: (0, -1, -1, 0, height, width),
            }[self._rotate]
        )

    def save(self) -> bytes:
        self.canvas.save()
        return self._file.getvalue()

    @contextmanager
    def turned(self, x: float, y: float, angle: int) -> Iterator[None]:
        """Inside, the origin is at (x, y) and writing runs at `angle` degrees counter-clockwise as displayed."""
        before = self._matrix
        c, s = round(cos(radians(angle))), round(sin(radians(angle)))
        step = (c, -s, s, c, x, y)
        self.canvas.saveState()
        self.canvas.transform(*step)
        a, b, cc, d, e, f = before
        self._matrix = (
            c * a - s * cc, c * b - s * d, s * a + c * cc, s * b + c * d, x * a + y * cc + e, x * b + y * d + f,
        )  # fmt: skip
        yield
        self.canvas.restoreState()
        self._matrix = before

    def displayed(self, box: Box) -> Box:
        a, b, c, d, e, f = self._matrix
        xs = [a * x + c * y + e for x in (box[0], box[2]) for y in (box[1], box[3])]
        ys = [b * x + d * y + f for x in (box[0], box[2]) for y in (box[1], box[3])]
        return min(xs), min(ys), max(xs), max(ys)

    def mark(self, key: str | None, box: Box) -> None:
        """Remember where the thing of that name stands; the first place of a name counts."""
        if key:
            self.places.setdefault(key, Place(self.page, self.displayed(box)))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        key: str | None = None,
        colour: Colour = BLACK,
        mode: int = 0,
    ) -> Box:
        """One line with its base line at y. `mode` 3 writes invisibly."""
        width = text_width(text, size, bold=bold)
        box = (x, y - ASCENT * size, x + width, y + DESCENT * size)
        if text:
            self.canvas.setFillColorRGB(*colour)
            writer = self.canvas.beginText()
            writer.setTextTransform(1, 0, 0, -1, x, y)
            writer.setTextRenderMode(mode)
            writer.setFont(self.bold if bold else self.regular, size)
            writer.textOut(text)
            self.canvas.drawText(writer)
        self.mark(key, box)
        return box

    def line(
        self, x0: float, y0: float, x1: float, y1: float, *, width: float = 0.7, colour: Colour = BLACK
    ) -> None:
        self.canvas.setLineWidth(width)
        self.canvas.setStrokeColorRGB(*colour)
        self.canvas.line(x0, y0, x1, y1)

    def rect(
        self, box: Box, *, width: float = 0.7, colour: Colour = BLACK, fill: Colour | None = None
    ) -> None:
        self.canvas.setLineWidth(width)
        self.canvas.setStrokeColorRGB(*colour)
        if fill:
            self.canvas.setFillColorRGB(*fill)
        x0, top, x1, bottom = box
        self.canvas.rect(x0, top, x1 - x0, bottom - top, stroke=1 if width else 0, fill=1 if fill else 0)

    def circle(
        self, x: float, y: float, radius: float, *, width: float = 0.7, colour: Colour = BLACK
    ) -> None:
        self.canvas.setLineWidth(width)
        self.canvas.setStrokeColorRGB(*colour)
        self.canvas.circle(x, y, radius)

    def strokes(self, segments: list[tuple[float, float, float, float]], *, width: float = 0.35) -> None:
        """Many lines at once, each a path of its own, as CAD programs write them."""
        self.canvas.setLineWidth(width)
        self.canvas.setStrokeColorRGB(*BLACK)
        paths = " ".join(f"{x0:.2f} {y0:.2f} m {x1:.2f} {y1:.2f} l S" for x0, y0, x1, y1 in segments)
        self.canvas.addLiteral(paths)

    def seal(self, x: float, y: float, name: str, *, radius: float = 20 * MM) -> None:
        """A round red company seal around (x, y), as a picture: no text that could be read."""
        self.circle(x, y, radius, width=2.4, colour=RED)
        self.canvas.saveState()
        self.canvas.transform(radius, 0, 0, radius, x, y)
        self.canvas.setFillColorRGB(*RED)
        self.canvas.addLiteral(seal_paths(name))
        self.canvas.restoreState()

    def scribble(self, rng: Random, x: float, y: float, width: float) -> None:
        """A signature by hand, its base line at y."""
        self.canvas.setLineWidth(1.1)
        self.canvas.setStrokeColorRGB(0.05, 0.05, 0.3)
        path = self.canvas.beginPath()
        path.moveTo(x, y - rng.uniform(2, 6))
        steps = max(3, int(width // 12))
        for index in range(steps):
            ends = [x + (index + part) * width / steps for part in (0.3, 0.7, 1.0)]
            path.curveTo(*(value for end in ends for value in (end, y - rng.uniform(-1, 11))))
        self.canvas.drawPath(path, stroke=1, fill=0)


@cache
def seal_paths(name: str) -> str:
    """The inside of a seal of radius 1: the name along the ring, a star in the middle, as filled paths."""
    step = min(pi * 1.5 / max(len(name), 1), 0.42)
    parts = []
    for index, char in enumerate(name):
        angle = -pi / 2 + (index - (len(name) - 1) / 2) * step
        c, s = cos(angle + pi / 2), sin(angle + pi / 2)
        for operator, points in glyph_outline(char):
            placed = [((px - 500) / 4000, (350 - py) / 4000) for px, py in points]
            turned = [
                (cos(angle) * 0.74 + c * px - s * py, sin(angle) * 0.74 + s * px + c * py)
                for px, py in placed
            ]
            parts.append(" ".join(f"{px:.4f} {py:.4f}" for px, py in turned) + operator)
        parts.append("f")
    for index in range(10):
        angle, reach = -pi / 2 + index * pi / 5, 0.28 if index % 2 == 0 else 0.11
        parts.append(f"{cos(angle) * reach:.4f} {sin(angle) * reach:.4f} {'l' if index else 'm'}")
    return " ".join([*parts, "h f"])


@cache
def _bold_glyphs() -> tuple[Any, dict[int, str]]:
    from fontTools.ttLib import TTFont

    font = TTFont(FONTS / "NotoSansSC-Bold.ttf")
    return font.getGlyphSet(), font.getBestCmap()


@cache
def glyph_outline(char: str) -> tuple[tuple[str, tuple[tuple[float, float], ...]], ...]:
    """Path operators of PDF with their points, in units of 1/1000 em, y up."""
    from fontTools.pens.qu2cuPen import Qu2CuPen
    from fontTools.pens.recordingPen import RecordingPen

    glyphs, names = _bold_glyphs()
    pen = RecordingPen()
    glyphs[names[ord(char)]].draw(Qu2CuPen(pen, max_err=2, all_cubic=True))
    operators = {"moveTo": " m", "lineTo": " l", "curveTo": " c", "closePath": "h", "endPath": "h"}
    return tuple((operators[verb], tuple(points)) for verb, points in pen.value)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (_size(one) + _size(other) - shared)


def _size(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
