"""As-built sheets: frame, plan, title block in one of several forms and places, as-built stamp."""

from collections.abc import Sequence
from random import Random

from demo.dossiers.facts import Facts
from demo.dossiers.forms import Form, Table
from demo.dossiers.paper import MM, RED, Box, Paper, text_width
from demo.dossiers.sheet import SIGNED, Drawing
from demo.dossiers.title_blocks import title_block
from demo.dossiers.varied_blocks import VARIED

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
ROOMS = ("门厅", "办公室", "会议室", "楼梯间", "卫生间", "设备间", "走廊", "储藏间", "起居室", "卧室")


def drawing_set(facts: Facts, rng: Random, *, count: int, layouts: Sequence[str]) -> list[Drawing]:
    """`count` sheets of one design office: its own title block, sheet sizes by discipline."""
    wanted = [(prefix, title) for prefix, (_, titles) in DISCIPLINES.items() for title in titles]
    start = rng.randrange(max(1, len(wanted) - count + 1))
    layout, numbers = rng.choice(list(layouts)), dict.fromkeys(DISCIPLINES, 0)
    if layout == VARIED:  # an office of its own
        layout += str(rng.randrange(1_000_000))
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
    free = title_block(item.layout)(paper, item, inner) if item.has_block else inner
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
