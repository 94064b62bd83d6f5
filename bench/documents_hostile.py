"""Hostile, broken and mutated files: every one gets a verdict, and nothing but a child ever dies."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from documents.check import check_document
from documents.report import Content, DocumentReport, Severity, Verdict

LARGEST_BASE = 200_000  # bytes: larger files would only make the mutants slower
WALL_SECONDS = 60.0  # a child's 20 CPU seconds, on a busy machine
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
    longest_seconds: float = 0.0


def check_all(data: Path, *, mutants: int) -> Outcome:
    """All files of the folder, then `mutants` changed copies of the smaller ones."""
    outcome = Outcome()
    originals = sorted(path for path in data.rglob("*") if path.is_file() and path.suffix != ".tsv")
    with TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        for path, report, seconds in pool.map(_checked, originals):
            _count(outcome, path, report, seconds)
            if path.parent.name in SOUND and report and _is_stopped(report):
                outcome.sound_but_blocked.append(path.name)
        bases = [path for path in originals if path.stat().st_size <= LARGEST_BASE]
        for path, report, seconds in pool.map(_checked_once, _mutants(bases, mutants, Path(folder))):
            _count(outcome, path, report, seconds)
    return outcome


def _checked(path: Path) -> tuple[Path, DocumentReport | None, float]:
    start = time.perf_counter()
    try:
        report = check_document(path)
    except Exception:  # noqa: BLE001 - whatever escapes is what this counts
        return path, None, time.perf_counter() - start
    return path, report, time.perf_counter() - start


def _checked_once(path: Path) -> tuple[Path, DocumentReport | None, float]:
    result = _checked(path)
    path.unlink()
    return result


def _count(outcome: Outcome, path: Path, report: DocumentReport | None, seconds: float) -> None:
    outcome.files += 1
    outcome.longest_seconds = max(outcome.longest_seconds, seconds)
    if report is None or seconds > WALL_SECONDS:
        outcome.without_verdict.append(path.name)
        return
    outcome.verdicts[report.verdict.value] += 1
    unread = not report.pages or any(page.content is Content.UNREAD for page in report.pages)
    if report.verdict is Verdict.CLEAN and (unread or not report.readable):
        outcome.clean_but_unread.append(path.name)


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
