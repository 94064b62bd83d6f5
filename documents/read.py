"""Reads one document inside the sandbox: triage, pages, kind, fields, checks. Each step is sent out as it is done.

Whatever the file does to this process, the parent has what was sent before.
"""

import datetime as dt
import io
from itertools import islice

import msgspec
import pikepdf
import pypdfium2 as pdfium

from documents import classify, forms, layout, lists, normalise, seals, signatures, triage
from documents.blocks import Block, find_block
from documents.ocr import Found
from documents.pages import PageFacts, read_pages
from documents.reading import Line, PageReading, Reading
from documents.report import Content, DocumentReport, Field, Finding, ListedDrawing, Page
from documents.rulebook import RuleBook
from documents.sandbox_server import Emit
from documents.sheets import sheet_name
from documents.skew import Skew
from documents.tables import Cell, Table, find_tables
from documents.visibility import uncover

JOB = "documents.read:read_document"
TRIAGE, PAGE, REPORT = b"T", b"P", b"D"
_SMALLEST_DRAWING_MM = 395.0  # long side: A3 and above may be drawings
_PAGES_WITH_TABLES = 80
_PAGES_TO_JUDGE_BY = 2
_GIVE_UP_AFTER = 20  # pages in a row that cannot be opened: the count was a lie
_FINDINGS_PER_CHECK = 60  # a hostile file has thousands; nobody reads them


class ReadRequest(msgspec.Struct, kw_only=True):
    path: str
    file: str
    sha256: str
    size: int
    today: dt.date
    book: RuleBook
    trust_roots: list[bytes] = []
    recognised: dict[int, Found] = {}


class Triaged(msgspec.Struct):
    findings: list[Finding]


def read_document(arguments: bytes, emit: Emit) -> None:
    """The sandbox's job: sends TRIAGE, a PAGE for each page, then REPORT."""
    from documents.checks import DOCUMENT_CHECKS, worded

    request = msgspec.msgpack.decode(arguments, type=ReadRequest)
    first = triage.examine(request.path)
    findings = [worded(suspicion, request.file, request.book) for suspicion in first.suspicions]
    if first.password:
        findings.append(request.book.finding("password-required", request.file))
    emit(TRIAGE, msgspec.msgpack.encode(Triaged(findings)))
    report = DocumentReport(file=request.file, sha256=request.sha256, size=request.size, findings=findings)
    if first.stopped or first.password:
        report.readable = False
        emit(REPORT, msgspec.msgpack.encode(report))
        return
    try:
        document = _open(request.path)
    except Exception as error:  # noqa: BLE001 — PDFium and qpdf both gave up
        reason = "；".join(f.evidence for f in findings if f.code == "damaged") or type(error).__name__
        report.findings = [f for f in findings if f.code != "damaged"]
        report.findings.append(
            request.book.finding("unreadable", request.file, reason=reason, evidence=reason)
        )
        report.readable = False
        emit(REPORT, msgspec.msgpack.encode(report))
        return
    reading = Reading(request.file, request.today, request.book, recognised=request.recognised)
    limit = min(triage.MAX_PAGES, first.pages if first.pages is not None else triage.MAX_PAGES)
    _read_pages(document, reading, first.user_units, limit, emit)
    if signatures.present(request.path):
        reading.signatures = signatures.verify(request.path, roots=request.trust_roots, today=request.today)
    report.pages = [page.page for page in reading.pages]
    report.readable = bool(reading.pages) and not all(page.failed for page in reading.pages)
    if not report.readable:
        findings.append(request.book.finding("unreadable", request.file, reason="没有可读的页面"))
    report.kind, report.title = reading.kind.code, reading.title
    report.kind_evidence = reading.kind.evidence
    report.kind_confidence = reading.trust(1, reading.kind.confidence)
    report.fields = list(reading.fields)
    for value in report.fields:
        value.confidence = reading.trust(value.page, value.confidence)
    report.listed, report.signatures = reading.listed, reading.signatures
    for check in DOCUMENT_CHECKS if report.readable else ():
        report.findings.extend(islice(check(reading), _FINDINGS_PER_CHECK))
    _place_on_skewed_pages(report, {page.page.number: page.skew for page in reading.pages if page.skew})
    emit(REPORT, msgspec.msgpack.encode(report))


def _place_on_skewed_pages(report: DocumentReport, skews: dict[int, Skew]) -> None:
    """Everything on a skewed page was read as if it were straight."""
    placed: list[Field | ListedDrawing | Finding] = [*report.fields, *report.listed, *report.findings]
    for item in placed:
        if item.bbox is not None and (skew := skews.get(item.page or 0)):
            item.bbox = skew.displayed(item.bbox)


def _open(path: str) -> pdfium.PdfDocument:
    """PDFium's document; where it refuses, qpdf repairs a copy in memory first."""
    try:
        document = pdfium.PdfDocument(path)
        if len(document):
            return document
    except pdfium.PdfiumError:
        pass
    repaired = io.BytesIO()
    with pikepdf.open(path) as pdf:
        pdf.save(repaired)
    return pdfium.PdfDocument(repaired.getvalue())


def _read_pages(
    document: pdfium.PdfDocument, reading: Reading, user_units: dict[int, float], limit: int, emit: Emit
) -> None:
    labels = forms.Labels(reading.book)
    failed_in_a_row = 0
    for facts in read_pages(document, user_units=user_units, limit=limit):
        if isinstance(facts, int):
            page = PageReading(_unread(facts), 0, failed=True)
            failed_in_a_row += 1
        else:
            failed_in_a_row = 0
            page = _read_page(facts, reading, labels)
        reading.pages.append(page)
        emit(PAGE, msgspec.msgpack.encode(page.page))
        if failed_in_a_row > _GIVE_UP_AFTER:
            return


def _unread(number: int) -> Page:
    return Page(number=number, width_mm=0, height_mm=0, sheet=None, rotation=0, content=Content.UNREAD)


def _read_page(facts: PageFacts, reading: Reading, labels: forms.Labels) -> PageReading:
    if not facts.chars and (found := reading.recognised.get(facts.number)):
        facts.borrow((line.text, line.bbox, line.angle) for line in found.lines)
        facts.straighten(found.skew)
    if not _may_be_drawing(facts):
        uncover(facts)
    page = PageReading(
        Page(
            number=facts.number,
            width_mm=round(facts.width_mm, 1),
            height_mm=round(facts.height_mm, 1),
            sheet=sheet_name(facts.width_mm, facts.height_mm, reading.book.sheets),
            rotation=facts.rotation,
            content=facts.content,
            fingerprint=facts.fingerprint,
            chars=len(facts.chars),
            user_unit=facts.user_unit,
            skew=facts.skew.degrees if facts.skew else 0.0,
        ),
        facts.direction,
    )
    page.skew = facts.skew
    page.chars, page.unmapped, page.objects = len(facts.chars), facts.unmapped, facts.object_count
    page.outside = sum(not (0 <= c.x0 <= facts.width and 0 <= c.top <= facts.height) for c in facts.chars)
    page.lines = [Line(line.text, facts.displayed(line.bbox), line.height) for line in facts.lines]
    if facts.chars:
        _read_drawing(facts, page, reading.book)
    if facts.hidden:
        page.hidden = [line.text for line in layout.lines(facts.frames[0].turn(facts.hidden))] or ["?"]
        page.hidden_box = layout.box_of(facts.hidden)
    if facts.number <= _PAGES_TO_JUDGE_BY and reading.kind.code is None:
        height = facts.width if facts.direction in (90, 270) else facts.height
        kind = classify.classify(
            facts.lines,
            height,
            reading.book,
            title_block=page.title_block is not None,
            recognised=facts.borrowed,
        )
        if kind.confidence > reading.kind.confidence or reading.kind.code is None:
            reading.kind = kind
        if facts.number == 1 and (title := classify.heading(facts.lines, height)):
            reading.title = title.text
    if page.title_block is None and facts.chars and facts.number <= _PAGES_WITH_TABLES:
        _read_form(facts, page, reading.book, labels)
    if reading.kind.code == "drawing_list":
        reading.listed.extend(lists.listed_drawings(page.tables, facts.number, reading.list_columns))
    return page


def _may_be_drawing(facts: PageFacts) -> bool:
    return max(facts.width_mm, facts.height_mm) >= _SMALLEST_DRAWING_MM


def _title_block(facts: PageFacts, book: RuleBook) -> Block | None:
    return find_block(facts, book.sheets.title_block, any_of=("drawing_number", "drawing_title"))


def _read_drawing(facts: PageFacts, page: PageReading, book: RuleBook) -> None:
    if not _may_be_drawing(facts):
        return
    page.title_block = _title_block(facts, book)
    # Only now is it known where to look: to draw a whole sheet would cost too much.
    if page.title_block is not None and uncover(facts, page.title_block.bbox):
        page.title_block = _title_block(facts, book)
    page.stamp = find_block(facts, book.sheets.stamp, any_of=("compiled_by", "technical_lead"), red=True)
    if page.stamp is not None:
        page.stamp_signed = [
            entry.label
            for entry in page.stamp.entries.values()
            if not entry.text and entry.cell and seals.has_ink(facts, entry.cell, beside=entry.label_box)
        ]
    if page.title_block is None:
        return
    page.direction = facts.direction_beside(page.title_block.bbox)
    for name, entry in page.title_block.entries.items():
        if entry.text:
            page.fields.append(
                Field(
                    name=name,
                    value=forms.title_block_value(name, entry.text),
                    unit=None,
                    raw=entry.text,
                    page=facts.number,
                    bbox=entry.bbox,
                    label=entry.label,
                )
            )
        elif entry.room is None or not seals.has_ink(facts, entry.room, beside=entry.label_box):
            page.empty.append(name)


def _read_form(facts: PageFacts, page: PageReading, book: RuleBook, labels: forms.Labels) -> None:
    found = find_tables(facts, angle=facts.direction)
    cells: list[Cell] = []
    for table in found:
        header = lists.header_row(table, labels)
        cells += [cell for row in table.rows[:header] for cell in row if cell]
        if header is None:
            continue
        if total := lists.total_area(table, header, labels, facts.number):
            page.fields.append(total)
        for cell in (cell for row in table.rows[header:] for cell in row if cell):
            if ":" in normalise.compact(cell.text):  # a list's cell may hold a label and its value
                page.fields += [one for one in forms.fields([cell], [], labels, facts.number) if one.raw]
    outside = [
        line for line in facts.lines if not any(layout.overlaps(line.bbox, table.bbox) for table in found)
    ]
    page.fields += forms.fields(cells, outside, labels, facts.number)
    for value in page.fields:
        value.bbox = facts.displayed(value.bbox)
    page.seal_spots = list(seals.seal_spots(facts.lines, found, book))
    for spot in page.seal_spots:
        spot.bbox = facts.displayed(spot.bbox)
    if page.seal_spots:
        seen = seals.find_seals(facts)
        page.seals = len(seen)
        seals.assign(seen, page.seal_spots)
    page.signature_spots = list(seals.signature_spots(facts, facts.lines))
    for signature in page.signature_spots:
        signature.bbox = facts.displayed(signature.bbox)
    page.blank_dates = [facts.displayed(box) for box in seals.blank_dates(facts.lines)]
    page.tables = _displayed(found, facts)


def _displayed(tables: list[Table], facts: PageFacts) -> list[Table]:
    for table in tables:
        table.bbox = facts.displayed(table.bbox)
        for cell in table.cells:
            cell.bbox = facts.displayed(cell.bbox)
            cell.ink = facts.displayed(cell.ink) if cell.ink else None
            cell.lines = []
    return tables
