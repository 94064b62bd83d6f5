"""Tables add up: a row called 合计 against the rows above it; parts of an area against the whole."""

from collections.abc import Iterator
from decimal import Decimal

from documents import normalise
from documents.reading import Reading
from documents.report import Finding
from documents.tables import Cell, Table

_TOTAL = ("合计", "总计", "总和", "共计")
_SUBTOTAL = ("小计", "其中")
_TOLERANCE = Decimal("0.015")


def sums(reading: Reading) -> Iterator[Finding]:
    for page in reading.pages:
        for table in page.tables:
            for column, printed, computed, cell in _wrong_totals(table):
                yield reading.finding(
                    "table-sum",
                    page=page.page.number,
                    bbox=cell.ink or cell.bbox,
                    evidence=cell.text,
                    column=column,
                    printed=f"{printed}",
                    computed=f"{computed}",
                )


def _wrong_totals(table: Table) -> Iterator[tuple[str, Decimal, Decimal, Cell]]:
    head = table.rows[0]
    since = 1
    for number, row in enumerate(table.rows):
        if number <= 1 or not _is_total(row, _TOTAL):
            continue
        body = [other for other in table.rows[since:number] if not _is_total(other, _TOTAL + _SUBTOTAL)]
        since = number + 1
        for column, cell in enumerate(row):
            title = normalise.compact(head[column].text) if column < len(head) and head[column] else ""  # type: ignore[union-attr] # just seen
            if cell is None or not _adds_up(title):
                continue
            printed = _number(cell.text)
            values = [_number(other[column].text) for other in body if column < len(other) and other[column]]  # type: ignore[union-attr] # just seen
            numbers = [value for value in values if value is not None]
            if printed is None or not numbers or len(numbers) < len(body) - 1:
                continue
            if abs(sum(numbers) - printed) > _TOLERANCE * max(len(numbers) // 10, 1):
                yield title, printed, sum(numbers, Decimal()), cell


def _is_total(row: list[Cell | None], words: tuple[str, ...]) -> bool:
    return any(normalise.compact(cell.text).startswith(words) for cell in row[:3] if cell is not None)


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
