"""Ways of laying a form out on A4. Each knows how to set label and value; the rest is common.

`HELD_OUT` layouts serve to judge the reader only: nothing may be tuned on them.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random

from demo.dossiers.forms import Block, Form, Paragraph, SignOff, Table
from demo.dossiers.paper import ASCENT, GREY, LINE, MM, Box, Paper, text_width

WIDTH, HEIGHT = 210 * MM, 297 * MM
LEFT, RIGHT, TOP, BOTTOM = 25 * MM, 190 * MM, 25 * MM, 268 * MM
SIZE, LEADING = 10.5, 17.0
ROW = 24.0
SEAL_ROOM = 46 * MM
PER_SIGN_OFF_ROW = 2


class Setter:
    """A form on its way to paper: the pages, and how far down the present one is filled."""

    def __init__(self, form: Form, rng: Random, *, pages: int | None = None, rotate: int = 0) -> None:
        self.form, self.rng, self.pages = form, rng, pages
        self.paper = Paper(WIDTH, HEIGHT, rotate=rotate)
        self.y = TOP
        self._footer()

    def room(self, height: float) -> None:
        """Go on to the next page where this one has no such height left."""
        if self.y + height > BOTTOM:
            self.paper.next_page(WIDTH, HEIGHT)
            self.y = TOP
            self._footer()

    def _footer(self) -> None:
        if self.form.page_numbers and self.pages:
            text = f"第 {self.paper.page} 页 共 {self.pages} 页"
            self.paper.text((WIDTH - text_width(text, 9)) / 2, 283 * MM, text, 9)

    def line(self, text: str, size: float = SIZE, *, bold: bool = False, x: float = LEFT) -> None:
        self.room(LEADING)
        self.y += LEADING
        self.paper.text(x, self.y - 4, text, size, bold=bold)

    def cell(self, box: Box, text: str, *, key: str | None = None, bold: bool = False) -> None:
        """Text in a cell, wrapped and centred in height. The key names the ink, or the cell where it is empty."""
        x0, top, x1, bottom = box
        lines = wrapped(text, x1 - x0 - 8, SIZE)
        leading = SIZE * LINE
        y = (top + bottom) / 2 - leading * len(lines) / 2 + ASCENT * SIZE
        boxes = [
            self.paper.text(x0 + 4, y + leading * index, part, SIZE, bold=bold)
            for index, part in enumerate(lines)
        ]
        self.paper.mark(f"cell:{key}" if key else None, box)
        self.paper.mark(key, _union(boxes) if text else box)


def wrapped(text: str, width: float, size: float) -> list[str]:
    """Lines no wider than `width`; breaks anywhere, as Chinese does."""
    lines = [""]
    for char in text:
        if text_width(lines[-1] + char, size) > width and lines[-1]:
            lines.append("")
        lines[-1] += char
    return lines


def _union(boxes: Sequence[Box]) -> Box:
    return (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )


def _centred_title(setter: Setter) -> None:
    size = 18
    setter.y += 24
    width = text_width(setter.form.title, size, bold=True)
    setter.paper.text((WIDTH - width) / 2, setter.y, setter.form.title, size, bold=True, key="title")
    if setter.form.number:
        number = f"编号：{setter.form.number}"
        setter.y += 20
        setter.paper.text(RIGHT - text_width(number, 9), setter.y, number, 9, key="number")
    setter.y += 12


def _left_title(setter: Setter) -> None:
    setter.y += 14
    setter.paper.text(LEFT, setter.y, f"编号：{setter.form.number or '——'}", 8.5, key="number")
    setter.y += 26
    setter.paper.text(LEFT, setter.y, setter.form.title, 17, bold=True, key="title")
    setter.paper.line(LEFT, setter.y + 8, RIGHT, setter.y + 8, width=1.4)
    setter.y += 20


def _small_title(setter: Setter) -> None:
    setter.y += 20
    title = setter.form.title
    setter.paper.text((WIDTH - text_width(title, 15)) / 2, setter.y, title, 15, key="title")
    setter.y += 14
    foreign = "Completion of construction works · Dossier"
    setter.paper.text((WIDTH - text_width(foreign, 8)) / 2, setter.y, foreign, 8)
    if setter.form.number:
        setter.y += 14
        setter.paper.text(LEFT, setter.y, f"编号：{setter.form.number}", 9, key="number")
    setter.y += 14


def _row_height(texts: Sequence[tuple[str, float]]) -> float:
    lines = max(len(wrapped(text, width - 8, SIZE)) for text, width in texts)
    return max(ROW, lines * SIZE * LINE + 8)


def _ruled(setter: Setter, *, pairs: int, shaded: bool = False) -> None:
    """A grid with `pairs` of label and value in each row."""
    label = 0.38 * (RIGHT - LEFT) / pairs if pairs > 1 else 0.27 * (RIGHT - LEFT)
    value = (RIGHT - LEFT) / pairs - label
    entries = setter.form.entries
    for start in range(0, len(entries), pairs):
        row = entries[start : start + pairs]
        last = len(row) < pairs  # a single entry in the last row takes its whole width
        widths = [(e.value, value if not last else RIGHT - LEFT - label) for e in row]
        height = _row_height([*widths, *((e.label, label) for e in row)])
        setter.room(height)
        x = LEFT
        for entry, (_, width) in zip(row, widths, strict=True):
            left, right = (x, setter.y, x + label, setter.y + height), x + label + width
            setter.paper.rect(left, fill=GREY if shaded else None, width=0.5 if shaded else 0.8)
            setter.cell(left, entry.label, key=f"label:{entry.key}")
            box = (left[2], setter.y, right, setter.y + height)
            setter.paper.rect(box, width=0.5 if shaded else 0.8)
            setter.cell(box, entry.value, key=f"value:{entry.key}")
            x = right
        setter.y += height
    setter.y += 8


def _lines(setter: Setter, *, columns: int) -> None:
    """`label：value` without rules; long ones take a line of their own."""
    width = (RIGHT - LEFT) / columns
    column = 0
    for entry in setter.form.entries:
        text = f"{entry.label}：{entry.value}"
        long = text_width(text, SIZE) > width - 12
        if column and (long or column == columns):
            column = 0
        if column == 0:
            setter.room(LEADING)
            setter.y += LEADING + 2
        x = LEFT + column * width
        label = setter.paper.text(x, setter.y, f"{entry.label}：", SIZE, key=f"label:{entry.key}")
        if entry.value:
            setter.paper.text(label[2], setter.y, entry.value, SIZE, key=f"value:{entry.key}")
        else:
            setter.paper.mark(f"value:{entry.key}", label)
        column = columns if long else column + 1
    setter.y += 12


def _stacked(setter: Setter) -> None:
    """Three to a row: labels in one row of a grid, their values in the next."""
    columns = 3
    width = (RIGHT - LEFT) / columns
    entries = setter.form.entries
    for start in range(0, len(entries), columns):
        row = entries[start : start + columns]
        height = _row_height([(entry.value, width) for entry in row])
        setter.room(20 + height)
        for index in range(columns):
            x = LEFT + index * width
            head, body = (
                (x, setter.y, x + width, setter.y + 20),
                (x, setter.y + 20, x + width, setter.y + 20 + height),
            )
            setter.paper.rect(head, fill=GREY)
            setter.paper.rect(body)
            if index < len(row):
                setter.cell(head, row[index].label, key=f"label:{row[index].key}")
                setter.cell(body, row[index].value, key=f"value:{row[index].key}")
        setter.y += 20 + height
    setter.y += 8


def _underlined(setter: Setter) -> None:
    """A label, then its value on an underline; no colon, no boxes."""
    for entry in setter.form.entries:
        setter.room(LEADING + 4)
        setter.y += LEADING + 4
        setter.paper.text(LEFT, setter.y, entry.label, SIZE, key=f"label:{entry.key}")
        x = LEFT + 46 * MM
        setter.paper.line(x, setter.y + 4, RIGHT, setter.y + 4, width=0.5)
        if entry.value:
            setter.paper.text(x + 4, setter.y, entry.value, SIZE, key=f"value:{entry.key}")
        else:
            setter.paper.mark(f"value:{entry.key}", (x, setter.y - 12, RIGHT, setter.y + 4))
    setter.y += 12


def _blocks(setter: Setter, blocks: Sequence[Block]) -> None:
    signed: list[SignOff] = []
    for block in blocks:
        if isinstance(block, SignOff):
            signed.append(block)
            continue
        if isinstance(block, Table):
            _table(setter, block)
        else:
            _paragraph(setter, block)
    for start in range(0, len(signed), PER_SIGN_OFF_ROW):
        row = signed[start : start + PER_SIGN_OFF_ROW]
        setter.room(SEAL_ROOM)
        for index, sign_off in enumerate(row):
            _sign_off(setter, sign_off, LEFT + index * (RIGHT - LEFT) / PER_SIGN_OFF_ROW)
        setter.y += SEAL_ROOM


def _paragraph(setter: Setter, paragraph: Paragraph) -> None:
    size = SIZE + 1 if paragraph.heading else SIZE
    text = paragraph.text if paragraph.heading else "　　" + paragraph.text
    for line in wrapped(text, RIGHT - LEFT, size):
        setter.line(line, size, bold=paragraph.heading)
    setter.y += 4


def _table(setter: Setter, table: Table) -> None:
    widths = [share * (RIGHT - LEFT) for share in table.shares]
    for number, cells in enumerate((table.columns, *table.rows), -1):
        height = _row_height(list(zip(cells, widths, strict=True)))
        setter.room(height)
        x = LEFT
        for column, (text, width) in enumerate(zip(cells, widths, strict=True)):
            box = (x, setter.y, x + width, setter.y + height)
            setter.paper.rect(box)
            setter.cell(box, text, key=f"{table.key}:{number}:{column}", bold=number < 0)
            x += width
        setter.y += height
    setter.y += 8


def _sign_off(setter: Setter, block: SignOff, x: float) -> None:
    paper, y = setter.paper, setter.y + 34
    paper.text(x, y, f"{block.label}（盖章）：", SIZE, key=f"seal:{block.party}")
    box = paper.text(x, y + 32, f"{block.role}（签字）：", SIZE, key=f"sign:{block.party}")
    if block.signer and setter.rng.random() < 0.5:  # noqa: PLR2004 - half are typed, half written by hand
        paper.text(box[2] + 4, y + 32, block.signer, SIZE)
    elif block.signer:
        paper.scribble(setter.rng, box[2] + 4, y + 32, 52)
    paper.text(x + 60, y + 62, block.date or "年　　月　　日", SIZE, key=f"date:{block.party}")
    if block.name:
        paper.seal(x + 44 * MM, y + 18, block.name)


Layout = Callable[[Setter], None]


def _with(title: Layout, fields: Layout) -> Layout:
    def lay(setter: Setter) -> None:
        title(setter)
        fields(setter)
        _blocks(setter, setter.form.blocks)

    return lay


TUNED: Mapping[str, Layout] = {
    "ruled": _with(_centred_title, lambda setter: _ruled(setter, pairs=2)),
    "single": _with(_centred_title, lambda setter: _ruled(setter, pairs=1)),
    "shaded": _with(_left_title, lambda setter: _ruled(setter, pairs=2, shaded=True)),
    "lines": _with(_centred_title, lambda setter: _lines(setter, columns=1)),
    "pairs": _with(_left_title, lambda setter: _lines(setter, columns=2)),
}
HELD_OUT: Mapping[str, Layout] = {
    "stacked": _with(_left_title, _stacked),
    "underlined": _with(_small_title, _underlined),
}
LAYOUTS: Mapping[str, Layout] = {**TUNED, **HELD_OUT}


VARIED = "varied-"


def _layout(name: str) -> Layout:
    """The layout of that name; `varied-SEED` makes one of its own."""
    if not name.startswith(VARIED):
        return LAYOUTS[name]
    from demo.dossiers.varied_forms import varied_fields

    def lay(setter: Setter) -> None:
        varied_fields(setter, name)
        _blocks(setter, setter.form.blocks)

    return lay


def typeset(form: Form, layout: str, *, seed: str) -> Paper:
    """The form on paper, unsaved, so that a defect may still be drawn onto it. Same arguments, same bytes."""
    lay = _layout(layout)
    setter = Setter(form, Random(seed))
    lay(setter)
    if form.page_numbers:  # now that the number of pages is known
        setter = Setter(form, Random(seed), pages=setter.paper.page)
        lay(setter)
    return setter.paper
