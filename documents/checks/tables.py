"""Tables add up: a row called 合计 against the rows above it; parts of an area against the whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from documents import normalise
from documents.reading import Reading
from documents.report import Finding
from documents.tables import Cell, Table

_TOTAL = ("合计", "总计", "总和", "共计")
_TOLERANCE = Decimal("0.015")
_SAME_EDGE = 3.0  # points
Row = list[Cell | None]


@dataclass(slots=True)
class _Whole:
    """A table with what of it stands on the next pages; each row with its page."""

    head: Row
    last: Table
    rows: list[tuple[int, Row]]


def sums(reading: Reading) -> Iterator[Finding]:
    for table in _whole_tables(reading):
        for page, column, printed, computed, cell in _wrong_totals(table):
            yield reading.finding(
                "table-sum",
                page=page,
                bbox=cell.ink or cell.bbox,
                evidence=cell.text,
                column=column,
                printed=f"{printed}",
                computed=f"{computed}",
            )


def _whole_tables(reading: Reading) -> Iterator[_Whole]:
    whole: _Whole | None = None
    for page in reading.pages:
        for index, table in enumerate(page.tables):
            rows = [(page.page.number, row) for row in table.rows]
            more = _continuation(whole, rows, table) if whole and index == 0 else []
            if whole and more:
                whole.rows += more
                whole.last = table
                continue
            if whole:
                yield whole
            whole = _Whole(table.rows[0], table, rows[1:])
        if whole and not page.tables:
            yield whole
            whole = None
    if whole:
        yield whole


def _continuation(whole: _Whole, rows: list[tuple[int, Row]], table: Table) -> list[tuple[int, Row]]:
    """The first table of the next page goes on, with its head repeated or not, where columns and width are the same."""
    before, after = whole.last.bbox, table.bbox
    if len(table.rows[0]) != len(whole.head) or any(abs(before[i] - after[i]) > _SAME_EDGE for i in (0, 2)):
        return []
    if _texts(rows[0][1]) == _texts(whole.head):
        return rows[1:]
    first = rows[0][1]
    goes_on = any(
        cell and _adds_up(title) and _number(cell.text) is not None
        for title, cell in zip(_texts(whole.head), first, strict=True)
    )
    return rows if goes_on else []


def _texts(row: Row) -> list[str]:
    return [normalise.compact(cell.text) if cell else "" for cell in row]


def _wrong_totals(table: _Whole) -> Iterator[tuple[int, str, Decimal, Decimal, Cell]]:
    """A total is that of the rows since the last one (本页合计), or that of all rows (总计)."""
    titles = _texts(table.head)
    since = 0
    for number, (page, row) in enumerate(table.rows):
        if number == 0 or not _is_total(row):
            continue
        parts = [_summands(rows) for rows in (table.rows[since:number], table.rows[:number])]
        since = number + 1
        for column, (title, cell) in enumerate(zip(titles, row, strict=False)):
            printed = _number(cell.text) if cell and _adds_up(title) else None
            numbers = [found for rows in parts if (found := _numbers(rows, column))]
            if cell is None or printed is None or not numbers:
                continue
            if not any(_equals(sum(found), printed, terms=len(found)) for found in numbers):
                yield page, title, printed, sum(numbers[0], Decimal()), cell


def _summands(rows: list[tuple[int, Row]]) -> list[Row]:
    return [row for _, row in rows if not _is_total(row) and not _is_subtotal(row)]


def _numbers(rows: list[Row], column: int) -> list[Decimal]:
    """A column's figures; none where more than one row goes without."""
    cells = [row[column] for row in rows if column < len(row)]
    values = [value for cell in cells if cell and (value := _number(cell.text)) is not None]
    return values if len(values) >= len(rows) - 1 else []


def _equals(computed: Decimal | int, printed: Decimal, *, terms: int) -> bool:
    return abs(computed - printed) <= _TOLERANCE * max(terms // 10, 1)


def _is_total(row: Row) -> bool:
    return any(text.endswith(_TOTAL) or text.startswith(_TOTAL) for text in _texts(row[:3]))


def _is_subtotal(row: Row) -> bool:
    return any("小计" in text or text.startswith("其中") for text in _texts(row[:3]))


def _adds_up(title: str) -> bool:
    return any(
        word in title for word in ("面积", "数量", "页数", "张数", "金额", "株数", "长度", "份数", "套数")
    )


def _number(text: str) -> Decimal | None:
    plain = normalise.compact(text)
    return (
        normalise.number(text)
        if plain and not any("\u4e00" <= c <= "\u9fff" for c in plain.rstrip("㎡株张页"))
        else None
    )


def parts_of_area(reading: Reading) -> Iterator[Finding]:
    """Above and below ground together make the whole."""
    first = {
        name: next((f for f in reading.fields if f.name == name and f.value is not None), None)
        for name in _AREAS
    }
    total, above, below = (first[name] for name in _AREAS)
    if total is None or above is None or below is None:
        return
    computed = float(above.value or 0) + float(below.value or 0)
    slack = sum(normalise.area_rounding(part.raw, label=part.label) for part in (total, above, below))
    if abs(computed - float(total.value or 0)) > slack:
        yield reading.about(
            total,
            "parts-differ-from-total",
            computed=f"{computed:.2f}",
            printed=f"{float(total.value or 0):.2f}",
        )


_AREAS = ("floor_area", "area_above_ground", "area_below_ground")
CHECKS = (sums, parts_of_area)
