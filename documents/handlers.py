"""What the worker does when a dossier is to be checked."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from core.outbox import Event, Handler
from documents import ocr, queries, store
from documents.commands import CHECK, record_report, record_results
from documents.dossier import reconcile
from documents.models import Dossier
from documents.report import DocumentReport, ProjectFacts, SubmittedFile
from documents.rulebook import RuleBook, shipped

#: At once in one worker: each is a process with its own gigabyte and core.
ALONGSIDE = 2
PROGRESS_KEPT_SECONDS = 3600


@dataclass(frozen=True)
class Checked:
    reports: list[DocumentReport]
    project: ProjectFacts
    rules: RuleBook


def progress_key(dossier_key: str) -> str:
    """A Redis hash {done, total}; each change is also published on a channel of this name."""
    return f"dossier:{dossier_key}:progress"


async def check_files(resources: Any, event: Event) -> Checked:
    """Read what has not been read before under these rules, telling the page how far it is."""
    from documents.check import check_document

    rules = shipped()
    folder: Path = resources.settings.upload_dir
    async with resources.database.transaction() as session:
        dossier = await session.get_one(Dossier, event.payload["dossier_id"])
        lines = await queries.files(session, dossier)
        known = await queries.known_results(
            session, [line.sha256 for line in lines], rules_version=rules.version
        )
        project, key = queries.project_of(dossier), dossier.key
    today = date.fromisoformat(event.payload["today"])
    roots = trust_roots(resources.settings.data_dir)
    gate, done = asyncio.Semaphore(ALONGSIDE), 0

    async def read(file: SubmittedFile) -> DocumentReport:
        nonlocal done
        async with gate:
            report = known.get(file.sha256)
            if report is None:
                report = await asyncio.to_thread(
                    check_document,
                    file,
                    today=today,
                    rules=rules,
                    trust_roots=roots,
                    recognise=ocr.available(),
                )
        done += 1
        await _tell(resources.redis, key, done=done, total=len(lines))
        return report.named(file.name)

    await _tell(resources.redis, key, done=0, total=len(lines))
    files = [store.submitted(folder, line.sha256, line.size, line.name) for line in lines]
    return Checked(await asyncio.gather(*map(read, files)), project, rules)


async def keep_report(session: AsyncSession, event: Event, checked: Checked, now: datetime) -> None:
    dossier = await session.get_one(Dossier, event.payload["dossier_id"], with_for_update=True)
    await record_results(session, checked.reports, rules_version=checked.rules.version, now=now)
    report = reconcile(checked.reports, checked.project, checked.rules)
    await record_report(session, dossier, report, now=now)


def trust_roots(data_dir: Path) -> list[bytes]:
    """Certificates (DER) that the administrator put into `trust/` of the data folder."""
    return [path.read_bytes() for path in sorted((data_dir / "trust").glob("*.cer"))]


async def _tell(redis: Any, key: str, *, done: int, total: int) -> None:
    """Progress is a courtesy: without Redis the check goes on."""
    name = progress_key(key)
    try:
        await redis.hset(name, mapping={"done": done, "total": total})
        await redis.expire(name, PROGRESS_KEPT_SECONDS)
        await redis.publish(name, f"{done}/{total}")
    except RedisError:
        return


HANDLERS = [Handler(CHECK, keep_report, check_files)]
