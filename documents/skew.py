"""How far a scanned page is turned out of the straight, and the way there and back.

The right angle is the one at which ink, projected onto the sides of the page, lies in the fewest rows and columns:
rules and lines of writing then fall together.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from documents.layout import union
from documents.report import BBox

Point = tuple[float, float]
MOST = 5.0  # degrees
_LEAST = 0.08  # degrees: below, nothing is gained
_STEPS = (0.25, 0.02)  # degrees, first all over, then around the best
_DARK = 190
_POINTS = 20_000
_CLEARER = 1.1  # how much the best must be better than straight


@dataclass(frozen=True, slots=True)
class Skew:
    """`degrees` by which lines rise to the right, on a page of this size (displayed points)."""

    degrees: float
    width: float
    height: float

    def displayed(self, box: BBox) -> BBox:
        """The box around a straightened box as it lies on the displayed page."""
        a, b, c, d, e, f = self.back((0.0, 0.0), (0.0, 0.0))
        x0, top, x1, bottom = box
        corners = ((x, y) for x in (x0, x1) for y in (top, bottom))
        return union((a * x + c * y + e, b * x + d * y + f) * 2 for x, y in corners)

    def back(self, origin: Point, displayed_origin: Point) -> tuple[float, float, float, float, float, float]:
        """From straightened points to displayed ones, each counted from an origin of its own: a … f as PDF has them.

        The page is turned around its middle.
        """
        cos, sin = math.cos(math.radians(self.degrees)), math.sin(math.radians(self.degrees))
        x, y = origin[0] - self.width / 2, origin[1] - self.height / 2
        e = cos * x + sin * y + self.width / 2 - displayed_origin[0]
        f = cos * y - sin * x + self.height / 2 - displayed_origin[1]
        return cos, -sin, sin, cos, e, f


def degrees(shades: npt.NDArray[np.uint8]) -> float:
    """By how much lines in a grey picture rise to the right, at most `MOST`; 0.0 where nothing tells."""
    ys, xs = np.nonzero(shades < _DARK)
    if len(xs) > _POINTS:
        some = np.random.default_rng(0).choice(len(xs), _POINTS, replace=False)
        ys, xs = ys[some], xs[some]
    if not len(xs):
        return 0.0
    found, width = 0.0, MOST
    for step in _STEPS:
        found = _best(
            xs, ys, (found + step * by for by in range(-round(width / step), round(width / step) + 1))
        )
        width = step
    clear = _evenness(xs, ys, found) > _CLEARER * _evenness(xs, ys, 0.0)
    return round(found, 2) if clear and abs(found) >= _LEAST else 0.0


def _best(xs: npt.NDArray[np.intp], ys: npt.NDArray[np.intp], angles: Iterable[float]) -> float:
    return max(angles, key=lambda angle: (_evenness(xs, ys, angle), -abs(angle)))


def _evenness(xs: npt.NDArray[np.intp], ys: npt.NDArray[np.intp], angle: float) -> float:
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    total = 0.0
    for places in (sin * xs + cos * ys, cos * xs - sin * ys):
        counts = np.bincount((places - places.min()).astype(np.intp))
        total += float((counts.astype(np.float64) ** 2).sum())
    return total
