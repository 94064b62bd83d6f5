"""What is done to dossiers: opened, filled, checked, judged."""

import secrets
from collections.abc import Iterable
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger, outbox
from core.clock import local_date
from documents.models import DocumentResult, Dossier, DossierFile, DossierState, StoredFile
from documents.refusals import DossierBusy
from documents.report import DocumentReport, DossierReport, ProjectFacts
from documents.store import Stored, shown_name

CHECK = "documents.check"
CHECKED = "documents.checked"
"""Payloads: {dossier_id, today}, and {dossier_id, subject, verdict}."""


async def open_dossier(
    session: AsyncSession, project: ProjectFacts, *, subject: str | None = None, by: int | None, now: datetime
) -> Dossier:
    dossier = Dossier(
        key=secrets.token_urlsafe(16),
        subject=subject,
        project=msgspec.to_builtins(project),
        state=DossierState.OPEN,
        opened_by=by,
        opened_at=now,
    )
    session.add(dossier)
    await session.flush()
    return dossier


async def add_file(
    session: AsyncSession, dossier: Dossier, stored: Stored, *, name: str, now: datetime
) -> DossierFile:
    """Put stored bytes into the dossier under the sender's name; the same file of the same name counts once."""
    _refuse_while_checking(dossier)
    file_id = await _stored_file(session, stored, now)
    same = sa.select(DossierFile).where(
        col(DossierFile.dossier_id) == dossier.id,
        col(DossierFile.file_id) == file_id,
        col(DossierFile.name) == shown_name(name),
        col(DossierFile.withdrawn_at).is_(None),
    )
    if there := await session.scalar(same):
        return there
    added = DossierFile(dossier_id=dossier.id, file_id=file_id, name=shown_name(name), added_at=now)
    session.add(added)
    await session.flush()
    return added


async def withdraw_file(session: AsyncSession, dossier: Dossier, file: DossierFile, *, now: datetime) -> None:
    """Take a file out of what is checked next; it stays on record."""
    _refuse_while_checking(dossier)
    file.withdrawn_at = now
    await session.flush()


async def ask_for_check(session: AsyncSession, dossier: Dossier, *, now: datetime) -> None:
    """Have the worker check the dossier as it now is."""
    _refuse_while_checking(dossier)
    dossier.state = DossierState.CHECKING
    payload = {"dossier_id": dossier.id, "today": local_date(now).isoformat()}
    outbox.emit(session, CHECK, payload, now=now)
    await session.flush()


async def record_report(
    session: AsyncSession, dossier: Dossier, report: DossierReport, *, now: datetime
) -> None:
    """Keep the dossier's report and tell the other areas."""
    dossier.report = msgspec.to_builtins(report)
    dossier.state = DossierState.CHECKED
    dossier.checked_at = now
    data = {
        "verdict": str(report.verdict),
        "files": [document.sha256 for document in report.documents],
        "missing": [item.code for item in report.missing],
    }
    ledger.record(session, action="dossier.check", subject=f"dossier:{dossier.key}", now=now, data=data)
    payload = {"dossier_id": dossier.id, "subject": dossier.subject, "verdict": str(report.verdict)}
    outbox.emit(session, CHECKED, payload, now=now)
    await session.flush()


async def record_results(
    session: AsyncSession, reports: Iterable[DocumentReport], *, rules_version: str, now: datetime
) -> None:
    """Keep documents' own reports for the next submission of the same bytes; what could not be read is tried anew."""
    rows = {
        report.sha256: {
            "sha256": report.sha256,
            "rules_version": rules_version,
            "report": msgspec.to_builtins(report),
            "checked_at": now,
        }
        for report in reports
        if report.readable
    }
    if rows:
        await session.execute(insert(DocumentResult).on_conflict_do_nothing(), list(rows.values()))


async def _stored_file(session: AsyncSession, stored: Stored, now: datetime) -> int:
    put = insert(StoredFile).values(sha256=stored.sha256, size=stored.size, stored_at=now)
    await session.execute(put.on_conflict_do_nothing(index_elements=["sha256"]))
    found = await session.scalars(
        sa.select(col(StoredFile.id)).where(col(StoredFile.sha256) == stored.sha256)
    )
    return found.one()


def _refuse_while_checking(dossier: Dossier) -> None:
    if dossier.state is DossierState.CHECKING:
        raise DossierBusy
