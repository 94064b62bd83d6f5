"""Forms laid out at random, as no two authorities print the same: the reader is trained on their variety."""

from dataclasses import dataclass
from functools import cache
from random import Random

from demo.dossiers.forms import Entry
from demo.dossiers.layouts import BOTTOM, LEFT, RIGHT, Setter, wrapped
from demo.dossiers.paper import ASCENT, GREY, LINE, MM, Box, text_width

VARIED = "varied-"
FOREIGN = {
    "project_name": "Project name", "project_code": "Project code", "address": "Address", "builder": "Contractor",
    "construction_unit": "Owner", "supervisor": "Supervisor", "designer": "Designer", "floor_area": "Floor area",
    "completion_date": "Completed on", "start_date": "Started on",
}  # fmt: skip
INSET = 4.0


@dataclass(frozen=True, slots=True)
class Style:
    """How one authority lays its forms out. `labels`: cell | inside | head | above | line | underlined."""

    labels: str
    rules: str  # all | rows | none
    columns: int
    size: float
    row: float
    share: float  # of a field's width, for its label
    spaced: bool  # short labels spread over the width of long ones
    colon: bool
    foreign: bool
    shaded: bool
    centred: bool
    title: str  # centred | left
    title_size: float


@cache
def _style(name: str) -> Style:
    rng = Random(name)
    labels = rng.choices(("cell", "inside", "head", "above", "line", "underlined"), (5, 2, 2, 2, 2, 2))[0]
    ruled = labels in ("cell", "inside", "head", "above")
    return Style(
        labels=labels,
        rules=rng.choices(("all", "rows"), (8, 2 if labels in ("cell", "inside") else 0))[0]
        if ruled
        else "none",
        columns=rng.randint(1, {"cell": 2, "head": 4, "above": 3}.get(labels, 2)),
        size=rng.uniform(9, 11),
        row=rng.uniform(20, 30),
        share=rng.uniform(0.28, 0.4),
        spaced=rng.random() < 0.3,  # noqa: PLR2004 - some do
        colon=labels in ("line", "inside") or rng.random() < 0.2,  # noqa: PLR2004 - some do
        foreign=rng.random() < 0.2,  # noqa: PLR2004 - some do
        shaded=rng.random() < 0.3,  # noqa: PLR2004 - some do
        centred=labels in ("cell", "head") and rng.random() < 0.5,  # noqa: PLR2004 - some do
        title=rng.choice(("centred", "left")),
        title_size=rng.uniform(14, 20),
    )


def varied_fields(setter: Setter, name: str) -> None:
    """Title and fields of a form in the style of that name."""
    style = _style(name)
    _title(setter, style)
    entries = setter.form.entries
    width = (RIGHT - LEFT) / style.columns
    for start in range(0, len(entries), style.columns):
        row = entries[start : start + style.columns]
        cells = [
            (
                LEFT + index * width,
                RIGHT if len(row) < style.columns and entry is row[-1] else LEFT + (index + 1) * width,
            )
            for index, entry in enumerate(row)
        ]
        height = max(_height(style, entry, x1 - x0) for entry, (x0, x1) in zip(row, cells, strict=True))
        setter.room(height)
        for entry, (x0, x1) in zip(row, cells, strict=True):
            _field(setter, style, entry, (x0, setter.y, x1, setter.y + height))
        setter.y += height
    setter.y += 8


def _title(setter: Setter, style: Style) -> None:
    form, paper = setter.form, setter.paper
    setter.y += style.title_size + 6
    wide = text_width(form.title, style.title_size, bold=True)
    x = LEFT if style.title == "left" else (LEFT + RIGHT - wide) / 2
    paper.text(x, setter.y, form.title, style.title_size, bold=True, key="title")
    if form.number:
        setter.y += 18
        paper.text(RIGHT - 60 * MM, setter.y, f"编号：{form.number}", 9, key="number")
    setter.y += 12


def _label(style: Style, entry: Entry, width: float) -> str:
    word = entry.label
    if style.spaced and len(word) < 5:  # noqa: PLR2004 - long labels fill the width as they are
        word = (" " * (7 - len(word))).join(word)
    foreign = f"{word} {FOREIGN.get(entry.key, '')}"
    room = width if style.labels in ("head", "above") else style.share * width
    if style.foreign and text_width(foreign, style.size) < room - 3 * INSET:
        word = foreign.rstrip()
    return word + "：" if style.colon else word


def _label_width(style: Style, label: str, width: float) -> float:
    """Only ruled cells may be too narrow for their label."""
    if style.labels in ("head", "above"):
        return width
    needed = text_width(label, style.size) + 2 * INSET + 1
    if style.labels in ("inside", "line"):
        return needed
    return style.share * width if style.rules == "all" else max(style.share * width, needed)


def _height(style: Style, entry: Entry, width: float) -> float:
    label = _label(style, entry, width)
    room = _label_width(style, label, width)
    stacked = style.labels in ("head", "above")
    lines = [
        len(wrapped(label, room - 2 * INSET, style.size)),
        len(wrapped(entry.value, (width if stacked else width - room) - 2 * INSET, style.size)),
    ]
    tall = sum(lines) if stacked else max(lines)
    return min(max(style.row, tall * style.size * LINE + 8), BOTTOM / 3)


def _field(setter: Setter, style: Style, entry: Entry, box: Box) -> None:
    x0, top, x1, bottom = box
    label = _label(style, entry, x1 - x0)
    if style.rules == "all":
        setter.paper.rect(box, width=0.6)
    elif style.rules == "rows":
        setter.paper.rect((LEFT, top, RIGHT, bottom), width=0.6)
    if style.labels in ("head", "above"):
        split = top + len(wrapped(label, x1 - x0 - 2 * INSET, style.size)) * style.size * LINE + 2
        head, body = (x0, top, x1, split), (x0, split, x1, bottom)
        if style.labels == "head":
            setter.paper.rect(head, width=0.6, fill=GREY if style.shaded else None)
    else:
        split = x0 + _label_width(style, label, x1 - x0)
        head, body = (x0, top, split, bottom), (split, top, x1, bottom)
        if style.labels == "cell" and style.rules == "all":
            setter.paper.rect(head, width=0.6, fill=GREY if style.shaded else None)
    _text(setter, style, head, label, f"label:{entry.key}", centred=style.centred)
    _text(setter, style, body, entry.value, f"value:{entry.key}", centred=style.centred)
    if style.labels == "underlined":
        setter.paper.line(body[0], body[3] - 3, body[2] - 6, body[3] - 3, width=0.5)


def _text(setter: Setter, style: Style, box: Box, text: str, key: str, *, centred: bool) -> None:
    """Wrapped and centred in height; the key names the ink, or the box where there is none."""
    x0, top, x1, bottom = box
    lines = wrapped(text, x1 - x0 - 2 * INSET, style.size)
    leading = style.size * LINE
    y = (top + bottom) / 2 - leading * len(lines) / 2 + ASCENT * style.size
    boxes = []
    for index, part in enumerate(lines):
        x = x0 + INSET if not centred else (x0 + x1 - text_width(part, style.size)) / 2
        boxes.append(setter.paper.text(x, y + leading * index, part, style.size))
    ink = (
        min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes),
    )  # fmt: skip
    setter.paper.mark(key, ink if text else box)
