"""What changed from one round to the next: mended, still there, new. Nothing new may come up on unchanged files."""

from collections.abc import Iterator

import msgspec

from documents.report import ChecklistItem, DossierReport, Finding, Severity


class Round(msgspec.Struct, kw_only=True, frozen=True):
    """Findings and required items against the round before; notes are left out."""

    mended: list[Finding]
    remaining: list[Finding]
    fresh: list[Finding]
    supplied: list[ChecklistItem]
    """Required items that were missing or unclear and no longer are."""
    still_missing: list[ChecklistItem]
    reread: list[str]
    """Names of the files that are not the same bytes under the same name as before."""


def compare(before: DossierReport, now: DossierReport) -> Round:
    """A finding is the same when it says the same of the same document."""
    old, new = {_same(each): each for each in _serious(before)}, {_same(each): each for each in _serious(now)}
    missing = {item.code for item in now.missing}
    known = {(document.file, document.sha256) for document in before.documents}
    return Round(
        mended=[finding for same, finding in old.items() if same not in new],
        remaining=[finding for same, finding in new.items() if same in old],
        fresh=[finding for same, finding in new.items() if same not in old],
        supplied=[item for item in before.missing if item.code not in missing],
        still_missing=list(now.missing),
        reread=[each.file for each in now.documents if (each.file, each.sha256) not in known],
    )


def _serious(report: DossierReport) -> Iterator[Finding]:
    for document in report.documents:
        yield from (each for each in document.findings if each.severity is not Severity.NOTE)


def _same(finding: Finding) -> tuple[str, str, str]:
    return finding.document, finding.code, finding.message.zh
