"""Documents for tests: small PDFs with real Chinese text, and readings and reports as a reader would have made them."""

import datetime as dt
from pathlib import Path
from typing import Any

from demo.dossiers.paper import MM, Paper
from documents.blocks import Block, Entry
from documents.classify import Kind
from documents.reading import Line, PageReading, Reading
from documents.report import BBox, Content, DocumentReport, Field, ListedDrawing, Page
from documents.rulebook import shipped
from documents.tables import Cell, Table

TODAY = dt.date(2026, 3, 4)
BOX = (70.0, 100.0, 170.0, 112.0)


def a4() -> Paper:
    return Paper(210 * MM, 297 * MM)


def form(title: str, rows: dict[str, str], *, lines: tuple[str, ...] = ()) -> bytes:
    """One A4 page: a title, a ruled table of labels and values, lines below."""
    paper = a4()
    paper.text(60 * MM, 30 * MM, title, 18, bold=True)
    y = 45 * MM
    for label, value in rows.items():
        for x0, x1, text in ((25 * MM, 75 * MM, label), (75 * MM, 185 * MM, value)):
            paper.rect((x0, y, x1, y + 9 * MM))
            paper.text(x0 + 4, y + 6 * MM, text, 10.5)
        y += 9 * MM
    for line in lines:
        y += 10 * MM
        paper.text(25 * MM, y, line, 10.5)
    return paper.save()


def saved(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def page(
    number: int = 1, *, content: Content = Content.TEXT, size: tuple[float, float] = (210, 297), **more: Any
) -> PageReading:
    facts = Page(
        number=number,
        width_mm=size[0],
        height_mm=size[1],
        sheet=more.pop("sheet", "A4"),
        rotation=0,
        content=content,
        fingerprint=more.pop("fingerprint", f"page {number}"),
    )
    lines = [Line(text, BOX, 12.0) for text in more.pop("lines", ())]
    return PageReading(facts, more.pop("direction", 0), lines=lines, chars=more.pop("chars", 100), **more)


def reading(*pages: PageReading, kind: str | None = "joint_application") -> Reading:
    return Reading("甲.pdf", TODAY, shipped(), list(pages or [page()]), Kind(kind, 0.9, "title"))


def field(name: str, value: str | float | None, raw: str | None = None, **more: Any) -> Field:
    values: dict[str, Any] = {"unit": None, "page": 1, "bbox": BOX, "label": shipped().label(name)} | more
    return Field(name=name, value=value, raw=str(value or "") if raw is None else raw, **values)


def block(labels: dict[str, str], *, size_mm: tuple[float, float] = (180, 56), angle: int = 0) -> Block:
    """A title block or stamp whose entries are {field: text}."""
    box = (10.0, 10.0, 10 + size_mm[0] * MM, 10 + size_mm[1] * MM)
    entries = {name: Entry(shipped().label(name), text, BOX, BOX, BOX) for name, text in labels.items()}
    return Block(box, angle, entries, ruled=True)


def table(*rows: tuple[str | None, ...]) -> Table:
    def cell(text: str | None, row: int, column: int) -> Cell | None:
        box: BBox = (100.0 * column, 20.0 * row, 100.0 * column + 100, 20.0 * row + 20)
        return None if text is None else Cell(box, text, box)

    cells = [[cell(text, row, column) for column, text in enumerate(texts)] for row, texts in enumerate(rows)]
    return Table((0, 0, 500, 500), cells)


def report(file: str, *fields: Field, kind: str | None = None, **more: Any) -> DocumentReport:
    values: dict[str, Any] = {
        "sha256": file,
        "size": 1000,
        "kind_confidence": 0.9,
        "pages": [page().page],
        "fields": list(fields),
    }
    return DocumentReport(file=file, kind=kind, **values | more)


def sheet(file: str, number: str, title: str, *, revision: str = "", size: str = "A1") -> DocumentReport:
    fields = [field("drawing_number", number), field("drawing_title", title)]
    fields += [field("revision", revision)] if revision else []
    return report(file, *fields, kind="as_built_drawing", pages=[page(sheet=size).page])


def listed(*rows: tuple[str, str, str, str]) -> DocumentReport:
    drawings = [
        ListedDrawing(number=number, title=title, sheet=size, revision=revision, page=1, bbox=BOX)
        for number, title, size, revision in rows
    ]
    return report("图纸目录.pdf", kind="drawing_list", listed=drawings)
