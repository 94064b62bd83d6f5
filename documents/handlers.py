"""What the worker does when a dossier is to be checked, and when a notice is to be printed."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.outbox import Event, Handler
from documents import deficiency_notice, ocr, progress, queries, rule_changes, store
from documents.commands import CHECK, record_report, record_result
from documents.dossier import reconcile
from documents.models import Dossier
from documents.report import DocumentReport, ProjectFacts
from documents.rulebook import RuleBook

#: At once in one worker: each is a process with its own gigabyte and core.
ALONGSIDE = 2


@dataclass(frozen=True)
class Checked:
    reports: list[DocumentReport]
    project: ProjectFacts
    rules: RuleBook


async def check_files(resources: Any, event: Event) -> Checked:
    """Read what has not been read before under these rules, telling the page how far it is.

    Each result is kept as it comes, so that a worker that dies leaves its successor only the rest.
    """
    async with resources.database.transaction() as session:
        dossier = await session.get_one(Dossier, event.payload["dossier_id"])
        rules = await rule_changes.book_on(session, dossier.submitted_on)
        lines = await queries.files(session, dossier)
        known = await queries.known_results(session, lines, rules_version=rules.version)
        project, key = queries.project_of(dossier), dossier.key
    roots = trust_roots(resources.settings.data_dir)
    gate = asyncio.Semaphore(ALONGSIDE)

    async def report(line: queries.FileLine) -> DocumentReport:
        async with gate:
            found = known.get((line.sha256, line.day))
            if found is None:
                await progress.tell(resources.redis, key, {line.id: progress.READING})
                found = await _read(resources, line, rules, roots)
        await progress.tell(resources.redis, key, {line.id: progress.READ})
        return found.named(line.name)

    await progress.tell(resources.redis, key, {line.id: progress.WAITING for line in lines})
    return Checked(await asyncio.gather(*map(report, lines)), project, rules)


async def _read(
    resources: Any, line: queries.FileLine, rules: RuleBook, roots: list[bytes]
) -> DocumentReport:
    from documents.check import check_document

    report = await asyncio.to_thread(
        check_document,
        store.submitted(resources.settings.upload_dir, line.sha256, line.size, line.name),
        today=line.day,
        rules=rules,
        trust_roots=roots,
        recognise=ocr.available(),
    )
    async with resources.database.transaction() as session:
        await record_result(session, report, rules_version=rules.version, day=line.day, now=clock.now())
    return report


async def keep_report(session: AsyncSession, event: Event, checked: Checked, now: datetime) -> None:
    dossier = await session.get_one(Dossier, event.payload["dossier_id"], with_for_update=True)
    report = reconcile(checked.reports, checked.project, checked.rules)
    await record_report(session, dossier, report, rules_version=checked.rules.version, now=now)


def trust_roots(data_dir: Path) -> list[bytes]:
    """Certificates (DER) that the administrator put into `trust/` of the data folder."""
    return [path.read_bytes() for path in sorted((data_dir / "trust").glob("*.cer"))]


HANDLERS = [
    Handler(CHECK, keep_report, check_files),
    Handler(deficiency_notice.PRINT, deficiency_notice.keep, deficiency_notice.render),
]
