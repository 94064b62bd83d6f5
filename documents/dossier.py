"""The documents of a submission against each other and against what is required."""

from collections.abc import Iterator, Sequence

import msgspec

from documents.checks.completeness import checklist
from documents.checks.consistency import consistency
from documents.checks.drawing_list import drawing_list
from documents.report import DocumentReport, DossierReport, Finding, ProjectFacts, State, Verdict
from documents.rulebook import RuleBook


def reconcile(
    documents: Sequence[DocumentReport], project: ProjectFacts | None, book: RuleBook
) -> DossierReport:
    """One report: every document with its own and its dossier's findings, the checklist, the verdict.

    The reports passed in are left as they are, so that they can be stored and reused.
    """
    reports = [msgspec.structs.replace(document, findings=list(document.findings)) for document in documents]
    place = {id(report): report for report in reports}
    for report, finding in _dossier_findings(reports, project, book):
        place[id(report)].findings.append(finding)
    items = list(checklist(reports, project, book))
    missing = [item for item in items if item.required and item.state in (State.MISSING, State.DOUBTFUL)]
    return DossierReport(
        documents=reports, checklist=items, missing=missing, verdict=_verdict(reports, bool(missing))
    )


def _dossier_findings(
    reports: Sequence[DocumentReport], project: ProjectFacts | None, book: RuleBook
) -> Iterator[tuple[DocumentReport, Finding]]:
    yield from duplicate_files(reports, book)
    yield from wrong_extensions(reports, book)
    yield from consistency(reports, project, book)
    yield from drawing_list(reports, book)


def duplicate_files(
    reports: Sequence[DocumentReport], book: RuleBook
) -> Iterator[tuple[DocumentReport, Finding]]:
    first: dict[str, str] = {}
    for report in reports:
        if report.size and report.sha256 in first:
            yield report, book.finding("duplicate-file", report.file, other=first[report.sha256])
        first.setdefault(report.sha256, report.file)


def wrong_extensions(
    reports: Sequence[DocumentReport], book: RuleBook
) -> Iterator[tuple[DocumentReport, Finding]]:
    for report in reports:
        if report.readable and not report.file.lower().endswith(".pdf"):
            yield report, book.finding("wrong-extension", report.file, name=report.file)


def _verdict(reports: Sequence[DocumentReport], incomplete: bool) -> Verdict:
    verdicts = {report.verdict for report in reports}
    if Verdict.UNREADABLE in verdicts:
        return Verdict.UNREADABLE
    return Verdict.FINDINGS if incomplete or Verdict.FINDINGS in verdicts else Verdict.CLEAN
