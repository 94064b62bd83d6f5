"""Fields of forms and reports: a label that the rule book knows, and the value printed beside, below or after it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from documents import layout, normalise
from documents.layout import Span
from documents.report import Field
from documents.rulebook import RuleBook
from documents.tables import Cell, Table

_REMARK = re.compile(r"[(\[〔][^)\]〕]*[)\]〕]")
_FEWEST_COLUMNS = 3
_WIDE_GAP, _WORD_GAP = 2.5, 0.8  # times the height of the writing
_LABEL_LIKE = re.compile(r"[\u4e00-\u9fff]{2,10}(?:\([^()]*\))?:")
_TICKED, _UNTICKED = "☑☒■√✓✔◼", "□☐◻"
_SEAL_WORDS = ("盖章", "公章", "签章", "印章")
_MISSING_MARKS = {"", "/", "-", "—", "——", "无", "\\"}


class Labels:
    """Looks up what a printed label means."""

    def __init__(self, book: RuleBook) -> None:
        self._book = book
        self._fields = {
            normalise.compact(label): name
            for name, rule in book.fields.field.items()
            for label in rule.labels
        }
        longest_first = sorted(self._fields, key=len, reverse=True)
        alternatives = "|".join(map(re.escape, longest_first))
        self.in_line = re.compile(rf"({alternatives})((?:\([^()]*\))?)[::]")

    def meaning(self, text: str) -> str | None:
        """The field that a cell's text labels: the whole of it, but for a remark in brackets and a colon."""
        text = normalise.compact(text).rstrip(":")
        return self._fields.get(text) or self._fields.get(_REMARK.sub("", text))

    def type_of(self, name: str) -> str:
        return self._book.fields.field[name].type


def value_of(kind: str, raw: str, label: str) -> tuple[str | float | None, str | None]:
    """The normalised value and its unit; None where nothing usable is printed."""
    text = normalise.compact(raw)
    value: str | float | None = None
    if text in _MISSING_MARKS:
        return None, None
    match kind:
        case "area" | "number":
            amount = normalise.area(raw, label=label) if kind == "area" else normalise.number(raw)
            value = None if amount is None else float(amount)
        case "date":
            date = normalise.date(raw)
            value = date.isoformat() if date else None
        case "code":
            found = normalise.PROJECT_CODE.search(text)
            value = found.group() if found else text
        case "permit":
            value = normalise.permit(raw) or None
        case "checks":
            value = ticked(text)
        case _:
            value = normalise.name(raw) or None
    return value, "㎡" if kind == "area" and value is not None else None


def ticked(text: str) -> str | None:
    """The options with a tick, joined; the text itself where there is nothing to tick."""
    if not any(mark in text for mark in _TICKED + _UNTICKED):
        return text or None
    options = re.findall(rf"([{_TICKED}{_UNTICKED}])([^{_TICKED}{_UNTICKED}]*)", text)
    return "、".join(option for mark, option in options if mark in _TICKED) or None


def from_table(table: Table, labels: Labels, page: int, *, header: int | None) -> Iterator[Field]:
    """Label and value cells, and `label：value` within a cell. From `header` on, the table is a list."""
    if header is None:
        for index, row in enumerate(table.rows):
            cells = [cell for cell in row if cell is not None]
            below = [cell for cell in table.rows[index + 1] if cell] if index + 1 < len(table.rows) else []
            yield from _from_row(cells, below, labels, page)
    for cell in table.cells:
        for line in cell.lines:
            yield from from_line(line, labels, page, confidence=0.9)


def _from_row(cells: Sequence[Cell], below: Sequence[Cell], labels: Labels, page: int) -> Iterator[Field]:
    meanings = [labels.meaning(cell.text) for cell in cells]
    header = (
        len(cells) >= _FEWEST_COLUMNS
        and sum(meaning is not None for meaning in meanings) > len(cells) / 2 + 0.5
    )
    for index, (cell, meaning) in enumerate(zip(cells, meanings, strict=True)):
        if meaning is None:
            continue
        beside = cells[index + 1] if index + 1 < len(cells) else None
        if beside is not None and meanings[index + 1] is None:
            yield _field(meaning, cell.text, beside, labels, page)
        elif header and (under := _under(cell, below)) is not None and labels.meaning(under.text) is None:
            yield _field(meaning, cell.text, under, labels, page)


def _under(cell: Cell, below: Iterable[Cell]) -> Cell | None:
    middle = (cell.bbox[0] + cell.bbox[2]) / 2
    return next((other for other in below if other.bbox[0] <= middle < other.bbox[2]), None)


def _field(name: str, label: str, cell: Cell, labels: Labels, page: int) -> Field:
    raw = cell.text.replace("\n", "")
    value, unit = value_of(labels.type_of(name), raw, label)
    return Field(
        name=name,
        value=value,
        unit=unit,
        raw=raw,
        page=page,
        bbox=cell.ink or cell.bbox,
        label=normalise.compact(label),
    )


def from_line(line: Span, labels: Labels, page: int, *, confidence: float = 0.85) -> Iterator[Field]:
    """`label：value` pairs of a line; a value ends at the next label, or at a wide gap."""
    text = "".join(normalise.char(char.text) for char in line.chars)
    found = list(labels.in_line.finditer(text))
    for index, match in enumerate(found):
        label, remark = match.groups()
        if any(word in remark for word in _SEAL_WORDS):
            continue
        start, end = match.end(), found[index + 1].start() if index + 1 < len(found) else len(text)
        end = _before_gap(line, start, end)
        name = labels.meaning(label)
        if name is None:
            continue
        raw = text[start:end]
        value, unit = value_of(labels.type_of(name), raw, label + remark)
        box = (
            layout.box_of(line.chars[start:end])
            if end > start
            else layout.box_of(line.chars[match.start() : start])
        )
        yield Field(
            name=name,
            value=value,
            unit=unit,
            raw=raw,
            page=page,
            bbox=box,
            label=label,
            confidence=confidence,
        )


def _before_gap(line: Span, start: int, end: int) -> int:
    """Where the value ends: at white space three characters wide, or one wide before something like a label."""
    text = "".join(normalise.char(char.text) for char in line.chars[:end])
    for at in range(start, end):
        before, char = line.chars[at - 1], line.chars[at]
        gap = (char.x0 - before.x1) / max(char.height, before.height)
        if (at > start and gap > _WIDE_GAP) or (
            (at == start or gap > _WORD_GAP) and _LABEL_LIKE.match(text, at)
        ):
            return at
    return end


def from_spans(line: Span, labels: Labels, page: int) -> Iterator[Field]:
    """A label and its value set apart by white space, in forms without rules."""
    parts = list(layout.spans(line, gap=0.6))
    for part, following in pairwise(parts):
        name = labels.meaning(part.text)
        if name is None or labels.meaning(following.text) is not None:
            continue
        value, unit = value_of(labels.type_of(name), following.text, part.text)
        if value is not None:
            yield Field(
                name=name,
                value=value,
                unit=unit,
                raw=following.text,
                page=page,
                bbox=following.bbox,
                label=normalise.compact(part.text),
                confidence=0.7,
            )


def title_block_value(name: str, text: str) -> str:
    """Title block entries are compared as written, but for spaces and forms of characters; dates become ISO."""
    if name == "date" and (date := normalise.date(text)):
        return date.isoformat()
    return normalise.name(text)
