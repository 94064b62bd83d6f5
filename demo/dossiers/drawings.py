"""As-built sheets: frame, plan, title block in one of several forms and places, as-built stamp.

`HELD_OUT` title blocks serve to judge the reader only: nothing may be tuned on them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from demo.dossiers.facts import Facts
from demo.dossiers.forms import Form, Table
from demo.dossiers.paper import MM, RED, Box, Paper, text_width

SHEETS = {"A0": (1189, 841), "A1": (841, 594), "A2": (594, 420), "A3": (420, 297), "A1+1/4": (1051, 594)}
STAMP = (80 * MM, 50 * MM)
DISCIPLINES = {
    "建施": ("建筑", (
        "建筑设计说明", "总平面图", "一层平面图", "二层平面图", "标准层平面图", "屋顶平面图", "立面图（一）",
        "立面图（二）", "剖面图", "楼梯详图", "卫生间详图", "门窗详图",
    )),
    "结施": ("结构", (
        "结构设计说明", "基础平面图", "基础详图", "一层结构平面图", "标准层结构平面图", "屋面结构平面图", "梁配筋图",
    )),
    "水施": ("给排水", ("给排水设计说明", "一层给排水平面图", "给排水系统图", "消火栓系统图")),
    "电施": ("电气", ("电气设计说明", "一层照明平面图", "配电系统图", "火灾报警平面图")),
}  # fmt: skip
SCALES = ("1:100", "1:150", "1:50", "1:200")
SIGNED = ("审定", "审核", "校对", "专业负责", "设计", "制图")
BLOCK_FIELDS = {
    "designer": "设计单位", "construction_unit": "建设单位", "project_name": "工程名称", "drawing_title": "图名",
    "drawing_number": "图号", "scale": "比例", "stage": "设计阶段", "date": "日期", "discipline": "专业",
    "project_number": "工程编号", "revision": "版本",
}  # fmt: skip
LETTERS = 10  # pt: 3.5 mm, the least height of Chinese characters on drawings (GB/T 14691)
ROOMS = ("门厅", "办公室", "会议室", "楼梯间", "卫生间", "设备间", "走廊", "储藏间", "起居室", "卧室")


@dataclass(frozen=True, slots=True)
class Drawing:
    """One sheet. `block` maps title block fields to what is printed; `stamp` the stamp's, None without a stamp."""

    number: str
    title: str
    sheet: str
    block: Mapping[str, str]
    stamp: Mapping[str, str] | None
    layout: str
    rotate: int = 0  # /Rotate of the page
    segments: int = 1_500
    has_block: bool = True
    size_mm: tuple[float, float] | None = None  # where it is not the named sheet's

    def with_block(self, **changes: str) -> "Drawing":
        return replace(self, block={**self.block, **changes})


def drawing_set(facts: Facts, rng: Random, *, count: int, layouts: Sequence[str]) -> list[Drawing]:
    """`count` sheets of one design office: its own title block, sheet sizes by discipline."""
    wanted = [(prefix, title) for prefix, (_, titles) in DISCIPLINES.items() for title in titles]
    start = rng.randrange(max(1, len(wanted) - count + 1))
    layout, numbers = rng.choice(list(layouts)), dict.fromkeys(DISCIPLINES, 0)
    drawings = []
    for prefix, title in wanted[start : start + count]:
        numbers[prefix] += 1
        number = f"{prefix}-{numbers[prefix]:02d}"
        sheet = rng.choices(("A1", "A2", "A3", "A1+1/4"), (5, 3, 2, 1))[0]
        block = {
            "designer": facts.designer,
            "construction_unit": facts.construction_unit,
            "project_name": facts.project_name,
            "drawing_title": title,
            "drawing_number": number,
            "scale": "1:500" if title == "总平面图" else rng.choice(SCALES),
            "stage": "竣工图",
            "date": f"{facts.completion_date:%Y.%m}",
            "discipline": DISCIPLINES[prefix][0],
            "project_number": f"{facts.start_date:%Y}-{len(facts.project_name):02d}7",
            "revision": "A",
            **{role: facts.people[index % len(facts.people)] for index, role in enumerate(SIGNED)},
        }
        rotate = rng.choices((0, 90, 270), (8, 1, 1))[0]
        drawings.append(Drawing(number, title, sheet, block, stamp_of(facts), layout, rotate))
    return drawings


def stamp_of(facts: Facts) -> dict[str, str]:
    names = facts.people
    return {
        "施工单位": facts.builder, "编制人": names[1], "审核人": names[2], "技术负责人": names[3],
        "编制日期": f"{facts.completion_date:%Y.%m.%d}", "监理单位": facts.supervisor, "现场监理": names[4],
        "总监": names[5],
    }  # fmt: skip


def drawing_list(drawings: Sequence[Drawing]) -> Form:
    """图纸目录 of these sheets."""
    rows = tuple(
        (str(index), item.number, item.title, item.sheet.split("+")[0], item.block["revision"])
        for index, item in enumerate(drawings, 1)
    )
    table = Table("drawings", ("序号", "图号", "图名", "图幅", "版本"), (0.1, 0.2, 0.44, 0.13, 0.13), rows)
    return Form("drawing_list", "竣工图图纸目录", (), (table,))


def draw(drawings: Sequence[Drawing], *, seed: str) -> Paper:
    """The sheets on paper, unsaved. Places are called `NUMBER:field`, `NUMBER:stamp`, `NUMBER:stamp:label`."""
    paper: Paper | None = None
    for index, item in enumerate(drawings):
        size = item.size_mm or SHEETS[item.sheet]
        width, height = size[0] * MM, size[1] * MM
        if paper is None:
            paper = Paper(width, height, rotate=item.rotate)
        else:
            paper.next_page(width, height, rotate=item.rotate)
        _sheet(paper, item, Random(f"{seed}:{index}"))
    if paper is None:
        raise ValueError("no drawings")
    return paper


def _sheet(paper: Paper, item: Drawing, rng: Random) -> None:
    margin = (10 if item.sheet != "A3" else 5) * MM
    inner = (25 * MM, margin, paper.width - margin, paper.height - margin)
    paper.rect(inner, width=1.6)
    paper.mark(f"{item.number}:sheet", (0, 0, paper.width, paper.height))
    free = BLOCKS[item.layout](paper, item, inner) if item.has_block else inner
    if item.stamp is not None:
        _stamp(paper, item, (free[2] - STAMP[0] - 4 * MM, free[3] - STAMP[1] - 4 * MM))
        free = (free[0], free[1], free[2], free[3] - STAMP[1] - 8 * MM)
    _plan(paper, free, item, rng)


def _plan(paper: Paper, area: Box, item: Drawing, rng: Random) -> None:
    """Axes, walls, rooms, and fine lines up to the wanted number."""
    x0, top, x1, bottom = (area[0] + 12 * MM, area[1] + 12 * MM, area[2] - 12 * MM, area[3] - 12 * MM)
    columns, rows = max(2, int((x1 - x0) // (60 * MM))), max(1, int((bottom - top) // (60 * MM)))
    xs = [x0 + (x1 - x0) * index / columns for index in range(columns + 1)]
    ys = [top + (bottom - top) * index / rows for index in range(rows + 1)]
    for index, x in enumerate(xs):
        paper.line(x, top, x, bottom, width=1.2)
        paper.circle(x, bottom + 7 * MM, 3.5 * MM)
        paper.text(x - 3, bottom + 8 * MM, str(index + 1), 8)
    for y in ys:
        paper.line(x0, y, x1, y, width=1.2)
    for left in xs[:-1]:
        for upper in ys[:-1]:
            paper.text(left + 12, upper + 30, rng.choice(ROOMS), 9)
            paper.text(left + 12, upper + 44, f"{rng.uniform(8, 60):.2f}㎡", 7)
    fine = []
    for _ in range(item.segments):
        x, y = rng.uniform(x0, x1 - 20), rng.uniform(top, bottom - 20)
        if rng.random() < 0.5:  # noqa: PLR2004 - as many upright as level
            fine.append((x, y, x + rng.uniform(2, 18), y))
        else:
            fine.append((x, y, x, y + rng.uniform(2, 18)))
    paper.strokes(fine)


def _stamp(paper: Paper, item: Drawing, corner: tuple[float, float]) -> None:
    """竣工图章, 80 × 50 mm, red."""
    x, y = corner
    width, height = STAMP
    paper.rect((x, y, x + width, y + height), colour=RED, width=1.4)
    paper.mark(f"{item.number}:stamp", (x, y, x + width, y + height))
    head = 15 * MM
    paper.text(
        x + (width - text_width("竣 工 图", 18, bold=True)) / 2,
        y + 11 * MM,
        "竣 工 图",
        18,
        bold=True,
        colour=RED,
    )
    stamp = item.stamp or {}
    rows = (
        ("施工单位",),
        ("编制人", "审核人"),
        ("技术负责人", "编制日期"),
        ("监理单位",),
        ("现场监理", "总监"),
    )
    row = (height - head) / len(rows)
    for index, labels in enumerate(rows):
        upper = y + head + index * row
        share = width / len(labels)
        for column, label in enumerate(labels):
            left, split = x + column * share, x + column * share + 18 * MM
            paper.rect((left, upper, split, upper + row), colour=RED)
            paper.rect((split, upper, left + share, upper + row), colour=RED)
            paper.text(left + 2, upper + row - 6, label, 8, colour=RED)
            value = (split, upper, left + share, upper + row)
            box = paper.text(split + 2, upper + row - 6, stamp.get(label, ""), 7.5)
            paper.mark(f"{item.number}:stamp:{label}", box if stamp.get(label) else value)


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

TUNED: Mapping[str, Block] = {
    "corner": _corner_block,
    "turned": _turned_block,
    "strip": _strip_block,
    "bottom": _bottom_block,
}
HELD_OUT: Mapping[str, Block] = {"labels_above": _labels_above, "left_corner": _left_corner}
BLOCKS: Mapping[str, Block] = {**TUNED, **HELD_OUT}
