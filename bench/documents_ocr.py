"""Sheets that are pictures: what recognition reads of their title blocks, how long it takes, how much memory."""

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from random import Random

from bench.progress import counted
from demo.city import A, City, build_city
from demo.dossiers import drawings, title_blocks
from demo.dossiers.broken_files import scanned
from demo.dossiers.facts import facts_of
from demo.dossiers.paper import Paper
from demo.dossiers.sheet import BLOCK_FIELDS, Drawing
from documents import normalise
from documents.check import check_document
from documents.report import DocumentReport
from documents.sandbox import Ended

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
SCAN_DPI = 200
WORKERS = 2
SKEWS = (1.0, -2.0, 3.0)  # degrees
#: What recognition may confuse or drop without a reader being misled.
ALIKE = str.maketrans({"峻": "竣", "㎡": "m", "²": "m", "：": ":", "（": "(", "）": ")"})


@dataclass
class Outcome:
    """What was read of so many sheets, and what it cost; `seconds` on the clock, with all workers side by side."""

    sheets: int = 0
    printed: int = 0  # fields
    read: int = 0  # of them, as printed
    seconds: float = 0.0
    cpu_seconds: float = 0.0  # of all children
    peak_mb: float = 0.0  # of the largest


def make_scans(folder: Path, count: int, *, skews: Sequence[float] = (0.0,)) -> list[Path]:
    """One-page files, each a picture of an A1 sheet with a title block of a tuned kind."""
    paths = [folder / f"scan-{number:03d}.pdf" for number in range(count)]
    each = [skews[number % len(skews)] for number in range(count)]
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_scan, paths, range(count), each, chunksize=4))


def _scan(path: Path, number: int, skew: float) -> Path:
    path.write_bytes(scanned(_sheet(number)[1].save(), SCAN_DPI, skew=skew))
    return path


def _sheet(number: int) -> tuple[Drawing, Paper]:
    city = _city()
    facts = facts_of(city.projects[number % len(city.projects)], city.market)
    (item,) = drawings.drawing_set(facts, Random(number), count=1, layouts=title_blocks.LAYOUTS)
    item = replace(item, sheet="A1", segments=400, rotate=0)
    return item, drawings.draw([item], seed=str(number))


@cache
def _city() -> City:
    return build_city(A.scaled(0.2), now=NOW)


def read_scans(paths: Sequence[Path]) -> Outcome:
    """Read as the service reads, a child for each sheet, with as many side by side as there are workers."""
    outcome, ended = Outcome(len(paths)), list[Ended]()
    check_document(paths[0], today=NOW.date(), recognise=True)  # the sandboxes are warm in a running service

    def read(path: Path) -> DocumentReport:
        return check_document(path, today=NOW.date(), recognise=True, used=ended.append)

    start = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        reports = list(counted(pool.map(read, paths), len(paths), "scans"))
    outcome.seconds = time.perf_counter() - start
    outcome.cpu_seconds = sum(each.cpu_seconds for each in ended)
    outcome.peak_mb = max(each.peak_bytes for each in ended) / (1 << 20)
    for number, report in enumerate(reports):
        item, paper = _sheet(number)
        wanted = {
            name: _plain(item.block[name]) for name in BLOCK_FIELDS if f"{item.number}:{name}" in paper.places
        }
        found = {field.name: _plain(field.raw) for field in report.fields if field.page == 1}
        outcome.printed += len(wanted)
        outcome.read += sum(found.get(name) == text for name, text in wanted.items())
    return outcome


def _plain(text: str) -> str:
    return normalise.compact(text).translate(ALIKE)
