"""What the intake says about a document and about a dossier: plain data, encoded to JSON and stored as it is."""

from enum import StrEnum
from typing import TypeAlias

import msgspec

BBox: TypeAlias = tuple[float, float, float, float]
"""x0, top, x1, bottom in points, in the page as it is displayed (after /Rotate and crop), origin top left."""


class Severity(StrEnum):
    BLOCKS = "blocks"
    DOUBTFUL = "doubtful"
    NOTE = "note"


class Verdict(StrEnum):
    CLEAN = "clean"
    FINDINGS = "findings"
    UNREADABLE = "unreadable"


class Content(StrEnum):
    """How a page carries its writing."""

    TEXT = "text"
    STROKES = "strokes"  # CAD lettering drawn as lines: neither a scan nor blank
    SCAN = "scan"
    BLANK = "blank"
    UNREAD = "unread"


class State(StrEnum):
    """State of a required item. Commitment and data sharing are as good as a present document."""

    PRESENT = "present"
    MISSING = "missing"
    DOUBTFUL = "doubtful"
    COMMITTED = "committed"
    SHARED = "shared"


class Message(msgspec.Struct, frozen=True):
    zh: str
    en: str


class Finding(msgspec.Struct, kw_only=True):
    code: str
    severity: Severity
    document: str
    page: int | None
    bbox: BBox | None
    evidence: str
    rule: str
    source: str
    confidence: float
    message: Message


class Field(msgspec.Struct, kw_only=True):
    """A value that was read. `value` is normalised (㎡ for areas, ISO dates); `raw` is what is printed."""

    name: str
    value: str | float | None
    unit: str | None
    raw: str
    page: int
    bbox: BBox
    label: str = ""
    confidence: float = 1.0


class Page(msgspec.Struct, kw_only=True):
    number: int
    width_mm: float
    height_mm: float
    sheet: str | None
    rotation: int
    content: Content
    fingerprint: str | None = None
    chars: int = 0
    """How many characters were read, be it from annotations or by recognition."""
    user_unit: float = 1.0
    """Points in a unit of the page: boxes are in units, sizes in millimetres."""
    skew: float = 0.0
    """Degrees by which the lines of a scan rise to the right."""

    @property
    def text_layer(self) -> bool:
        return self.content is Content.TEXT


class ListedDrawing(msgspec.Struct, kw_only=True):
    """One row of a drawing list (图纸目录)."""

    number: str
    title: str
    sheet: str
    revision: str
    page: int
    bbox: BBox


class Signature(msgspec.Struct, kw_only=True):
    """`status`: valid, annotated, changed, tampered, expired, untrusted or unverifiable."""

    field: str
    status: str
    signer: str = ""
    reason: str = ""
    signed_at: str | None = None


class DocumentReport(msgspec.Struct, kw_only=True):
    """`file` is a display name from outside and never a path; `sha256` identifies the content."""

    file: str
    sha256: str
    size: int
    kind: str | None = None
    kind_evidence: str = ""
    kind_confidence: float = 0.0
    title: str = ""
    pages: list[Page] = []
    fields: list[Field] = []
    listed: list[ListedDrawing] = []
    signatures: list[Signature] = []
    findings: list[Finding] = []
    readable: bool = True

    @property
    def verdict(self) -> Verdict:
        if not self.readable:
            return Verdict.UNREADABLE
        serious = any(finding.severity is not Severity.NOTE for finding in self.findings)
        return Verdict.FINDINGS if serious else Verdict.CLEAN

    def named(self, name: str) -> "DocumentReport":
        """The same content under another file name."""
        findings = [msgspec.structs.replace(finding, document=name) for finding in self.findings]
        return msgspec.structs.replace(self, file=name, findings=findings)

    def first(self, name: str) -> Field | None:
        """The most trusted reading of a field: highest confidence, then earliest page."""
        readings = [field for field in self.fields if field.name == name and field.value is not None]
        return min(readings, key=lambda field: (-field.confidence, field.page), default=None)


class ChecklistItem(msgspec.Struct, kw_only=True):
    code: str
    name: Message
    party: str
    matter: str
    required: bool
    state: State
    documents: list[str] = []


class DossierReport(msgspec.Struct, kw_only=True):
    documents: list[DocumentReport]
    checklist: list[ChecklistItem]
    missing: list[ChecklistItem]
    verdict: Verdict


class ProjectFacts(msgspec.Struct, kw_only=True):
    """What the application says about the project; documents are compared with it.

    `matters` are those drawn in; where they are unknown (None), `traits` switch conditional items on (`basement`,
    `elevators` …). `committed` and `shared` name items that are covered without a document.
    """

    name: str | None = None
    code: str | None = None
    address: str | None = None
    floor_area: float | None = None
    construction_unit: str | None = None
    traits: frozenset[str] = frozenset()
    matters: frozenset[str] | None = None
    committed: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()


class SubmittedFile(msgspec.Struct, kw_only=True):
    """A stored file: `path` is ours, `name` is what the sender called it."""

    path: str
    name: str
    sha256: str
    size: int
