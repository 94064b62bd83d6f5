"""The intake's report as its page shows it: one thing at a time, with the picture of the place it is about."""

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from core.i18n import current_locale
from documents.deficiencies import deficiencies_of
from documents.queries import FileLine
from documents.remedies import remedy
from documents.report import BBox, DocumentReport, DossierReport, Finding, Message, Page, Severity, Verdict
from documents.rounds import Round
from documents.rulebook import RuleBook

MM = 72 / 25.4
ORDER = {Severity.BLOCKS: 0, Severity.DOUBTFUL: 1, Severity.NOTE: 2}
#: Pixels across of a whole page, and of a close-up; a page as large as A3 needs no close-up of its own.
PAGE_PIXELS, CLOSE_PIXELS = 1400, 1400
SHARP_ENOUGH = 1.1
#: A close-up shows at least so many points, at this ratio, and this much more than the box.
CLOSE_WIDTH, RATIO, AROUND = 300.0, 4 / 3, 1.4


class Sheet(msgspec.Struct, frozen=True):
    """A page to be shown. Sizes and boxes in points as displayed."""

    href: str
    number: int
    count: int
    name: str
    width: float
    height: float
    close: BBox
    tile: str
    """A sharper picture of the close-up, where the page's own would be coarse."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is missing or wrong. `state`: `fresh` or `remaining` from the second round on."""

    number: int
    severity: Severity
    message: str
    what_to_do: str
    rule: str
    source: str
    document: str = ""
    evidence: str = ""
    page: int | None = None
    box: BBox | None = None
    sheet: Sheet | None = None
    original: str = ""
    state: str = ""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The entries of one document; without a name those of what was not submitted."""

    name: str
    kind: str
    verdict: Verdict | None
    entries: list[Entry]


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    groups: list[Group]
    clean: list[str]
    """Names of the documents in which nothing was found."""
    counts: Mapping[Severity, int]
    verdict: Verdict

    @property
    def entries(self) -> list[Entry]:
        return [entry for group in self.groups for entry in group.entries]

    def entry(self, number: int) -> Entry | None:
        """The one of this number or the nearest to it; of number 0 the first that is seen on a page."""
        entries = self.entries
        if number < 1:
            shown = sorted(entries, key=lambda each: (each.sheet is None, each.box is None, each.number))
            return next(iter(shown), None)
        return entries[min(number, len(entries)) - 1] if entries else None


def told(message: Message) -> str:
    return message.en if current_locale.get() == "en" else message.zh


def report_view(
    report: DossierReport, lines: list[FileLine], book: RuleBook, here: str, round_: Round | None
) -> ReportView:
    """Missing documents first, then document by document, the gravest first."""
    fresh = {(each.document, each.code, each.message) for each in round_.fresh} if round_ else set()
    files = {(line.name, line.sha256): f"{here}/files/{line.id}" for line in lines}
    groups = [Group(name="", kind="", verdict=None, entries=list(_missing(report, book)))]
    for document in report.documents:
        family = book.family.get(document.kind or "")
        groups.append(
            Group(
                name=document.file,
                kind=told(Message(family.zh, family.en)) if family else "",
                verdict=document.verdict,
                entries=[
                    _entry(document, index, files.get((document.file, document.sha256), ""), fresh, round_)
                    for index, _ in sorted(enumerate(document.findings), key=_gravest_first)
                ],
            )
        )
    numbered = _numbered([group for group in groups if group.entries])
    return ReportView(
        groups=numbered,
        clean=[each.file for each in report.documents if not each.findings],
        counts=Counter(entry.severity for group in numbered for entry in group.entries),
        verdict=report.verdict,
    )


def _numbered(groups: list[Group]) -> list[Group]:
    number = iter(range(1, 1 + sum(len(group.entries) for group in groups)))
    return [
        msgspec.structs.replace(
            group,
            entries=[msgspec.structs.replace(entry, number=next(number)) for entry in group.entries],
        )
        for group in groups
    ]


def _missing(report: DossierReport, book: RuleBook) -> Iterator[Entry]:
    count = len(report.missing)
    for line in deficiencies_of(report, book)[:count]:
        code = "required-doubtful" if line.doubtful else "required-missing"
        yield Entry(
            number=0,
            severity=Severity.DOUBTFUL if line.doubtful else Severity.BLOCKS,
            message=told(line.what),
            what_to_do=told(remedy(code)),
            rule=line.rule,
            source=line.source,
        )


def _gravest_first(item: tuple[int, Finding]) -> tuple[int, int]:
    finding = item[1]
    return ORDER[finding.severity], finding.page or 0


def _entry(
    document: DocumentReport,
    index: int,
    href: str,
    fresh: set[tuple[str, str, Message]],
    round_: Round | None,
) -> Entry:
    finding = document.findings[index]
    state = ""
    if round_ and finding.severity is not Severity.NOTE:
        new = (finding.document, finding.code, finding.message) in fresh
        state = "fresh" if new else "remaining"
    return Entry(
        number=0,
        severity=finding.severity,
        message=told(finding.message),
        what_to_do=told(remedy(finding.code)),
        rule=finding.rule,
        source=finding.source,
        document=document.file,
        evidence=finding.evidence,
        page=finding.page,
        box=finding.bbox,
        sheet=_sheet(document, index, href),
        original=f"{href}#page={finding.page or 1}" if href else "",
        state=state,
    )


def _sheet(document: DocumentReport, index: int, href: str) -> Sheet | None:
    """The page that the finding is about; the first one where it is about the whole document."""
    finding = document.findings[index]
    page = next((each for each in document.pages if each.number == (finding.page or 1)), None)
    if page is None or not href:
        return None
    width, height = size_of(page)
    coarse = finding.bbox is not None and PAGE_PIXELS / width < SHARP_ENOUGH
    return Sheet(
        href=f"{href}/pages/{page.number}",
        number=page.number,
        count=len(document.pages),
        name=page.sheet or f"{page.width_mm:.0f} × {page.height_mm:.0f} mm",
        width=width,
        height=height,
        close=close_up(page, finding.bbox),
        tile=f"{href}/pages/{page.number}?finding={index}" if coarse else "",
    )


def size_of(page: Page) -> tuple[float, float]:
    """In the page's own units, as boxes are: points, unless the page has larger ones."""
    return page.width_mm * MM / page.user_unit, page.height_mm * MM / page.user_unit


def close_up(page: Page, box: BBox | None) -> BBox:
    """What to show of a page so that a box can be read: the box in the middle, with what stands around it."""
    width, height = size_of(page)
    if box is None:
        return 0.0, 0.0, width, height
    wide = max(CLOSE_WIDTH, AROUND * (box[2] - box[0]), AROUND * RATIO * (box[3] - box[1]))
    wide = min(wide, width)
    high = min(wide / RATIO, height)
    left = min(max((box[0] + box[2] - wide) / 2, 0.0), width - wide)
    top = min(max((box[1] + box[3] - high) / 2, 0.0), height - high)
    return left, top, left + wide, top + high
