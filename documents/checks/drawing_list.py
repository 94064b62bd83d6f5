"""The drawing list (图纸目录) against the sheets: missing, surplus, repeated, renamed, other revision or size."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from documents import normalise
from documents.report import BBox, DocumentReport, Finding, ListedDrawing
from documents.rulebook import RuleBook


@dataclass(frozen=True, slots=True)
class SubmittedSheet:
    document: DocumentReport
    page: int
    number: str
    title: str
    revision: str
    sheet: str
    bbox: BBox


def drawing_list(
    documents: Sequence[DocumentReport], book: RuleBook
) -> Iterator[tuple[DocumentReport, Finding]]:
    """Judged only where there are both a list and sheets with numbers."""
    listed = [(document, drawing) for document in documents for drawing in document.listed]
    sheets = list(submitted_sheets(documents))
    yield from _listed_twice(listed, book)
    yield from _submitted_twice(sheets, book)
    if not listed or not sheets:
        return
    by_number = {key(sheet.number): sheet for sheet in reversed(sheets)}
    for document, drawing in listed:
        sheet = by_number.get(key(drawing.number))
        if sheet is None:
            yield (
                document,
                book.finding(
                    "drawing-missing",
                    document.file,
                    page=drawing.page,
                    bbox=drawing.bbox,
                    evidence=drawing.number,
                    number=drawing.number,
                    title=drawing.title,
                ),
            )
        else:
            yield from _deviations(sheet, drawing, book)
    known = {key(drawing.number) for _, drawing in listed}
    for sheet in sheets:
        if key(sheet.number) not in known:
            yield (
                sheet.document,
                book.finding(
                    "drawing-surplus",
                    sheet.document.file,
                    page=sheet.page,
                    bbox=sheet.bbox,
                    evidence=sheet.number,
                    number=sheet.number,
                    title=sheet.title,
                ),
            )


def key(number: str) -> str:
    """Drawing numbers, comparable: no spaces, one kind of dash, no leading noughts in the serial."""
    plain = re.sub(r"[‐‑–—−_]", "-", normalise.compact(number)).upper()
    return re.sub(r"(?<!\d)0+(?=\d)", "", plain)


def submitted_sheets(documents: Sequence[DocumentReport]) -> Iterator[SubmittedSheet]:
    for document in documents:
        if document.kind != "as_built_drawing":
            continue
        sizes = {page.number: page.sheet or "" for page in document.pages}
        fields = {(field.page, field.name): field for field in document.fields}
        for page, size in sizes.items():
            number = fields.get((page, "drawing_number"))
            if number is None or not number.value:
                continue
            title, revision = fields.get((page, "drawing_title")), fields.get((page, "revision"))
            yield SubmittedSheet(
                document,
                page,
                str(number.value),
                str(title.value) if title else "",
                str(revision.value) if revision else "",
                size,
                number.bbox,
            )


def _listed_twice(
    listed: Sequence[tuple[DocumentReport, ListedDrawing]], book: RuleBook
) -> Iterator[tuple[DocumentReport, Finding]]:
    seen: set[str] = set()
    for document, drawing in listed:
        if key(drawing.number) in seen:
            yield (
                document,
                book.finding(
                    "listed-twice",
                    document.file,
                    page=drawing.page,
                    bbox=drawing.bbox,
                    evidence=drawing.number,
                    number=drawing.number,
                ),
            )
        seen.add(key(drawing.number))


def _submitted_twice(
    sheets: Sequence[SubmittedSheet], book: RuleBook
) -> Iterator[tuple[DocumentReport, Finding]]:
    first: dict[str, SubmittedSheet] = {}
    for sheet in sheets:
        earlier = first.setdefault(key(sheet.number), sheet)
        if (
            earlier is not sheet
            and earlier.document.sha256 == sheet.document.sha256
            and earlier.page == sheet.page
        ):
            continue  # the whole file is there twice, and said to be
        if earlier is not sheet:
            yield (
                sheet.document,
                book.finding(
                    "drawing-duplicate",
                    sheet.document.file,
                    page=sheet.page,
                    bbox=sheet.bbox,
                    evidence=sheet.number,
                    number=sheet.number,
                    other=f"{earlier.document.file} p. {earlier.page}",
                ),
            )


def _deviations(
    sheet: SubmittedSheet, drawing: ListedDrawing, book: RuleBook
) -> Iterator[tuple[DocumentReport, Finding]]:
    def finding(code: str, **values: Any) -> tuple[DocumentReport, Finding]:
        return sheet.document, book.finding(
            code,
            sheet.document.file,
            page=sheet.page,
            bbox=sheet.bbox,
            evidence=sheet.number,
            number=sheet.number,
            **values,
        )

    if sheet.title and drawing.title and normalise.name(sheet.title) != normalise.name(drawing.title):
        yield finding("drawing-renamed", title=sheet.title, listed=drawing.title)
    if sheet.revision and drawing.revision and _revision(sheet.revision) != _revision(drawing.revision):
        yield finding("drawing-revision", revision=sheet.revision, listed=drawing.revision)
    if sheet.sheet and drawing.sheet and _size(sheet.sheet) != _size(drawing.sheet):
        yield finding("drawing-sheet-differs", sheet=sheet.sheet, listed=drawing.sheet)


def _revision(text: str) -> str:
    return re.sub(r"^(?:版本|第|V|REV\.?|R)|版$", "", normalise.compact(text).upper()) or "0"


def _size(text: str) -> str:
    """A1+1051, A1+1/4, A1加长 are all compared by their A1."""
    found = re.search(r"A[0-4]", normalise.compact(text).upper())
    return found.group() if found else ""
