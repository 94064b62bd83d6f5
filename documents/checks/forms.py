"""Forms and reports: kind, required fields, codes, ticks, conclusions."""

import re
from collections.abc import Iterator

from documents import normalise
from documents.reading import Reading
from documents.report import Content, Finding

_NEGATIVE = re.compile(r"不合格|不符合|不通过|未通过|不同意|不予通过|不满足")
_CONDITIONAL = re.compile(r"不合格项|无不合格|不符合项已|如不")


def unknown_kind(reading: Reading) -> Iterator[Finding]:
    """Where the first page is a scan, blank or drawn in strokes, that is said already."""
    first = reading.pages[0]
    said = first.page.content in (Content.SCAN, Content.BLANK, Content.UNREAD) or first.lettered_in_strokes
    if reading.kind.code is None and not said:
        yield reading.finding("kind-unknown", page=1, evidence=reading.kind.evidence)


def required_fields(reading: Reading) -> Iterator[Finding]:
    """A field that is printed but empty blocks; one that is not there at all is a matter of doubt."""
    family = reading.family
    if family is None or family.drawing or not _is_read(reading):
        return
    for name in family.required:
        readings = [field for field in reading.fields if field.name == name]
        if any(field.value is not None for field in readings):
            continue
        label = reading.book.label(name)
        if readings:
            empty = readings[0]
            yield reading.finding(
                "field-missing", page=empty.page, bbox=empty.bbox, field=empty.label or label
            )
        else:
            yield reading.finding("field-not-found", page=1, field=label, confidence=0.7)


def _is_read(reading: Reading) -> bool:
    return all(page.page.content in (Content.TEXT, Content.BLANK) for page in reading.pages)


def project_codes(reading: Reading) -> Iterator[Finding]:
    for field in reading.fields:
        if (
            field.name == "project_code"
            and field.value is not None
            and not normalise.PROJECT_CODE.fullmatch(str(field.value))
        ):
            yield reading.about(field, "malformed-code", value=field.raw)


def ticks(reading: Reading) -> Iterator[Finding]:
    for field in reading.fields:
        if field.value is None and normalise.offers_options(field.raw):
            yield reading.about(field, "nothing-ticked", field=field.label)


def conclusions(reading: Reading) -> Iterator[Finding]:
    for field in reading.fields:
        text = normalise.compact(field.raw)
        if field.name == "conclusion" and _NEGATIVE.search(text) and not _CONDITIONAL.search(text):
            yield reading.about(field, "conclusion-negative", value=field.raw[:40])


CHECKS = (unknown_kind, required_fields, project_codes, ticks, conclusions)
