"""Real PDFs of a made-up project, for tests that send papers in."""

from collections.abc import Sequence
from datetime import date

from demo.dossiers import dossier
from demo.dossiers.dossier import Dossier
from demo.dossiers.facts import facts_of
from demo.projects import build_market, build_projects

MAIN = ("joint_application", "completion_acceptance_report")


def make_dossier(families: Sequence[str] = MAIN, *, seed: str = "一号", drawings: int = 0) -> Dossier:
    """Faultless papers of one project, with so many drawings and their list; its application says the same."""
    market = build_market(seed, 3)
    project = build_projects(seed, market, [date(2026, 2, 2)] * 3, cases=3, area=60_000)[0]
    return dossier.produce(
        dossier.draft(facts_of(project, market), families, seed=seed, sheet_count=drawings)
    )
