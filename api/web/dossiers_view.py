"""A dossier as its page shows it: each file as it was read, in the reader's words."""

from collections import Counter
from datetime import timedelta
from typing import Any

import msgspec
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from api.case_dossiers import subject_of
from api.resources import Resources
from core import clock
from core.i18n import current_locale
from documents import queries
from documents.handlers import progress_key
from documents.models import DossierState
from documents.report import Content, DocumentReport, Message, Severity, Verdict
from documents.rulebook import shipped

#: What is read off a document and shown beside its name.
SHOWN_FIELDS = ("project_name", "project_code", "floor_area")
ORDER = {Severity.BLOCKS: 0, Severity.DOUBTFUL: 1, Severity.NOTE: 2}


class FieldView(msgspec.Struct, frozen=True):
    name: str
    raw: str
    page: int


class FindingView(msgspec.Struct, frozen=True):
    severity: Severity
    message: str
    document: str
    page: int | None
    href: str
    evidence: str
    rule: str


#: How long after the reading the case's own list of documents may still be catching up.
SETTLING = timedelta(seconds=6)


class FileView(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str
    size: int
    read: bool
    """False until the worker has looked at it."""
    kind: str = ""
    title: str = ""
    pages: int = 0
    sheets: tuple[tuple[str, int], ...] = ()
    contents: tuple[tuple[Content, int], ...] = ()
    verdict: Verdict | None = None
    fields: tuple[FieldView, ...] = ()
    findings: tuple[FindingView, ...] = ()


class DossierView(msgspec.Struct, frozen=True, kw_only=True):
    checking: bool = False
    looking: bool = False
    """The page should look again: files are being read, or the case is just taking up what was read."""
    done: int = 0
    total: int = 0
    files: tuple[FileView, ...] = ()


async def load_dossier(session: AsyncSession, resources: Resources, code: str, here: str) -> DossierView:
    dossier = await queries.latest_dossier(session, subject_of(code))
    if dossier is None:
        return DossierView()
    lines = await queries.files(session, dossier)
    report = queries.report_of(dossier)
    documents = list(report.documents) if report else []
    read = {(document.file, document.sha256): document for document in documents}
    checking = dossier.state is DossierState.CHECKING
    done, total = await _progress(resources, dossier.key) if checking else (0, 0)
    return DossierView(
        checking=checking,
        looking=checking or (dossier.checked_at is not None and clock.now() - dossier.checked_at < SETTLING),
        done=done,
        total=total,
        files=tuple(file_view(line, read.get((line.name, line.sha256)), here) for line in lines),
    )


async def _progress(resources: Resources, key: str) -> tuple[int, int]:
    """How many of how many are read; a courtesy that may be missing."""
    try:
        found: dict[bytes, bytes] = await resources.redis.hgetall(progress_key(key))  # type: ignore[misc]  # redis-py types it for both its clients
    except RedisError:
        return 0, 0
    return int(found.get(b"done", 0)), int(found.get(b"total", 0))


def file_view(line: queries.FileLine, report: DocumentReport | None, here: str) -> FileView:
    if report is None:
        return FileView(id=line.id, name=line.name, size=line.size, read=False)
    book = shipped()
    family = book.family.get(report.kind or "")
    href = f"{here}/files/{line.id}"
    findings = sorted(report.findings, key=lambda each: (ORDER[each.severity], each.page or 0))
    return FileView(
        id=line.id,
        name=line.name,
        size=line.size,
        read=True,
        kind=_told(Message(zh=family.zh, en=family.en)) if family else "",
        title=report.title,
        pages=len(report.pages),
        sheets=tuple(Counter(_sheet(page) for page in report.pages).most_common()),
        contents=tuple(Counter(page.content for page in report.pages).most_common()),
        verdict=report.verdict,
        fields=tuple(
            FieldView(field.label or book.label(name), field.raw, field.page)
            for name in SHOWN_FIELDS
            if (field := report.first(name))
        ),
        findings=tuple(
            FindingView(
                each.severity,
                _told(each.message),
                line.name,
                each.page,
                f"{href}#page={each.page}" if each.page else href,
                each.evidence,
                each.source,
            )
            for each in findings
        ),
    )


def _sheet(page: Any) -> str:
    return page.sheet or f"{page.width_mm:.0f} × {page.height_mm:.0f} mm"


def _told(message: Message) -> str:
    return message.en if current_locale.get() == "en" else message.zh
