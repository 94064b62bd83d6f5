"""Pages: blank, repeated, turned, scanned, stroked, unmapped, hidden, missing, of odd size."""

import re
from collections.abc import Iterator

from documents import normalise
from documents.reading import Reading
from documents.report import Content, Finding

_UNMAPPED_SHARE = 0.05
_FEWEST_CHARS = 10
_OF = re.compile(
    r"第(\d{1,3})页[,/，]?共(\d{1,3})页|共(\d{1,3})页[,/，]?第(\d{1,3})页|^-?(\d{1,3})/(\d{1,3})-?$"
)
_LARGEST_MM, _SMALLEST_MM = 5100.0, 50.0


def blank_pages(reading: Reading) -> Iterator[Finding]:
    for page in reading.pages:
        if page.page.content is Content.BLANK and not page.hidden:
            yield reading.finding("blank-page", page=page.page.number)


def duplicate_pages(reading: Reading) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for page in reading.pages:
        print_ = page.page.fingerprint
        if print_ is None or page.page.content is Content.BLANK:
            continue
        if print_ in first:
            yield reading.finding("duplicate-page", page=page.page.number, other=first[print_])
        else:
            first[print_] = page.page.number


def turned_pages(reading: Reading) -> Iterator[Finding]:
    """Most of the writing stands on its side or on its head; a title block alone may."""
    for page in reading.pages:
        if page.direction and page.chars >= _FEWEST_CHARS:
            yield reading.finding("rotated-page", page=page.page.number, angle=page.direction)


def unreadable_pages(reading: Reading) -> Iterator[Finding]:
    for page in reading.pages:
        if page.failed:
            yield reading.finding("page-unreadable", page=page.page.number)


def scanned_pages(reading: Reading) -> Iterator[Finding]:
    """Scans whose text nobody has read, in one finding when there are several; recognised ones are noted."""
    for page in reading.pages:
        if page.page.content is Content.SCAN and page.page.number in reading.recognised and page.chars:
            yield reading.finding("recognised", page=page.page.number)
    scans = [
        page.page.number for page in reading.pages if page.page.content is Content.SCAN and not page.chars
    ]
    if len(scans) == 1:
        yield reading.finding("scan", page=scans[0])
    elif scans:
        yield reading.finding("scanned-pages", page=scans[0], count=len(scans), pages=ranges(scans))


def stroke_text(reading: Reading) -> Iterator[Finding]:
    for page in reading.pages:
        if page.lettered_in_strokes:
            yield reading.finding(
                "stroke-text" if page.chars else "stroke-text-unread", page=page.page.number
            )


def unmapped_text(reading: Reading) -> Iterator[Finding]:
    for page in reading.pages:
        if page.unmapped > _UNMAPPED_SHARE * max(page.chars, 1):
            yield reading.finding(
                "text-unmapped", page=page.page.number, evidence=f"{page.unmapped}/{page.chars}"
            )


def hidden_text(reading: Reading) -> Iterator[Finding]:
    """Text that nobody sees; under a scan it is somebody's OCR and harmless."""
    for page in reading.pages:
        if page.hidden and page.page.content is not Content.SCAN:
            yield reading.finding(
                "hidden-text",
                page=page.page.number,
                bbox=page.hidden_box,
                evidence=" ".join(page.hidden)[:120],
            )


def text_off_page(reading: Reading) -> Iterator[Finding]:
    for page in reading.pages:
        if page.outside > _FEWEST_CHARS:
            yield reading.finding("text-off-page", page=page.page.number, evidence=str(page.outside))


def missing_pages(reading: Reading) -> Iterator[Finding]:
    """By the printed `第 n 页 共 m 页`: a number that no page bears."""
    printed: dict[int, set[int]] = {}
    for page in reading.pages:
        for line in page.lines[:3] + page.lines[-3:]:
            if match := _OF.search(normalise.compact(line.text)):
                here, total = _numbers(match)
                printed.setdefault(total, set()).add(here)
    for total, seen in printed.items():
        missing = sorted(set(range(1, total + 1)) - seen)
        if len(seen) >= max(2, total // 2) and missing:
            yield reading.finding(
                "page-missing", missing=ranges(missing), total=total, evidence=ranges(sorted(seen))
            )


def _numbers(match: re.Match[str]) -> tuple[int, int]:
    first, total, total_before, second, short, short_total = match.groups()
    here = first or second or short
    return int(here), int(total or total_before or short_total)


def odd_sizes(reading: Reading) -> Iterator[Finding]:
    for page in reading.pages:
        sides = (page.page.width_mm, page.page.height_mm)
        if not page.failed and (max(sides) > _LARGEST_MM or min(sides) < _SMALLEST_MM):
            yield reading.finding(
                "odd-page-size", page=page.page.number, size=f"{sides[0]:.0f}×{sides[1]:.0f}"
            )


def ranges(numbers: list[int]) -> str:
    """1, 2, 3, 7 → `1-3, 7`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)


CHECKS = (
    blank_pages,
    duplicate_pages,
    turned_pages,
    unreadable_pages,
    scanned_pages,
    stroke_text,
    unmapped_text,
    hidden_text,
    text_off_page,
    missing_pages,
    odd_sizes,
)
