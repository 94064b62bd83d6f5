"""The report as other programs read it: what `yichuang check --json` prints and the interface answers."""

import msgspec

from documents.report import ChecklistItem, DocumentReport, DossierReport, Field, Finding, Verdict


class PublicPage(msgspec.Struct, frozen=True):
    """`rotation` in degrees clockwise; `text_layer` is false for scans and lettering drawn as lines."""

    number: int
    width_mm: float
    height_mm: float
    sheet: str | None
    rotation: int
    text_layer: bool


class PublicDocument(msgspec.Struct, frozen=True):
    file: str
    sha256: str
    kind: str | None
    pages: list[PublicPage]
    fields: list[Field]
    findings: list[Finding]


class PublicReport(msgspec.Struct, frozen=True):
    documents: list[PublicDocument]
    missing: list[ChecklistItem]
    verdict: Verdict


def report_json(report: DossierReport) -> PublicReport:
    return PublicReport(
        documents=[_document(each) for each in report.documents],
        missing=report.missing,
        verdict=report.verdict,
    )


def _document(document: DocumentReport) -> PublicDocument:
    return PublicDocument(
        file=document.file,
        sha256=document.sha256,
        kind=document.kind,
        pages=[
            PublicPage(page.number, page.width_mm, page.height_mm, page.sheet, page.rotation, page.text_layer)
            for page in document.pages
        ],
        fields=document.fields,
        findings=document.findings,
    )
