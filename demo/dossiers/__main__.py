"""`python -m demo.dossiers FOLDER`: a faultless dossier, and one with three faults, to try the intake with."""

import json
import sys
from datetime import datetime
from pathlib import Path

import msgspec

from core.clock import LOCAL
from demo.city import A, build_city
from demo.dossiers.defects import DEFECTS
from demo.dossiers.dossier import Dossier, draft, produce
from demo.dossiers.facts import facts_of
from demo.dossiers.families import FAMILIES

FAULTS = ("slip in the floor area", "not sealed", "listed but not there")


def write(dossier: Dossier, folder: Path) -> None:
    """The files, and beside them the truth about what is wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in dossier.files:
        (folder / file.name).write_bytes(file.data)
    truth = [msgspec.to_builtins(item) for item in dossier.truth]
    (folder / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1), encoding="utf-8")


def main(folder: Path) -> None:
    city = build_city(A.scaled(0.3), now=datetime.now(LOCAL))
    facts = facts_of(city.projects[0], city.market)
    for name, faults in (("faultless", ()), ("faulty", FAULTS)):
        made = draft(facts, list(FAMILIES), seed=name, sheet_count=6)
        for fault in faults:
            DEFECTS[fault].plant(made)
        write(produce(made), folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
