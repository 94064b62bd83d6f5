"""Dossiers of PDFs for the cases at the window: complete ones, and some with faults for the intake to find."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import col

from core.db import Database
from demo.cases import Case
from demo.city import City
from demo.dossiers.defects import DEFECTS
from demo.dossiers.dossier import DRAWINGS, LIST, Dossier, draft, produce
from demo.dossiers.facts import facts_of
from demo.dossiers.families import FAMILIES
from demo.dossiers.forms import Form, Paragraph
from demo.dossiers.paper import FONTS
from demo.dossiers.writer import LABELS, PARTY_LABELS, Writer
from documents import commands, store
from documents.report import ProjectFacts
from documents.rulebook import shipped
from inspection import models

AT_WINDOW = ("received", "submitted", "correcting")
SHOWN = 5
SHEETS = 4
#: Planted in turn; the first dossier is faultless.
FAULTS: tuple[tuple[str, ...], ...] = (
    (),
    ("slip in the floor area", "not sealed", "listed but not there"),
    ("report no longer valid", "title block field left empty", "project code mistyped"),
)


async def load_papers(
    database: Database, city: City, matters: Mapping[str, str], *, upload_dir: Path, now: datetime
) -> int:
    """Store the dossiers of a few cases and have the worker check them; returns how many files.

    `matters` gives each department's matter. Without the fonts (`python -m api.assets`) there are none.
    """
    if not FONTS.exists():
        return 0
    files = 0
    at_window = [case for case in city.cases if case.state in AT_WINDOW]
    for number, case in enumerate(at_window[:SHOWN]):
        codes = frozenset(matters[code] for code in case.project.parties)
        dossier = dossier_of(city, case, codes, FAULTS[number % len(FAULTS)])
        async with database.transaction() as session:
            applicant = await session.scalar(
                sa.select(col(models.Case.applicant_id)).where(col(models.Case.code) == case.number)
            )
            facts = ProjectFacts(
                name=dossier.application.name,
                code=dossier.application.code,
                address=dossier.application.address,
                floor_area=dossier.application.floor_area,
                construction_unit=dossier.application.construction_unit,
                matters=codes,
            )
            opened = await commands.open_dossier(
                session, facts, subject=f"case:{case.number}", by=applicant, now=now
            )
            for file in dossier.files:
                stored = await store.receive(_whole(file.data), upload_dir, limit=len(file.data))
                await commands.add_file(session, opened, stored, name=file.name, now=now)
            await commands.ask_for_check(session, opened, now=now)
        files += len(dossier.files)
    return files


def dossier_of(city: City, case: Case, matters: frozenset[str], faults: tuple[str, ...]) -> Dossier:
    """All that the checklist asks of these matters, with these faults where they apply."""
    asked = {item.any_of[0] for item in shipped().checklist.item if item.matter in matters}
    facts = facts_of(case.project, city.market, segment=case.segment.number)
    made = draft(
        facts,
        [family for family in FAMILIES if family in asked],
        seed=case.number,
        sheet_count=SHEETS if DRAWINGS in asked else 0,
    )
    for family in sorted(asked - {*FAMILIES, DRAWINGS, LIST}):
        made.forms[family] = _plain_form(family, Writer(facts, made.rng))
        made.layout[family] = "ruled"
        made.renamed[family] = f"{shipped().family[family].zh}.pdf"
    for fault in faults:
        if set(DEFECTS[fault].families) <= asked:
            DEFECTS[fault].plant(made)
    return produce(made)


def _plain_form(family: str, writer: Writer) -> Form:
    """A paper of no family that we draw by hand: its usual heading, what it must state, who seals it."""
    rule = shipped().family[family]
    stated = dict.fromkeys(("project_name", "address", "construction_unit", *rule.required))
    known = [writer.entry(key) for key in stated if key in LABELS]
    seals = [writer.sign_off(party) for party in rule.seals if party in PARTY_LABELS]
    body = Paragraph(f"经核查，本项目{rule.zh}所列内容齐全，符合要求。")
    return Form(family, rule.title[0], tuple(known), (body, *seals))


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data
