"""Drawing sheets: size, orientation, title block, scale, stage, as-built stamp."""

from collections.abc import Iterator

from documents import layout
from documents.blocks import Block
from documents.pages import POINTS_PER_MM
from documents.reading import PageReading, Reading
from documents.report import BBox, Content, Finding
from documents.sheets import scale_of

_STAMP_TOLERANCE_MM = 5.0
_NO_SCALE = ("无", "-", "—", "/", "见图", "示意", "NTS", "如图", "不按比例")


def sheets(reading: Reading) -> Iterator[tuple[PageReading, Block]]:
    """The sheets that have a title block."""
    for page in reading.pages:
        if page.title_block is not None:
            yield page, page.title_block


def sheet_sizes(reading: Reading) -> Iterator[Finding]:
    for page in reading.pages:
        if reading.is_drawing and page.page.sheet is None and not page.failed:
            size = f"{page.page.width_mm:.0f}×{page.page.height_mm:.0f}"
            yield reading.finding("sheet-not-standard", page=page.page.number, evidence=size, size=size)


def orientation(reading: Reading) -> Iterator[Finding]:
    for page in reading.pages:
        sheet = page.page.sheet
        if reading.is_drawing and sheet and sheet != "A4" and page.page.height_mm > page.page.width_mm:
            yield reading.finding("sheet-portrait", page=page.page.number, sheet=sheet)


def title_blocks(reading: Reading) -> Iterator[Finding]:
    for page in reading.pages:
        readable = page.page.content in (Content.TEXT, Content.STROKES) and page.chars
        if reading.is_drawing and page.title_block is None and readable:
            yield reading.finding("title-block-missing", page=page.page.number)


def title_block_fields(reading: Reading) -> Iterator[Finding]:
    for page, block in sheets(reading):
        for name in reading.book.sheets.title_block.required:
            entry = block.entries.get(name)
            if entry is not None and (entry.text or name not in page.empty):
                continue
            label = entry.label if entry else reading.book.sheets.title_block.labels[name][0]
            yield reading.finding(
                "title-block-field-missing",
                page=page.page.number,
                bbox=entry.cell or entry.label_box if entry else block.bbox,
                field=label,
            )


def title_block_signatures(reading: Reading) -> Iterator[Finding]:
    """One finding a sheet, for all whose place has neither text nor ink.

    Without rules, that place is known only where somebody else signed behind a label.
    """
    for page, block in sheets(reading):
        asked = {n: block.entries[n] for n in reading.book.sheets.title_block.signed if n in block.entries}
        signed = any(name not in page.empty for name in asked)
        unsigned = [entry for name, entry in asked.items() if name in page.empty and (entry.cell or signed)]
        if unsigned:
            yield reading.finding(
                "title-block-unsigned",
                page=page.page.number,
                bbox=layout.union(entry.room or entry.label_box for entry in unsigned),
                field="、".join(entry.label for entry in unsigned),
            )


def scales(reading: Reading) -> Iterator[Finding]:
    rules = reading.book.sheets
    for page, block in sheets(reading):
        entry = block.entries.get("scale")
        if entry is None or not entry.text or any(word in entry.text for word in _NO_SCALE):
            continue
        scale = scale_of(entry.text)
        if scale is None or (scale not in rules.scales and scale not in rules.scales_also):
            yield reading.finding(
                "scale-unusual", page=page.page.number, bbox=entry.bbox, evidence=entry.text, value=entry.text
            )


def stages(reading: Reading) -> Iterator[Finding]:
    """As-built by its stage, or by its stamp."""
    for page, block in sheets(reading):
        entry = block.entries.get("stage")
        if page.stamp is None and entry is not None and entry.text and "竣工" not in entry.text:
            yield reading.finding(
                "stage-not-as-built",
                page=page.page.number,
                bbox=entry.bbox,
                evidence=entry.text,
                value=entry.text,
            )


def stamps(reading: Reading) -> Iterator[Finding]:
    """No stamp, and nothing in the title block that makes it an as-built drawing."""
    for page, block in sheets(reading):
        stage = block.entries.get("stage")
        if page.stamp is None and (stage is None or not stage.text):
            yield reading.finding("as-built-stamp-missing", page=page.page.number, bbox=block.bbox)


def stamp_fields(reading: Reading) -> Iterator[Finding]:
    for page in reading.pages:
        for entry in page.stamp.entries.values() if page.stamp else ():
            if not entry.text and entry.label not in page.stamp_signed:
                yield reading.finding(
                    "as-built-stamp-incomplete",
                    page=page.page.number,
                    bbox=entry.cell or entry.label_box,
                    field=entry.label,
                )


def stamp_sizes(reading: Reading) -> Iterator[Finding]:
    long, short = reading.book.sheets.stamp_mm
    for page in reading.pages:
        if page.stamp is None or not page.stamp.ruled:
            continue
        width, height = sorted(_size_mm(page.stamp.bbox), reverse=True)
        if abs(width - long) > _STAMP_TOLERANCE_MM or abs(height - short) > _STAMP_TOLERANCE_MM:
            yield reading.finding(
                "as-built-stamp-size",
                page=page.page.number,
                bbox=page.stamp.bbox,
                size=f"{width:.0f}×{height:.0f}",
            )


def _size_mm(box: BBox) -> tuple[float, float]:
    return (box[2] - box[0]) / POINTS_PER_MM, (box[3] - box[1]) / POINTS_PER_MM


CHECKS = (
    sheet_sizes,
    orientation,
    title_blocks,
    title_block_fields,
    title_block_signatures,
    scales,
    stages,
    stamps,
    stamp_fields,
    stamp_sizes,
)
