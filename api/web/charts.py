"""The geometry of charts that the server draws as SVG. Pure; `components.html: chart` writes them.

A chart repeats what the table beneath it says, so it carries no links and is one image to a screen reader.
"""

from collections.abc import Sequence

import msgspec

WIDTH = 480
ROW, BAR = 28, 16
LABEL_ROOM, VALUE_ROOM = 150, 90
PLOT_HEIGHT, HEAD, FOOT = 150, 22, 24


class Value(msgspec.Struct, frozen=True):
    """What is drawn: its label, its size, and the size in the reader's words."""

    label: str
    size: float
    text: str


class Bar(msgspec.Struct, frozen=True):
    """A rectangle; where its label and its value stand."""

    value: Value
    x: float
    y: float
    width: float
    height: float
    label_at: tuple[float, float]
    text_at: tuple[float, float]


class Chart(msgspec.Struct, frozen=True):
    """`axis` is the line from which the bars grow: x1, y1, x2, y2."""

    height: int
    bars: list[Bar]
    axis: tuple[float, float, float, float]
    upright: bool


def columns(values: Sequence[Value]) -> Chart:
    """Upright bars, for what follows in time. Values below zero hang from the axis."""
    low, span = _extent(values)
    zero = HEAD + PLOT_HEIGHT * (1 + low / span)
    pitch = WIDTH / max(len(values), 1)
    bars = []
    for place, value in enumerate(values):
        height = PLOT_HEIGHT * abs(value.size) / span
        top = zero - height if value.size >= 0 else zero
        middle = pitch * (place + 0.5)
        foot = (middle, HEAD + PLOT_HEIGHT + FOOT - 6)
        bars.append(Bar(value, middle - pitch * 0.3, top, pitch * 0.6, height, foot, (middle, top - 6)))
    return Chart(HEAD + PLOT_HEIGHT + FOOT, bars, (0, zero, WIDTH, zero), upright=True)


def rows(values: Sequence[Value]) -> Chart:
    """Lying bars, for what stands side by side. Values below zero grow to the left."""
    low, span = _extent(values)
    room = WIDTH - LABEL_ROOM - VALUE_ROOM
    zero = LABEL_ROOM - room * low / span
    bars = []
    for place, value in enumerate(values):
        width = room * abs(value.size) / span
        left = zero if value.size >= 0 else zero - width
        top = ROW * place + (ROW - BAR) / 2
        line = top + BAR * 0.8
        bars.append(
            Bar(value, left, top, width, BAR, (LABEL_ROOM - 8, line), (max(left + width, zero) + 6, line))
        )
    height = ROW * len(values)
    return Chart(height, bars, (zero, 0, zero, height), upright=False)


def _extent(values: Sequence[Value]) -> tuple[float, float]:
    """The lowest size, at most zero, and the length from there to the highest, at least zero."""
    low = min((value.size for value in values), default=0)
    high = max((value.size for value in values), default=0)
    low, high = min(low, 0), max(high, 0)
    return low, high - low or 1
