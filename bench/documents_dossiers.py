"""How well the intake finds what was planted: recall, precision and place, by kind of defect."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from bench.progress import counted
from demo.chance import stream
from demo.city import A, City, build_city
from demo.dossiers.defects import DEFECTS
from demo.dossiers.dossier import Dossier, Truth, draft, produce
from demo.dossiers.facts import Facts, facts_of
from demo.dossiers.families import FAMILIES
from demo.dossiers.paper import Box, overlap
from documents import normalise
from documents.check import check_dossier, submitted_file
from documents.report import DossierReport, Finding, ProjectFacts, Severity
from documents.rulebook import shipped

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
CLEAN = "clean"  # no defect at all
ALONGSIDE = 2  # faultless families beside those that a defect needs


@dataclass
class Score:
    planted: int = 0
    found: int = 0
    beside: Counter[str] = field(default_factory=Counter)  # codes of findings that nobody planted
    overlaps: list[float] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    fields: int = 0  # of title blocks, printed
    read: int = 0  # of them, as printed

    @property
    def recall(self) -> float:
        return self.found / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        named = self.found + self.beside.total()
        return self.found / named if named else 1.0

    def add(self, other: "Score") -> None:
        self.planted += other.planted
        self.found += other.found
        self.beside += other.beside
        self.overlaps += other.overlaps
        self.missed += other.missed
        self.fields += other.fields
        self.read += other.read


def dossier_with(city: City, defect: str, number: int, *, held_out: bool = False) -> tuple[Dossier, Facts]:
    """One dossier with this defect, of a project of its own, and its facts."""
    seed = f"{defect}:{number}:{'held out' if held_out else 'tuned'}"
    rng = stream("bench", seed)
    facts = facts_of(rng.choice(city.projects), city.market)
    kind = DEFECTS.get(defect)
    needed = kind.families if kind else ()
    others = [family for family in FAMILIES if family not in needed]
    families = (*needed, *rng.sample(others, ALONGSIDE))
    made = draft(facts, families, seed=seed, sheet_count=kind.sheets if kind else 2, held_out=held_out)
    if kind:
        kind.plant(made)
    return produce(made), facts


def checked(dossier: Dossier, facts: Facts) -> DossierReport:
    """What the intake says of it; documents that were never asked for count as shared by other authorities."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for file in dossier.files:
            path = Path(folder) / file.name
            path.write_bytes(file.data)
            files.append(submitted_file(path))
        applied = dossier.application
        return check_dossier(
            files,
            ProjectFacts(
                name=applied.name,
                code=applied.code,
                address=applied.address,
                floor_area=applied.floor_area,
                construction_unit=applied.construction_unit,
                shared=frozenset(item.code for item in shipped().checklist.item),
            ),
            today=facts.applied_on,
            workers=1,
        )


def judge(dossier: Dossier, report: DossierReport) -> Score:
    """Each planted defect against the finding of its code in its document that lies nearest."""
    left = [finding for document in report.documents for finding in document.findings]
    score = Score(planted=len(dossier.truth))
    score.fields, score.read = title_block_fields(dossier, report)
    for truth in dossier.truth:
        alike = [
            f for f in left if f.code == truth.code and f.document == truth.document and _same_page(f, truth)
        ]
        if not alike:
            score.missed.append(f"{truth.code} in {truth.document} p. {truth.page}")
            continue
        best = max(alike, key=lambda finding: _overlap(truth.box, finding))
        left.remove(best)
        score.found += 1
        if truth.box is not None:
            score.overlaps.append(_overlap(truth.box, best))
    score.beside = Counter(finding.code for finding in left if finding.severity is not Severity.NOTE)
    return score


def title_block_fields(dossier: Dossier, report: DossierReport) -> tuple[int, int]:
    """How many fields the title blocks print, and how many of them were read as printed."""
    read = {
        (document.file, found.page, found.name): normalise.compact(found.raw)
        for document in report.documents
        for found in document.fields
    }
    printed = {
        (name, page, field): normalise.compact(text)
        for (name, page), block in dossier.fields.items()
        for field, text in block.items()
        if text
    }
    return len(printed), sum(read.get(place) == text for place, text in printed.items())


def _same_page(finding: Finding, truth: Truth) -> bool:
    return truth.page is None or finding.page == truth.page


def _overlap(box: Box | None, finding: Finding) -> float:
    return overlap(box, finding.bbox) if box and finding.bbox else 0.0


@cache
def _the_city() -> City:
    """Built once in each worker."""
    return build_city(A.scaled(0.5), now=NOW)


def _score_one(job: tuple[str, int, bool]) -> tuple[str, Score]:
    defect, number, held_out = job
    dossier, facts = dossier_with(_the_city(), defect, number, held_out=held_out)
    return defect, judge(dossier, checked(dossier, facts))


def score_all(
    defects: Iterable[str], each: int, *, held_out: bool = False, workers: int = 2
) -> dict[str, Score]:
    jobs = [(defect, number, held_out) for defect in defects for number in range(each)]
    scores: dict[str, Score] = defaultdict(Score)
    # Fresh processes: each has a sandbox of its own.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for defect, score in counted(pool.map(_score_one, jobs, chunksize=4), len(jobs), "dossiers"):
            scores[defect].add(score)
    return scores


def second_rounds(count: int, *, workers: int = 2) -> list[str]:
    """Findings that only a second check of the same, unchanged files made."""
    kinds = [CLEAN, *DEFECTS]
    jobs = [(kinds[number % len(kinds)], number) for number in range(count)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        results = counted(pool.map(_second_round, jobs, chunksize=4), count, "dossiers twice")
        return [new for found in results for new in found]


def _second_round(job: tuple[str, int]) -> list[str]:
    dossier, facts = dossier_with(_the_city(), *job)
    first, second = (
        Counter(
            (finding.code, finding.document, finding.page, finding.bbox)
            for document in checked(dossier, facts).documents
            for finding in document.findings
        )
        for _ in range(2)
    )
    return [f"{code} in {document}" for code, document, *_ in second - first]
