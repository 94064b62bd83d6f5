"""The intake's public face: files in, one report out, with everything that is missing or wrong in it.

The sandbox reads; this side writes the verdict, also when the child that read the document died.
"""

import datetime as dt
import hashlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from documents import ocr, read, sandbox, triage
from documents.dossier import reconcile
from documents.report import (
    Content,
    DocumentReport,
    DossierReport,
    Finding,
    Page,
    ProjectFacts,
    SubmittedFile,
)
from documents.rulebook import RuleBook, shipped
from documents.sandbox import Ended, Limits

MAX_FILE_BYTES = 500 << 20
#: How sure it is that a file is too large for which the machine had no time: a person looks at it.
_WAITED = 0.5
Progress = Callable[[DocumentReport], None]


def check_document(
    file: SubmittedFile | Path | str,
    *,
    today: dt.date | None = None,
    rules: RuleBook | None = None,
    limits: Limits | None = None,
    trust_roots: Sequence[bytes] = (),
    recognise: bool = False,
    used: Callable[[Ended], None] | None = None,
) -> DocumentReport:
    """Reads one file in a child of its own and says what it is and what is wrong with it.

    Always returns a report; `readable` is false where the content could not be read. `trust_roots` are the
    certificates (DER) that electronic signatures must go back to. With `recognise` (and the extra `ocr` installed),
    pages without a text layer are read by recognition, which takes seconds each; nothing is rejected on that.
    `used` is told what each child that read the file has used.
    """
    submitted = file if isinstance(file, SubmittedFile) else submitted_file(Path(file))
    book = rules or shipped()
    if (early := _without_opening(submitted, book)) is not None:
        return early
    request = read.ReadRequest(
        path=submitted.path,
        file=submitted.name,
        sha256=submitted.sha256,
        size=submitted.size,
        today=today or dt.date.today(),  # noqa: DTZ011 — the calendar day here, when the caller names none
        book=book,
        trust_roots=list(trust_roots),
    )
    report = _in_sandbox(submitted, request, limits or Limits(), used)
    unread = [
        page.number
        for page in report.pages
        if page.content in (Content.SCAN, Content.STROKES) and not page.chars
    ]
    if not recognise or not report.readable or not unread or not ocr.available():
        return report
    request.recognised = ocr.recognise(submitted.path, unread, used=used)
    if not any(found.lines for found in request.recognised.values()):
        return report
    return _in_sandbox(submitted, request, limits or Limits(), used)


def check_dossier(
    files: Sequence[SubmittedFile],
    project: ProjectFacts | None = None,
    rules: RuleBook | None = None,
    *,
    today: dt.date | None = None,
    known: dict[str, DocumentReport] | None = None,
    trust_roots: Sequence[bytes] = (),
    recognise: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> DossierReport:
    """All documents of a submission, each checked alone, then against each other and against the checklist.

    `known` holds earlier reports by SHA-256 under the same rules: unchanged files are not read again. `progress` is
    called with each report as it is done.
    """
    book = rules or shipped()

    def one(file: SubmittedFile) -> DocumentReport:
        earlier = (known or {}).get(file.sha256)
        report = (
            earlier.named(file.name)
            if earlier
            else check_document(file, today=today, rules=book, trust_roots=trust_roots, recognise=recognise)
        )
        if progress:
            progress(report)
        return report

    with ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1) as pool:
        reports = list(pool.map(one, files))
    return reconcile(reports, project, book)


def submitted_file(path: Path, name: str | None = None) -> SubmittedFile:
    """Describes a file on disk; its content is hashed in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while piece := content.read(1 << 20):
            digest.update(piece)
    return SubmittedFile(
        path=str(path.resolve()), name=name or path.name, sha256=digest.hexdigest(), size=path.stat().st_size
    )


def _without_opening(file: SubmittedFile, book: RuleBook) -> DocumentReport | None:
    """Empty, too large, or no PDF at all."""
    report = DocumentReport(file=file.name, sha256=file.sha256, size=file.size, readable=False)
    if file.size == 0:
        report.findings = [book.finding("empty-file", file.name)]
        return report
    if file.size > MAX_FILE_BYTES:
        size, limit = (f"{amount >> 20} MB" for amount in (file.size, MAX_FILE_BYTES))
        report.findings = [book.finding("too-large", file.name, size=size, limit=limit)]
        return report
    with Path(file.path).open("rb") as content:
        actual = triage.kind_of(content.read(1024))
    if actual is None:
        return None
    renamed_pdf = file.name.lower().endswith(".pdf")
    code = "renamed-file" if renamed_pdf else "not-a-pdf"
    report.findings = [book.finding(code, file.name, name=file.name, actual=actual, evidence=actual)]
    return report


def _in_sandbox(
    file: SubmittedFile, request: read.ReadRequest, limits: Limits, used: Callable[[Ended], None] | None
) -> DocumentReport:
    partial = DocumentReport(file=file.name, sha256=file.sha256, size=file.size, readable=False)
    complete: DocumentReport | None = None
    ended = Ended(status=1, signal=0, cpu_seconds=0.0, peak_bytes=0)
    error = ""
    start = time.monotonic()
    for kind, payload in sandbox.shared().run(
        "documents.read:read_document", msgspec.msgpack.encode(request), limits=limits
    ):
        if kind == read.TRIAGE:
            partial.findings = msgspec.msgpack.decode(payload, type=read.Triaged).findings
        elif kind == read.PAGE:
            partial.pages.append(msgspec.msgpack.decode(payload, type=Page))
        elif kind == read.REPORT:
            complete = msgspec.msgpack.decode(payload, type=DocumentReport)
        elif kind == b"X":
            error = payload.decode(errors="replace")
        elif kind == b"E":
            ended = msgspec.msgpack.decode(payload, type=Ended)
    if used:
        used(ended)
    if complete is not None:
        return complete
    took = time.monotonic() - start
    partial.findings.append(
        _unfinished(request, ended, limits, read_pages=len(partial.pages), took=took, error=error)
    )
    return partial


def _unfinished(
    request: read.ReadRequest, ended: Ended, limits: Limits, *, read_pages: int, took: float, error: str
) -> Finding:
    """The child ended without a report: by a limit, by a crash, or by an error of ours."""
    by_clock = ended.signal in (signal.SIGXCPU, signal.SIGKILL)
    if by_clock or ended.status == sandbox.OUT_OF_MEMORY or ended.signal == signal.SIGABRT:
        limit = f"{limits.cpu_seconds} s" if by_clock else f"{limits.memory_bytes >> 20} MB"
        # A child that had to wait for its processor says more about this machine than about the file.
        waited = by_clock and took >= limits.wall_seconds
        return request.book.finding(
            "limits-exceeded", request.file, limit=limit, pages=read_pages, evidence=limit,
            confidence=_WAITED if waited else 1.0,
        )  # fmt: skip
    reason = error or f"signal {ended.signal}, status {ended.status}"
    return request.book.finding("unreadable", request.file, reason=reason, evidence=reason)
