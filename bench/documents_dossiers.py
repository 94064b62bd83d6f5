"""How well the intake finds what was planted: recall, precision and place, by kind of defect."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from demo.chance import stream
from demo.city import A, City, build_city
from demo.dossiers.defects import DEFECTS
from demo.dossiers.dossier import Dossier, Truth, draft, produce
from demo.dossiers.facts import facts_of
from demo.dossiers.families import FAMILIES
from demo.dossiers.paper import Box, overlap
from documents.check import check_dossier, submitted_file
from documents.report import Finding, ProjectFacts, Severity
from documents.rulebook import shipped

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
ALONGSIDE = 2  # faultless families beside those that a defect needs


@dataclass
class Score:
    planted: int = 0
    found: int = 0
    beside: Counter[str] = field(default_factory=Counter)  # codes of findings that nobody planted
    overlaps: list[float] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        self.planted += other.planted
        self.found += other.found
        self.beside += other.beside
        self.overlaps += other.overlaps
        self.missed += other.missed


def dossier_with(city: City, defect: str, number: int, *, held_out: bool = False) -> tuple[Dossier, Any]:
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


def checked(dossier: Dossier, facts: Any) -> list[Finding]:
    """What the intake finds in it; documents that were never asked for count as shared by other authorities."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for file in dossier.files:
            path = Path(folder) / file.name
            path.write_bytes(file.data)
            files.append(submitted_file(path))
        applied = dossier.application
        report = check_dossier(
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
    return [finding for document in report.documents for finding in document.findings]


def judge(dossier: Dossier, findings: Sequence[Finding]) -> Score:
    """Each planted defect against the finding of its code in its document that lies nearest."""
    left = list(findings)
    score = Score(planted=len(dossier.truth))
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


def _same_page(finding: Finding, truth: Truth) -> bool:
    return truth.page is None or finding.page == truth.page


def _overlap(box: Box | None, finding: Finding) -> float:
    return overlap(box, finding.bbox) if box and finding.bbox else 0.0


_city: City | None = None


def _score_one(job: tuple[str, int, bool]) -> tuple[str, Score]:
    global _city  # noqa: PLW0603 - built once in each worker
    _city = _city or build_city(A.scaled(0.5), now=NOW)
    defect, number, held_out = job
    dossier, facts = dossier_with(_city, defect, number, held_out=held_out)
    return defect, judge(dossier, checked(dossier, facts))


def score_all(
    defects: Iterable[str], each: int, *, held_out: bool = False, workers: int = 2
) -> dict[str, Score]:
    jobs = [(defect, number, held_out) for defect in defects for number in range(each)]
    scores: dict[str, Score] = defaultdict(Score)
    with ProcessPoolExecutor(workers) as pool:
        for defect, score in pool.map(_score_one, jobs, chunksize=8):
            scores[defect].add(score)
    return scores
