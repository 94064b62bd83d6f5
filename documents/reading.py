"""What is kept of a document once its pages are closed, and what the checks judge."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from documents.blocks import Block
from documents.classify import Kind
from documents.ocr import Found
from documents.report import BBox, Content, Field, Finding, ListedDrawing, Page, Signature
from documents.rulebook import Family, RuleBook
from documents.seals import SealSpot, SignatureSpot
from documents.skew import Skew
from documents.tables import Table

FEWEST_STROKES = 40
RECOGNISED = 0.5


@dataclass(slots=True)
class Line:
    text: str
    bbox: BBox
    height: float


@dataclass(slots=True)
class PageReading:
    """What is kept of a page once it is closed. Boxes are displayed points."""

    page: Page
    direction: int
    lines: list[Line] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    title_block: Block | None = None
    empty: list[str] = field(default_factory=list)  # title block fields with neither text nor ink
    stamp: Block | None = None
    stamp_signed: list[str] = field(default_factory=list)  # labels of stamp fields with ink but no text
    seals: int = 0
    seal_spots: list[SealSpot] = field(default_factory=list)
    signature_spots: list[SignatureSpot] = field(default_factory=list)
    blank_dates: list[BBox] = field(default_factory=list)
    chars: int = 0
    objects: int = 0
    unmapped: int = 0
    hidden: list[str] = field(default_factory=list)
    hidden_box: BBox | None = None
    outside: int = 0
    failed: bool = False
    skew: Skew | None = None  # boxes are then those of the straightened page

    @property
    def lettered_in_strokes(self) -> bool:
        """A single character drawn as lines is several; a frame or a black square is not writing."""
        return self.page.content is Content.STROKES and self.objects >= FEWEST_STROKES


@dataclass(slots=True)
class Reading:
    """A document as read, before it is judged."""

    file: str
    today: dt.date
    book: RuleBook
    pages: list[PageReading] = field(default_factory=list)
    kind: Kind = field(default_factory=lambda: Kind(None, 0.0, ""))
    title: str = ""
    signatures: list[Signature] = field(default_factory=list)
    listed: list[ListedDrawing] = field(default_factory=list)
    list_columns: dict[str, int] = field(default_factory=dict)
    recognised: Mapping[int, Found] = field(default_factory=dict)

    def trust(self, page: int | None, confidence: float) -> float:
        """What is only recognised is trusted less, and never rejected."""
        return min(confidence, RECOGNISED) if page in self.recognised else confidence

    @property
    def family(self) -> Family | None:
        return self.book.family.get(self.kind.code) if self.kind.code else None

    @property
    def fields(self) -> Iterator[Field]:
        return (field for page in self.pages for field in page.fields)

    @property
    def is_drawing(self) -> bool:
        return self.family is not None and self.family.drawing

    def finding(
        self,
        code: str,
        *,
        page: int | None = None,
        bbox: BBox | None = None,
        evidence: str = "",
        confidence: float = 1.0,
        **values: Any,
    ) -> Finding:
        return self.book.finding(
            code,
            self.file,
            page=page,
            bbox=bbox,
            evidence=evidence,
            confidence=self.trust(page, confidence),
            **values,
        )

    def about(self, subject: Field, code: str, **values: Any) -> Finding:
        """A finding about a value that was read, shown where it stands."""
        return self.finding(
            code,
            page=subject.page,
            bbox=subject.bbox,
            evidence=subject.raw,
            confidence=subject.confidence,
            **values,
        )
