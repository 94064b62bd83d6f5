"""Tables whose first row names the columns: drawing lists, and areas with a total."""

from collections.abc import Iterable, Iterator, Sequence

from documents import forms, normalise
from documents.report import Field, ListedDrawing
from documents.tables import Cell, Table

_COLUMNS = {
    "number": ("图号", "图纸编号", "图纸号", "图别图号"),
    "title": ("图名", "图纸名称", "图纸内容", "名称"),
    "sheet": ("图幅", "规格", "图纸规格", "幅面"),
    "revision": ("版本", "版次", "修改版次", "版本号", "版号", "修订"),
}
_FEWEST_COLUMNS, _FEWEST_ROWS, _LONGEST_TITLE = 3, 2, 14
_TOTAL = ("合计", "总计", "共计")


def header_row(table: Table, labels: forms.Labels) -> int | None:
    """Index of the row that names the columns: at least three short titles, none a number, with rows like it below.

    A form has such rows too, but names a field in each of them.
    """
    if sum(row[0] is not None and labels.meaning(row[0].text) is not None for row in table.rows) > 1:
        return None
    for index, row in enumerate(table.rows[:3]):
        cells = [cell for cell in row if cell is not None]
        rows_below = table.rows[index + 1 :]
        if len(cells) < _FEWEST_COLUMNS or len(rows_below) < _FEWEST_ROWS:
            continue
        alike = sum(len([cell for cell in other if cell]) >= len(cells) - 1 for other in rows_below)
        titled = all(0 < len(normalise.compact(cell.text)) <= _LONGEST_TITLE for cell in cells)
        numbers = sum(_is_number(cell.text) for other in rows_below for cell in other if cell)
        if (
            titled
            and alike >= len(rows_below) * 0.6
            and not any(_is_number(c.text) for c in cells)
            and numbers >= _FEWEST_ROWS
        ):
            return index
    return None


def _is_number(text: str) -> bool:
    plain = normalise.compact(text).replace(",", "").rstrip("㎡%")
    return bool(plain) and plain.replace(".", "", 1).isdecimal()


def listed_drawings(tables: Iterable[Table], page: int, columns: dict[str, int]) -> Iterator[ListedDrawing]:
    """Rows of a drawing list. `columns` is filled at the header and serves the pages that follow without one."""
    for table in tables:
        for row in table.rows:
            if found := _list_header(row):
                columns.clear()
                columns.update(found)
            elif columns and (drawing := _listed(row, page, columns)):
                yield drawing


def _list_header(row: Sequence[Cell | None]) -> dict[str, int] | None:
    titles = {normalise.compact(cell.text): index for index, cell in enumerate(row) if cell is not None}
    found = {
        name: titles[word] for name, words in _COLUMNS.items() for word in reversed(words) if word in titles
    }
    return found if {"number", "title"} <= found.keys() else None


def _listed(row: Sequence[Cell | None], page: int, columns: dict[str, int]) -> ListedDrawing | None:
    def cell(name: str) -> Cell | None:
        index = columns.get(name)
        return row[index] if index is not None and index < len(row) else None

    def text(name: str) -> str:
        found = cell(name)
        return normalise.compact(found.text) if found else ""

    number = cell("number")
    if number is None or not text("number") or not text("title"):
        return None
    return ListedDrawing(
        number=text("number"),
        title=text("title"),
        sheet=text("sheet"),
        revision=text("revision"),
        page=page,
        bbox=number.ink or number.bbox,
    )


def total_area(table: Table, header: int, labels: forms.Labels, page: int) -> Field | None:
    """The floor area that a table of areas adds up to."""
    titles = table.rows[header]
    for row in table.rows[header + 1 :]:
        if not any(normalise.compact(cell.text).startswith(_TOTAL) for cell in row[:3] if cell):
            continue
        for column, cell in enumerate(row):
            title = titles[column] if column < len(titles) else None
            if cell is None or title is None or labels.meaning(title.text) != "floor_area" or not cell.text:
                continue
            value, unit = forms.value_of("area", cell.text, title.text)
            return Field(
                name="floor_area",
                value=value,
                unit=unit,
                raw=cell.text,
                page=page,
                bbox=cell.ink or cell.bbox,
                label=normalise.compact(title.text),
                confidence=0.9,
            )
    return None
