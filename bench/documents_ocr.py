"""Sheets that are pictures: what recognition reads of their title blocks, how long it takes, how much memory."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec

from bench.progress import counted
from demo.city import A, build_city
from demo.dossiers import drawings, title_blocks
from demo.dossiers.broken_files import scanned
from demo.dossiers.facts import facts_of
from demo.dossiers.sheet import BLOCK_FIELDS
from documents import normalise, ocr
from documents.check import check_document
from documents.sandbox import Ended, Sandbox

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
SCAN_DPI = 200
SKEWS = (1.0, -2.0, 3.0)  # degrees
#: What recognition may confuse or drop without a reader being misled.
ALIKE = str.maketrans({"峻": "竣", "㎡": "m", "²": "m", "：": ":", "（": "(", "）": ")"})


def make_scans(
    folder: Path, count: int, *, sheet: str, skews: Sequence[float] = (0.0,)
) -> Iterator[tuple[Path, dict[str, str]]]:
    """One-page files, each a picture of a sheet with a title block of a tuned kind; the fields that this prints."""
    city = build_city(A.scaled(0.2), now=NOW)
    for number in range(count):
        facts = facts_of(city.projects[number % len(city.projects)], city.market)
        (item,) = drawings.drawing_set(facts, Random(number), count=1, layouts=title_blocks.LAYOUTS)
        item = replace(item, sheet=sheet, segments=400, rotate=0)
        path = folder / f"scan-{number:03d}.pdf"
        paper = drawings.draw([item], seed=str(number))
        path.write_bytes(scanned(paper.save(), SCAN_DPI, skew=skews[number % len(skews)]))
        yield (
            path,
            {name: item.block[name] for name in BLOCK_FIELDS if f"{item.number}:{name}" in paper.places},
        )


def read_scans(
    folder: Path, count: int, *, sheet: str = "A1", skews: Sequence[float] = (0.0,)
) -> tuple[int, int, float]:
    """Fields printed, fields read as printed, seconds for each sheet with one worker."""
    made = list(make_scans(folder, count, sheet=sheet, skews=skews))
    printed = read = 0
    start = time.perf_counter()
    for path, block in counted(made, count, "scans"):
        report = check_document(path, today=NOW.date(), recognise=True)
        found = {field.name: _plain(field.raw) for field in report.fields if field.page == 1}
        wanted = {name: _plain(text) for name, text in block.items()}
        printed += len(wanted)
        read += sum(found.get(name) == text for name, text in wanted.items())
    return printed, read, (time.perf_counter() - start) / count


def child(folder: Path) -> tuple[float, float]:
    """The most memory (MB) that a child had which recognised one sheet, and its CPU seconds."""
    ((path, _),) = make_scans(folder, 1, sheet="A1")
    wanted = msgspec.msgpack.encode(ocr.Wanted(path=str(path), pages=[1]))
    sandbox = Sandbox("documents.ocr_engine")
    *_, (_, last) = sandbox.run(ocr.JOB, wanted, limits=ocr.LIMITS)
    sandbox.close()
    ended = msgspec.msgpack.decode(last, type=Ended)
    return ended.peak_bytes / (1 << 20), ended.cpu_seconds


def _plain(text: str) -> str:
    return normalise.compact(text).translate(ALIKE)
