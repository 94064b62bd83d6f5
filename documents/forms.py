"""Fields of forms and reports: a label that the rule book knows, and the value printed beside, below or after it."""

import re
from collections.abc import Iterator, Sequence

from documents import normalise
from documents.labelled import read_entries
from documents.layout import Span
from documents.normalise import TICKED, UNTICKED
from documents.report import Field
from documents.rulebook import BlockRule, RuleBook
from documents.tables import Cell
from documents.vocabulary import Vocabulary

_REMARK = re.compile(r"[(\[〔][^)\]〕]*[)\]〕]")
_SEAL_WORDS = ("盖章", "公章", "签章", "印章")
_LOOKS = {  # what values of a type look like
    "area": r"\d|[一二三四五六七八九壹贰叁肆伍陆柒捌玖]",
    "number": r"\d|[一二三四五六七八九]",
    "date": r"\d|年|长期|[一二三四五六七八九]月",
    "code": r"\d{2}",
    "permit": r"\d",
    "checks": rf"[{TICKED}{UNTICKED}]|^[\u4e00-\u9fff、]+$",
    "person": r"^[\u4e00-\u9fff·]{2,8}|\d{7}",
}
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
        rules = book.fields.field.items()
        looks = {name: _LOOKS[rule.type] for name, rule in rules if rule.type in _LOOKS}
        self.words = Vocabulary(
            BlockRule(
                labels={name: rule.labels for name, rule in rules},
                translations=book.fields.translations,
                looks=looks,
            )
        )

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
    if not any(mark in text for mark in TICKED + UNTICKED):
        return text or None
    options = re.findall(rf"([{TICKED}{UNTICKED}])([^{TICKED}{UNTICKED}]*)", text)
    return "、".join(option for mark, option in options if mark in TICKED) or None


def fields(cells: Sequence[Cell], lines: Sequence[Span], labels: Labels, page: int) -> Iterator[Field]:
    """The labels of a page with their values; a label asking for a seal names no field."""
    for entry in read_entries(cells, lines, labels.words):
        if any(word in entry.label for word in _SEAL_WORDS):
            continue
        value, unit = value_of(labels.type_of(entry.name), entry.text, entry.label)
        if value is None and not (entry.sure or _is_filled_in(entry.text)):
            continue
        yield Field(
            name=entry.name,
            value=value,
            unit=unit,
            raw=entry.text,
            page=page,
            bbox=entry.bbox or entry.cell or entry.label_box,
            label=entry.label,
            confidence=1.0 if entry.cell else 0.85 if entry.sure else 0.7,
        )


def _is_filled_in(text: str) -> bool:
    """By its looks, though it has no value: a day that does not exist, or options of which none is ticked."""
    return normalise.looks_like_date(text) or normalise.offers_options(text)


def title_block_value(name: str, text: str) -> str:
    """Title block entries are compared as written, but for spaces and forms of characters; dates become ISO."""
    if name == "date" and (date := normalise.date(text)):
        return date.isoformat()
    return normalise.name(text)
