"""One function for each thing that can be wrong. A check of a document takes its `Reading` and yields findings."""

from documents.checks import dates, drawings, forms, pages, seals, signatures, tables
from documents.report import Finding
from documents.rulebook import RuleBook
from documents.triage import Suspicion

DOCUMENT_CHECKS = (
    *pages.CHECKS,
    *forms.CHECKS,
    *dates.CHECKS,
    *tables.CHECKS,
    *seals.CHECKS,
    *signatures.CHECKS,
    *drawings.CHECKS,
)


def worded(suspicion: Suspicion, document: str, book: RuleBook) -> Finding:
    """What triage noticed, as the rule book says it."""
    return book.finding(
        suspicion.code, document, page=suspicion.page, evidence=suspicion.evidence, **suspicion.values
    )
