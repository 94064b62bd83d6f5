"""Workbooks that people fill in and send: rows by the meaning of their headings."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from io import BytesIO
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from core.errors import FieldProblem, InvalidInput
from core.i18n import translations

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BYTES_LIMIT = 5 << 20


def open_workbook(content: bytes, *, otherwise: str) -> CalamineWorkbook:
    """Raises `InvalidInput` with this message for what is no workbook."""
    try:
        return CalamineWorkbook.from_filelike(BytesIO(content))
    except (CalamineError, OSError, ValueError) as error:
        raise wrong(otherwise) from error


def read_sheet(
    sheet: CalamineSheet,
    columns: Mapping[str, str],
    *,
    needed: Collection[str] = (),
    otherwise: str = "",
) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows that are not empty, by field, with the number that the spreadsheet shows.

    `columns` has each field's heading, a message id: understood in both languages, and by the field's own name. What
    stands under another heading is left out. Raises `InvalidInput` with the message `otherwise` where a column that is
    needed is missing.
    """
    table: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    by_heading = {heading: field for field, name in columns.items() for heading in (*names(name), field)}
    fields = [by_heading.get(str(cell).strip()) for cell in table[0]] if table else []
    if not set(fields).issuperset(needed):
        raise wrong(otherwise)
    for number, cells in enumerate(table[1:], start=2):
        row = {field: _text(cell) for field, cell in zip(fields, cells, strict=False) if field}
        if any(row.values()):
            yield number, row


def names(name: str) -> set[str]:
    """In both languages."""
    return {name, translations("en").gettext(name)}


def _text(cell: object) -> str:
    """As a form would send it: dates in ISO 8601, whole numbers without a point."""
    if isinstance(cell, date):  # and a moment, which is a date too
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def wrong(message: str) -> InvalidInput:
    return InvalidInput(problems=(FieldProblem("file", message),))
