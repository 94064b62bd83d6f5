"""Title blocks drawn at random, as no two design offices have the same: the reader is trained on their variety."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from demo.dossiers.paper import MM, Box, Paper, text_width
from demo.dossiers.sheet import BLOCK_FIELDS, SIGNED, Drawing

VARIED = "varied-"
SYNONYMS = {
    "designer": ("设计单位",), "construction_unit": ("建设单位", "业主", "委托单位"),
    "project_name": ("工程名称", "项目名称", "建设项目"), "drawing_title": ("图名", "图纸名称", "图纸内容"),
    "drawing_number": ("图号", "图纸编号", "图纸号"), "scale": ("比例", "出图比例"),
    "stage": ("设计阶段", "阶段"), "date": ("日期", "出图日期"), "discipline": ("专业", "图别"),
    "project_number": ("工程编号", "项目编号", "工程号", "设计编号"), "revision": ("版本", "版次", "版本号"),
    "审定": ("审定", "批准"), "审核": ("审核",), "校对": ("校对",), "设计": ("设计", "设计人"),
    "专业负责": ("专业负责人", "项目负责人", "项目负责"), "制图": ("制图", "绘图"),
}  # fmt: skip
FOREIGN = {
    "designer": "DESIGN FIRM", "construction_unit": "CLIENT", "project_name": "PROJECT",
    "drawing_title": "DRAWING TITLE", "drawing_number": "DWG NO.", "scale": "SCALE", "stage": "PHASE",
    "date": "DATE", "discipline": "DISCIPLINE", "project_number": "JOB NO.", "revision": "REV.",
    "审定": "APPROVED BY", "审核": "CHECKED BY", "校对": "VERIFIED", "专业负责": "CHIEF", "设计": "DESIGNED BY",
    "制图": "DRAWN BY",
}  # fmt: skip
OPTIONAL = ("designer", "construction_unit", "discipline", "project_number")
PLACES = ("lower right", "upper right", "lower left", "upper left")
LEAST_SIZE = 4.0
INSET = 3.0  # points between a rule and the writing


@dataclass(frozen=True, slots=True)
class Style:
    """What one office's title blocks look like. Sizes in points; `labels`: beside | before | above | head."""

    shape: str  # corner | column | bar
    place: str
    angle: int
    width: float
    row: float
    columns: int
    labels: str
    rules: str  # all | rows | frame | none
    line: float
    label_size: float
    value_size: float
    spaced: str  # what stands between the characters of a short label
    colon: bool
    foreign: str  # "" | after | below
    centred: bool
    by_hand: bool
    revisions: bool
    words: dict[str, str]
    rows: tuple[tuple[str, ...], ...]


@cache
def _style(name: str) -> Style:
    rng = Random(name)
    shape = rng.choices(("corner", "column", "bar"), (5, 3, 2))[0]
    columns = {"corner": rng.randint(1, 3), "column": 1, "bar": rng.randint(4, 6)}[shape]
    labels = rng.choices(("beside", "before", "above", "head"), (4, 3, 3, 3))[0]
    # Labels on a line of their own need a rule around them, or nobody could tell whose the values are.
    rules = rng.choices(
        ("all", "rows", "frame", "none"), (8, 2, 1, 1) if labels in ("beside", "before") else (8, 0, 0, 0)
    )[0]
    size = rng.uniform(6.5, 9.5)
    foreign = rng.choices(("", "after", "below"), (6, 2, 2) if rules == "all" else (1, 0, 0))[0]
    tall = labels in ("above", "head") or foreign == "below"
    keys = [key for key in BLOCK_FIELDS if key not in OPTIONAL or rng.random() < 0.8]  # noqa: PLR2004 - four offices in five
    rng.shuffle(keys)
    people = list(SIGNED[: rng.randint(3, len(SIGNED))])
    return Style(
        shape=shape,
        place=rng.choices(PLACES, (6, 2, 2, 1))[0],
        angle=rng.choices((0, 90, 270, 180), (12, 3, 3, 1))[0],
        width={"corner": rng.uniform(130, 180), "column": rng.uniform(55, 80), "bar": 400}[shape] * MM,
        row=(rng.uniform(10.5, 14) if tall else rng.uniform(7, 10)) * MM,
        columns=columns,
        labels=labels,
        rules=rules,
        line=rng.choice((0.4, 0.7, 1.2)),
        label_size=size,
        value_size=size + rng.uniform(0, 3),
        spaced=rng.choices(("", " ", "　", "　　"), (6, 1, 2, 1))[0],
        colon=rng.random() < 0.3 or labels == "before",  # noqa: PLR2004 - some do
        foreign=foreign,
        centred=labels != "before" and rng.random() < 0.4,  # noqa: PLR2004 - some do
        by_hand=rng.random() < 0.3,  # noqa: PLR2004 - some do
        revisions=rules == "all" and shape != "bar" and rng.random() < 0.25,  # noqa: PLR2004 - some do
        words={key: rng.choice(words) for key, words in SYNONYMS.items()},
        rows=tuple(_rows(rng, keys, columns)) + tuple(_rows(rng, people, 6 if shape == "bar" else max(2, columns))),
    )  # fmt: skip


def _rows(rng: Random, keys: Sequence[str], columns: int) -> Iterator[tuple[str, ...]]:
    left = list(keys)
    while left:
        count = min(rng.randint(max(1, columns - 1), columns), len(left))
        yield tuple(left[:count])
        del left[:count]


def varied_block(name: str) -> Callable[[Paper, Drawing, Box], Box]:
    """The block of the office of that name; returns what is left of the sheet."""
    style = _style(name)

    def block(paper: Paper, item: Drawing, inner: Box) -> Box:
        room = inner[2] - inner[0] if style.angle in (0, 180) else inner[3] - inner[1]
        width = min(style.width, room)
        height = style.row * (len(style.rows) + 3 * style.revisions)
        across, down = (width, height) if style.angle in (0, 180) else (height, width)
        x0 = inner[0] if "left" in style.place else inner[2] - across
        top = inner[1] if "upper" in style.place else inner[3] - down
        box = (x0, top, x0 + across, top + down)
        origin = {0: (x0, top), 90: (x0, box[3]), 180: (box[2], box[3]), 270: (box[2], top)}[style.angle]
        with paper.turned(*origin, style.angle):
            _Setter(paper, item, style, width).block()
        return _left_over(inner, box)

    return block


def _left_over(inner: Box, block: Box) -> Box:
    """The largest part of the sheet beside or above the block."""
    x0, top, x1, bottom = inner
    parts = (
        (x0, top, block[0], bottom),
        (block[2], top, x1, bottom),
        (x0, top, x1, block[1]),
        (x0, block[3], x1, bottom),
    )
    return max(parts, key=lambda part: max(part[2] - part[0], 0) * max(part[3] - part[1], 0))


class _Setter:
    """Sets one block with its top left corner at the origin."""

    def __init__(self, paper: Paper, item: Drawing, style: Style, width: float) -> None:
        self.paper, self.item, self.style, self.width = paper, item, style, width
        self.rng = Random(f"{item.number}:{item.layout}")

    def block(self) -> None:
        y = self._revisions() if self.style.revisions else 0.0
        start = y
        for row in self.style.rows:
            share = self.width / len(row)
            for index, key in enumerate(row):
                self._field(key, (index * share, y, (index + 1) * share, y + self.style.row))
            y += self.style.row
            if self.style.rules in ("all", "rows"):
                self.paper.line(0, y, self.width, y, width=self.style.line)
        if self.style.rules != "none":
            self.paper.rect((0, start, self.width, y), width=1.2)

    def _revisions(self) -> float:
        """A record of revisions above the block, with a date and a signature of its own."""
        heads, entry = ("版次", "修改内容", "日期", "签字"), ("0", "首次出图", "2024.03", "")
        share, row = self.width / len(heads), self.style.row
        for line in range(3):
            for index, head in enumerate(heads):
                box = (index * share, line * row, (index + 1) * share, (line + 1) * row)
                self.paper.rect(box, width=self.style.line)
                text = head if line == 0 else entry[index] if line == 1 else ""
                if text:
                    self.paper.text(box[0] + INSET, box[3] - row * 0.35, text, self.style.label_size)
        return 3 * row

    def _field(self, key: str, box: Box) -> None:
        style, paper = self.style, self.paper
        word = style.words[key]
        if len(word) == 2:  # noqa: PLR2004 - only short labels are spaced out
            word = style.spaced.join(word)
        if style.foreign == "after":
            word = f"{word} {FOREIGN[key]}"
        if style.colon:
            word += "："
        x0, top, x1, bottom = box
        if style.rules == "all":
            paper.rect(box, width=style.line)
        size = self._fitting(
            word, (x1 - x0) * (0.95 if style.labels in ("above", "head") else 0.5), style.label_size
        )
        wide = text_width(word, size)
        if style.labels in ("above", "head"):
            split = top + max((bottom - top) * 0.42, size * (2.4 if style.foreign == "below" else 1.3))
            if style.labels == "head":
                paper.line(x0, split, x1, split, width=style.line)
            self._label(key, word, (x0, top, x1, split), size)
            self._value(key, (x0, split, x1, bottom))
            return
        split = x0 + wide + 2 * INSET
        if style.labels == "beside":
            split = max(split, x0 + 0.3 * (x1 - x0))
            if style.rules == "all":
                paper.line(split, top, split, bottom, width=style.line)
        self._label(key, word, (x0, top, split, bottom), size)
        self._value(key, (split, top, x1, bottom))

    def _label(self, key: str, word: str, box: Box, size: float) -> None:
        foreign = FOREIGN[key] if self.style.foreign == "below" else ""
        base = (box[1] + box[3]) / 2 + size * (0.35 - (0.5 if foreign else 0))
        place = self.paper.text(box[0] + INSET, base, word, size)
        self.paper.mark(f"{self.item.number}:label:{key}", place)
        if foreign:
            small = self._fitting(foreign, box[2] - box[0] - INSET, size * 0.75)
            self.paper.text(box[0] + INSET, base + size * 1.05, foreign, small)

    def _value(self, key: str, cell: Box) -> None:
        text = self.item.block.get(key, "")
        size = self._fitting(text, cell[2] - cell[0] - 2 * INSET, self.style.value_size)
        base = (cell[1] + cell[3]) / 2 + size * 0.35
        x = cell[0] + INSET
        if self.style.centred:
            x = max(x, (cell[0] + cell[2] - text_width(text, size)) / 2)
        self.paper.mark(f"{self.item.number}:cell:{key}", cell)
        if text and self.style.by_hand and key in SIGNED:
            self.paper.scribble(self.rng, x, base, min(40.0, cell[2] - x - INSET))
            return
        box = self.paper.text(x, base, text, size)
        self.paper.mark(f"{self.item.number}:{key}", box if text else cell)

    def _fitting(self, text: str, room: float, size: float) -> float:
        while size > LEAST_SIZE and text_width(text, size) > room:
            size -= 0.25
        return size
