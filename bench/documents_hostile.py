"""Hostile, broken and mutated files: every one gets a verdict, and nothing but a child ever dies."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bench.progress import counted
from documents import sandbox
from documents.check import check_document
from documents.report import Content, DocumentReport, Severity, Verdict
from documents.sandbox import Ended

LARGEST_BASE = 200_000  # bytes: larger files would only make the mutants slower
CPU_SECONDS, MEMORY = 20.9, 1 << 30  # a limit of 20 s ends a child within the second
#: Folders whose files are sound, whatever their content is worth.
SOUND = ("synthetic", "pages", "vector_heavy")
#: Findings with which triage, and not a check of the content, stops a file.
TRIAGE = frozenset({
    "empty-file", "too-large", "not-a-pdf", "renamed-file", "archive-refused", "password-required", "unreadable",
    "limits-exceeded", "inflates-too-far", "runaway-forms", "page-unreadable", "launch-action",
})  # fmt: skip
TOKENS = (
    b"endobj",
    b"stream\n",
    b"<<",
    b">>",
    b"/Kids [1 0 R]",
    b"/Length 999999999",
    b"0 0 R",
    b"\x00" * 40,
)


@dataclass
class Outcome:
    files: int = 0
    without_verdict: list[str] = field(default_factory=list)
    clean_but_unread: list[str] = field(default_factory=list)
    sound_but_blocked: list[str] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)
    longest_cpu_seconds: float = 0.0
    most_memory_mb: float = 0.0


def check_all(data: Path, *, mutants: int) -> Outcome:
    """All files of the folder, then `mutants` changed copies of the smaller ones."""
    outcome = Outcome()
    originals = sorted(path for path in data.rglob("*") if path.is_file() and path.suffix != ".tsv")
    server = sandbox.shared().server_id
    with TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        for checked in counted(pool.map(_checked, originals), len(originals), "files"):
            server = server or sandbox.shared().server_id
            _count(outcome, checked)
            if checked.path.parent.name in SOUND and checked.report and _is_stopped(checked.report):
                outcome.sound_but_blocked.append(checked.path.name)
        bases = [path for path in originals if path.stat().st_size <= LARGEST_BASE]
        changed = pool.map(_checked_once, _mutants(bases, mutants, Path(folder)))
        for checked in counted(changed, mutants, "mutants"):
            _count(outcome, checked)
    if sandbox.shared().server_id != server:
        outcome.without_verdict.append("the fork server was replaced")
    return outcome


@dataclass
class _Checked:
    path: Path
    report: DocumentReport | None = None
    ended: list[Ended] = field(default_factory=list)


def _checked(path: Path) -> _Checked:
    checked = _Checked(path)
    with suppress(Exception):  # whatever escapes leaves no report, and that is counted
        checked.report = check_document(path, used=checked.ended.append)
    return checked


def _checked_once(path: Path) -> _Checked:
    checked = _checked(path)
    path.unlink()
    return checked


def _count(outcome: Outcome, checked: _Checked) -> None:
    outcome.files += 1
    seconds = max((ended.cpu_seconds for ended in checked.ended), default=0.0)
    memory = max((ended.peak_bytes for ended in checked.ended), default=0)
    outcome.longest_cpu_seconds = max(outcome.longest_cpu_seconds, seconds)
    outcome.most_memory_mb = max(outcome.most_memory_mb, memory / (1 << 20))
    report = checked.report
    if report is None or seconds > CPU_SECONDS or memory > MEMORY:
        outcome.without_verdict.append(checked.path.name)
    if report is None:
        return
    outcome.verdicts[report.verdict.value] += 1
    unread = not report.pages or any(page.content is Content.UNREAD for page in report.pages)
    if report.verdict is Verdict.CLEAN and (unread or not report.readable):
        outcome.clean_but_unread.append(checked.path.name)


def _is_stopped(report: DocumentReport) -> bool:
    return any(finding.severity is Severity.BLOCKS and finding.code in TRIAGE for finding in report.findings)


def _mutants(bases: list[Path], count: int, folder: Path) -> Iterator[Path]:
    rng = Random("mutants")
    contents = [path.read_bytes() for path in bases]
    for number in range(count):
        path = folder / f"{number:05d}.pdf"
        path.write_bytes(mutated(rng, contents[number % len(contents)]))
        yield path


def mutated(rng: Random, content: bytes) -> bytes:
    """One to four of: flipped bytes, a piece cut, doubled or moved, a token put in, the end cut off."""
    data = bytearray(content or b"%PDF-1.7")
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(data)), rng.randint(1, 400)
        kind = rng.randrange(6)
        if kind == 0:
            for _flip in range(rng.randint(1, 40)):
                data[rng.randrange(len(data))] = rng.randrange(256)
        elif kind == 1:
            del data[at : at + length]
        elif kind == 2:
            data[at:at] = data[at : at + length]
        elif kind == 3:
            piece = bytes(data[at : at + length])
            target = rng.randrange(len(data))
            data[target:target] = piece
        elif kind == 4:
            data[at:at] = rng.choice(TOKENS)
        else:
            del data[at:]
        data = data or bytearray(b"%")
    return bytes(data)
