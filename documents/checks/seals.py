"""Seals, signatures by hand and dates where the form asks for them."""

from collections.abc import Iterator

from documents.reading import Reading
from documents.report import Content, Finding


def missing_seals(reading: Reading) -> Iterator[Finding]:
    """A spot for a seal of a party that the family requires, or of a party that the form itself names."""
    family = reading.family
    if family is None or family.drawing:
        return
    for page in reading.pages:
        for spot in page.seal_spots:
            if spot.sealed:
                continue
            party = reading.book.label(spot.party) if spot.party else spot.label
            yield reading.finding(
                "seal-missing",
                page=page.page.number,
                bbox=spot.bbox,
                evidence=spot.label,
                confidence=0.9,
                party=party,
            )


def missing_signatures(reading: Reading) -> Iterator[Finding]:
    for page in reading.pages:
        for spot in page.signature_spots:
            if not spot.signed:
                yield reading.finding(
                    "signature-missing",
                    page=page.page.number,
                    bbox=spot.bbox,
                    evidence=spot.label,
                    label=spot.label,
                )


def blank_dates(reading: Reading) -> Iterator[Finding]:
    for page in reading.pages:
        for box in page.blank_dates if page.page.content is Content.TEXT else ():
            yield reading.finding("date-blank", page=page.page.number, bbox=box, evidence="年 月 日")


CHECKS = (missing_seals, missing_signatures, blank_dates)
