"""How fast sheets are read: the intake, a bare PDFium pass and plain pdfplumber over the same files, in one run."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from random import Random

import msgspec

from demo.city import A, build_city
from demo.dossiers import drawings, title_blocks
from demo.dossiers.facts import facts_of
from documents import read, sandbox
from documents.check import check_dossier, submitted_file
from documents.rulebook import shipped
from documents.sandbox import Ended, Limits

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
SHEETS_PER_FILE = 10
SEGMENTS = 8_000
WORKERS = 2
PLUMBED = 6  # sheets read by plain pdfplumber, which is too slow for all


def make_sheets(folder: Path, count: int) -> list[Path]:
    """`count` A1 sheets with text layers and title blocks of every tuned kind, ten to a file."""
    city = build_city(A.scaled(0.2), now=NOW)
    paths = []
    for number in range(count // SHEETS_PER_FILE):
        facts = facts_of(city.projects[number % len(city.projects)], city.market)
        made = drawings.drawing_set(
            facts, Random(number), count=SHEETS_PER_FILE, layouts=list(title_blocks.TUNED)
        )
        a1 = [replace(item, sheet="A1", segments=SEGMENTS) for item in made]
        path = folder / f"sheets-{number:02d}.pdf"
        path.write_bytes(drawings.draw(a1, seed=str(number)).save())
        paths.append(path)
    return paths


def intake_seconds(paths: Sequence[Path]) -> tuple[float, int]:
    """Seconds for all files with two workers, and how many title blocks were read."""
    files = [submitted_file(path) for path in paths]
    start = time.perf_counter()
    report = check_dossier(files, workers=WORKERS)
    seconds = time.perf_counter() - start
    numbers = [f for document in report.documents for f in document.fields if f.name == "drawing_number"]
    return seconds, len(numbers)


def pdfium_seconds(paths: Sequence[Path]) -> float:
    """Every page loaded; each character with its box, each path with its bounds."""
    return _in_processes(_pdfium, paths)


def plumber_seconds(paths: Sequence[Path], count: int) -> float:
    """What `count` sheets would take: words, and tables of the lower right quarter, of a few of them."""
    plumbed = min(PLUMBED, len(paths))
    return _in_processes(_plumber, paths[:plumbed]) * count / plumbed


def _in_processes(work: Callable[[Path], None], paths: Sequence[Path]) -> float:
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        list(pool.map(_warm, range(WORKERS)))
        start = time.perf_counter()
        list(pool.map(work, paths))
        return time.perf_counter() - start


def _warm(_: int) -> None:
    for name in ("pdfplumber", "pypdfium2"):
        import_module(name)


def _pdfium(path: Path) -> None:
    import ctypes

    import pypdfium2
    import pypdfium2.raw as c

    document = pypdfium2.PdfDocument(path)
    for index in range(len(document)):
        page = document[index]
        text = page.get_textpage()
        box = c.FS_RECTF()
        for char in range(text.count_chars()):
            c.FPDFText_GetUnicode(text, char)
            c.FPDFText_GetLooseCharBox(text, char, ctypes.byref(box))
        edges = [ctypes.c_float() for _ in range(4)]
        pointers = [ctypes.byref(edge) for edge in edges]
        for number in range(c.FPDFPage_CountObjects(page)):
            c.FPDFPageObj_GetBounds(c.FPDFPage_GetObject(page, number), *pointers)
        text.close()
        page.close()
    document.close()


def _plumber(path: Path) -> None:
    """The first sheet of the file."""
    import pdfplumber

    with pdfplumber.open(path) as pdf:
        page = pdf.pages[0]
        page.extract_words()
        x0, top, x1, bottom = page.bbox
        quarter = ((x0 + x1) / 2, (top + bottom) / 2, x1, bottom)
        page.crop(quarter).extract_tables()


def peak_megabytes(path: Path) -> float:
    """The most memory that the child which reads this file had."""
    file = submitted_file(path)
    request = read.ReadRequest(
        path=file.path, file=file.name, sha256=file.sha256, size=file.size, today=NOW.date(), book=shipped()
    )
    ended = Ended(status=1, signal=0, cpu_seconds=0.0, peak_bytes=0)
    for kind, payload in sandbox.shared().run(read.JOB, msgspec.msgpack.encode(request), limits=Limits()):
        if kind == b"E":
            ended = msgspec.msgpack.decode(payload, type=Ended)
    return ended.peak_bytes / (1 << 20)
