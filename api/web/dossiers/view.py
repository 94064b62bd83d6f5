"""A dossier as the case's page shows it: each file as it was read, and how much there is to do."""

from collections import Counter
from collections.abc import Mapping

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from api.case_dossiers import subject_of
from api.resources import Resources
from api.web.dossiers.report_view import told
from documents import progress, queries, rule_changes
from documents.deficiencies import Deficiency, deficiencies_of
from documents.models import DossierState
from documents.report import Content, DocumentReport, Message, Page, Severity, Verdict
from documents.rulebook import RuleBook

#: What is read off a document and shown beside its name.
SHOWN_FIELDS = ("project_name", "project_code", "floor_area")


class FieldView(msgspec.Struct, frozen=True):
    name: str
    raw: str
    page: int


class FileView(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str
    size: int
    state: str = progress.WAITING
    """How far the worker is with it, where it is not read."""
    read: bool = False
    kind: str = ""
    title: str = ""
    pages: int = 0
    sheets: tuple[tuple[str, int], ...] = ()
    contents: tuple[tuple[Content, int], ...] = ()
    verdict: Verdict | None = None
    fields: tuple[FieldView, ...] = ()
    counts: Mapping[Severity, int] = {}

    @property
    def clean(self) -> bool:
        return self.read and not self.counts


class DossierView(msgspec.Struct, frozen=True, kw_only=True):
    checking: bool = False
    done: int = 0
    files: tuple[FileView, ...] = ()
    told: tuple[Deficiency, ...] = ()
    """What the applicant would be told now."""
    checked: bool = False
    names: Mapping[str, str] = {}
    """What the checklist calls its items, in the reader's language, by code."""


async def load_dossier(session: AsyncSession, resources: Resources, code: str) -> DossierView:
    dossier = await queries.latest_dossier(session, subject_of(code))
    if dossier is None:
        return DossierView()
    lines = await queries.files(session, dossier)
    report = queries.report_of(dossier)
    read = {(each.file, each.sha256): each for each in report.documents} if report else {}
    checking = dossier.state is DossierState.CHECKING
    states = await progress.states(resources.redis, dossier.key) if checking else {}
    book = await rule_changes.book_on(session, dossier.submitted_on)
    return DossierView(
        checking=checking,
        done=sum(state == progress.READ for state in states.values()),
        files=tuple(
            file_view(line, read.get((line.name, line.sha256)), states.get(line.id, progress.WAITING), book)
            for line in lines
        ),
        told=tuple(deficiencies_of(report, book)) if report else (),
        checked=report is not None,
        names={item.code: told(item.name) for item in report.checklist} if report else {},
    )


def file_view(line: queries.FileLine, report: DocumentReport | None, state: str, book: RuleBook) -> FileView:
    if report is None:
        return FileView(id=line.id, name=line.name, size=line.size, state=state)
    family = book.family.get(report.kind or "")
    return FileView(
        id=line.id,
        name=line.name,
        size=line.size,
        state=progress.READ,
        read=True,
        kind=told(Message(family.zh, family.en)) if family else "",
        title="" if family and family.drawing else report.title,
        pages=len(report.pages),
        sheets=tuple(Counter(map(_sheet, report.pages)).most_common()),
        contents=tuple(Counter(page.content for page in report.pages).most_common()),
        verdict=report.verdict,
        fields=tuple(
            FieldView(field.label or book.label(name), field.raw, field.page)
            for name in SHOWN_FIELDS
            if (field := report.first(name))
        ),
        counts=Counter(each.severity for each in report.findings),
    )


def _sheet(page: Page) -> str:
    return page.sheet or f"{page.width_mm:.0f} × {page.height_mm:.0f} mm"
