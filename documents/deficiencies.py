"""The one-off notice (一次性告知): all that is missing or wrong, said once, in an order that one can work through."""

from collections.abc import Iterator

import msgspec

from documents.report import ChecklistItem, DossierReport, Finding, Message, Severity, State
from documents.rulebook import RuleBook


class Deficiency(msgspec.Struct, kw_only=True, frozen=True):
    """One thing to do. `document` is None for what was not submitted; `doubtful` ones a person still has to look at."""

    number: int
    document: str | None
    page: int | None
    what: Message
    rule: str
    source: str
    doubtful: bool

    @property
    def text(self) -> Message:
        """The line by itself: where, and what."""
        if self.document is None:
            return self.what
        return Message(f"《{self.document}》：{self.what.zh}", f"{self.document}: {self.what.en}")


def deficiencies_of(report: DossierReport, book: RuleBook) -> list[Deficiency]:
    """What is missing first, then document by document; notes are not part of it.

    Findings of one document that say the same are one line, so that nothing is asked for twice.
    """
    lines = [*_missing(report, book), *_wrong(report)]
    return [msgspec.structs.replace(line, number=number) for number, line in enumerate(lines, 1)]


def _missing(report: DossierReport, book: RuleBook) -> Iterator[Deficiency]:
    rule = book.findings.finding["required-missing"]
    for item in report.missing:
        if item.state is State.MISSING:
            values = {"item": item.name.zh, "party": item.party}
            english = {"item": item.name.en, "party": item.party}
            what = Message(rule.zh % values, rule.en % english)
            yield Deficiency(
                number=0,
                document=None,
                page=None,
                what=what,
                rule=rule.rule,
                source=rule.source,
                doubtful=False,
            )
        else:
            yield _unclear(item, book)


def _unclear(item: ChecklistItem, book: RuleBook) -> Deficiency:
    """A document that may be the one asked for, which nobody could read."""
    rule = book.findings.finding["required-doubtful"]
    files = "、".join(item.documents)
    return Deficiency(
        number=0,
        document=item.documents[0] if item.documents else None,
        page=None,
        what=Message(
            rule.zh % {"item": item.name.zh, "files": files}, rule.en % {"item": item.name.en, "files": files}
        ),
        rule=rule.rule,
        source=rule.source,
        doubtful=True,
    )


def _wrong(report: DossierReport) -> Iterator[Deficiency]:
    for document in report.documents:
        said: set[Message] = set()
        for finding in sorted(document.findings, key=_gravest_first):
            if finding.severity is Severity.NOTE or finding.message in said:
                continue
            said.add(finding.message)
            yield Deficiency(
                number=0,
                document=document.file,
                page=finding.page,
                what=finding.message,
                rule=finding.rule,
                source=finding.source,
                doubtful=finding.severity is Severity.DOUBTFUL,
            )


def _gravest_first(finding: Finding) -> tuple[bool, int]:
    return finding.severity is not Severity.BLOCKS, finding.page or 0
