"""The intake of documents measured: speed, what it finds, what it survives. Prints one JSON object.

Each target is {name, goal, value, met} and what the figure was made from. A missed target says so; what could not be
measured here says that, and counts as missed. `--part` runs one part; `--dossiers`, `--mutants`, `--rounds`,
`--sheets` and `--ocr` make a run smaller, and the figures say how large it was.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import documents_hostile, documents_ocr, documents_speed, documents_upload
from bench.documents_dossiers import CLEAN, Score, score_all, second_rounds
from bench.progress import say
from bench.targets import target
from demo.dossiers.defects import DEFECTS
from documents import ocr

SHARED = Path(os.environ.get("YICHUANG_SHARED", Path(__file__).parents[2] / "shared")) / "data/pdf"
SKEWED = 24  # sheets recognised that were laid into the scanner askew


def not_measured(name: str, goal: str, why: str) -> dict[str, object]:
    return target(name, goal, None, met=False, not_measured=why)


def speed(sheets: int) -> list[dict[str, object]]:
    with TemporaryDirectory() as folder:
        paths = documents_speed.make_sheets(Path(folder), sheets)
        documents_speed.intake_seconds(paths[:1])  # the sandbox is warm in a running service
        intake, read = documents_speed.intake_seconds(paths)
        pdfium = documents_speed.pdfium_seconds(paths)
        plumber = documents_speed.plumber_seconds(paths, sheets)
        peak = max(documents_speed.peak_megabytes(path) for path in paths[:3])
    allowed = 60 * sheets / 200
    return [
        target(
            "200 A1 sheets with text layer", "≤ 60 s on 2 cores", round(intake, 1), met=intake <= allowed,
            sheets=sheets, title_blocks_read=read, allowed_seconds=allowed,
        ),
        target(
            "against plain pdfplumber", "≥ 15 times as fast", round(plumber / intake, 1), met=plumber >= 15 * intake,
            pdfplumber_seconds=round(plumber, 1), from_sheets=documents_speed.PLUMBED,
        ),
        target(
            "against a bare PDFium pass", "≤ 2 times its time", round(intake / pdfium, 2), met=intake <= 2 * pdfium,
            pdfium_seconds=round(pdfium, 1),
        ),
        target("peak memory of a worker", "≤ 300 MB", round(peak), met=peak <= 300),
    ]  # fmt: skip


def dossiers(each: int) -> list[dict[str, object]]:
    scores = score_all([CLEAN, *DEFECTS], each)
    total = _sum(scores.values())
    by_defect = {name: _by_defect(name, score) for name, score in scores.items()}
    overlaps = {name: statistics.mean(score.overlaps) for name, score in scores.items() if score.overlaps}
    worst = min(overlaps, key=lambda name: overlaps[name])
    return [
        target(
            "recall of planted defects", "≥ 0.99", round(total.recall, 4), met=total.recall >= 0.99,
            defect_types=len(DEFECTS), dossiers=each * len(scores), by_defect=by_defect,
        ),
        target(
            "precision", "≥ 0.98", round(total.precision, 4), met=total.precision >= 0.98, beside=dict(total.beside)
        ),
        target(
            "place: mean IoU of the worst kind of defect", "≥ 0.8", round(overlaps[worst], 3),
            met=overlaps[worst] >= 0.8, worst=worst, boxes=len(total.overlaps),
            share_at_least_08=round(sum(overlap >= 0.8 for overlap in total.overlaps) / len(total.overlaps), 4),
        ),
        _fields("title block fields, text", 0.99, total),
        *_held_out(max(each // 5, 1)),
    ]  # fmt: skip


def _sum(scores: Iterable[Score]) -> Score:
    total = Score()
    for score in scores:
        total.add(score)
    return total


def _by_defect(name: str, score: Score) -> dict[str, object]:
    return {
        "codes": list(DEFECTS[name].codes) if name in DEFECTS else [],
        "recall": round(score.recall, 4),
        "beside": dict(score.beside),
        "iou_mean": round(statistics.mean(score.overlaps), 3) if score.overlaps else None,
        "iou_min": round(min(score.overlaps), 3) if score.overlaps else None,
        "missed": score.missed[:3],
    }


def _fields(name: str, goal: float, score: Score) -> dict[str, object]:
    share = score.read / max(score.fields, 1)
    return target(name, f"≥ {goal}", round(share, 4), met=share >= goal, fields=score.fields)


def _held_out(each: int) -> list[dict[str, object]]:
    """Every kind of defect on layouts that nothing was tuned on."""
    score = _sum(score_all([CLEAN, *DEFECTS], each, held_out=True).values())
    met = score.recall >= 0.95 and score.precision >= 0.95
    return [
        _fields("title block fields, held-out layouts", 0.95, score),
        target(
            "recall and precision, held-out layouts", "≥ 0.95 each",
            [round(score.recall, 4), round(score.precision, 4)], met=met,
            dossiers=each * (len(DEFECTS) + 1), beside=dict(score.beside), missed=len(score.missed),
        ),
    ]  # fmt: skip


def rounds(count: int) -> dict[str, object]:
    new = second_rounds(count)
    return target(
        "second round on unchanged files finds nothing new", "0 new findings", len(new), met=not new,
        dossiers=count, examples=new[:3],
    )  # fmt: skip


def hostile(mutants: int) -> list[dict[str, object]]:
    names = ("every hostile file has a verdict", "nothing unread is called clean", "no sound file is blocked")
    if not SHARED.is_dir():
        return [
            not_measured(name, "none", "the hostile files (YICHUANG_SHARED) are not here") for name in names
        ]
    outcome = documents_hostile.check_all(SHARED, mutants=mutants)
    failed = (outcome.without_verdict, outcome.clean_but_unread, outcome.sound_but_blocked)
    return [
        target(
            name, "none", len(found), met=not found and (mutants >= 3_000 or "sound" in name),
            files=outcome.files, mutants=mutants, verdicts=dict(outcome.verdicts), examples=found[:5],
            longest_cpu_seconds=round(outcome.longest_cpu_seconds, 1), most_memory_mb=round(outcome.most_memory_mb),
        )
        for name, found in zip(names, failed, strict=True)
    ]  # fmt: skip


def recognition(sheets: int) -> list[dict[str, object]]:
    names = (
        "200 A1 sheets, all by OCR", "title block fields by OCR", "peak memory of an OCR worker",
        "title block fields of skewed scans by OCR",
    )  # fmt: skip
    goals = ("≤ 5 min on 2 cores", "≥ 0.95", "≤ 1.2 GB", "≥ 0.95")
    if not ocr.available():
        why = "the optional extra `ocr` is not installed"
        return [not_measured(name, goal, why) for name, goal in zip(names, goals, strict=True)]
    with TemporaryDirectory() as folder:
        straight = documents_ocr.read_scans(documents_ocr.make_scans(Path(folder), sheets))
        few = min(sheets, SKEWED)
        skewed = documents_ocr.read_scans(
            documents_ocr.make_scans(Path(folder), few, skews=documents_ocr.SKEWS)
        )
    allowed = 300 * sheets / 200
    share, skewed_share = (each.read / each.printed for each in (straight, skewed))
    return [
        target(
            names[0], goals[0], round(straight.seconds), met=straight.seconds <= allowed, sheets=sheets,
            allowed_seconds=allowed, cpu_seconds_a_sheet=round(straight.cpu_seconds / sheets, 2),
        ),
        target(names[1], goals[1], round(share, 4), met=share >= 0.95, fields=straight.printed),
        target(names[2], goals[2], round(straight.peak_mb), met=straight.peak_mb <= 1_200),
        target(
            names[3], goals[3], round(skewed_share, 4), met=skewed_share >= 0.95, fields=skewed.printed, sheets=few,
            degrees=documents_ocr.SKEWS, cpu_seconds_a_sheet=round(skewed.cpu_seconds / few, 2),
        ),
    ]  # fmt: skip


def upload(megabytes: int) -> list[dict[str, object]]:
    with TemporaryDirectory() as folder:
        done = documents_upload.upload(Path(folder), megabytes)
    return [
        target(
            "upload of 300 MB", "server memory grows by ≤ 60 MB", round(done.growth_mb, 1),
            met=done.whole and done.growth_mb <= 60 and megabytes >= 300, megabytes=megabytes, stored_whole=done.whole,
        ),
        target(
            "a line that breaks", "no byte of a whole file lost", done.lost, met=not done.lost and not done.leftover,
            unfinished_files_left=done.leftover,
        ),
    ]  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--dossiers", type=int, default=50, help="for each kind of defect")
    arguments.add_argument("--mutants", type=int, default=3_000)
    arguments.add_argument("--rounds", type=int, default=500, help="dossiers checked twice")
    arguments.add_argument("--sheets", type=int, default=200)
    arguments.add_argument("--ocr", type=int, default=200, help="sheets recognised")
    arguments.add_argument("--upload", type=int, default=300, help="megabytes sent in one form")
    arguments.add_argument("--part", choices=("speed", "dossiers", "rounds", "hostile", "ocr", "upload"))
    options = arguments.parse_args()
    parts: dict[str, Any] = {
        "speed": lambda: speed(options.sheets),
        "dossiers": lambda: dossiers(options.dossiers),
        "rounds": lambda: [rounds(options.rounds)],
        "hostile": lambda: hostile(options.mutants),
        "ocr": lambda: recognition(options.ocr),
        "upload": lambda: upload(options.upload),
    }
    targets = []
    for name in [options.part] if options.part else parts:
        start = time.perf_counter()
        say(f"{name} …")
        targets += parts[name]()
        say(f"{name}: {time.perf_counter() - start:.0f} s")
    json.dump({"bench": "documents", "targets": targets}, sys.stdout, ensure_ascii=False, indent=1)
    print()


if __name__ == "__main__":
    main()
