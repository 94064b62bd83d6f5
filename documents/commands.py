"""What is done to dossiers: opened, filled, checked, judged."""

import secrets
from datetime import date, datetime

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
"""Payload: {dossier_id}. Who needs the report in the same transaction adds a handler of this topic after ours."""


async def open_dossier(
    session: AsyncSession,
    project: ProjectFacts,
    *,
    subject: str | None = None,
    request: tuple[str, str] | None = None,
    by: int | None,
    now: datetime,
) -> Dossier:
    """An empty dossier. `request`: a program's key for this submission, and the digest of what it sent."""
    request_key, request_digest = request or (None, None)
    dossier = Dossier(
        key=secrets.token_urlsafe(16),
        subject=subject,
        project=msgspec.to_builtins(project),
        state=DossierState.OPEN,
        request_key=request_key,
        request_digest=request_digest,
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


async def replace_same_names(
    session: AsyncSession, dossier: Dossier, *, names: set[str], now: datetime
) -> None:
    """What is sent again under a name takes the place of what had that name; the old stays on record."""
    _refuse_while_checking(dossier)
    await session.execute(
        sa.update(DossierFile)
        .where(
            col(DossierFile.dossier_id) == dossier.id,
            col(DossierFile.name).in_({shown_name(name) for name in names}),
            col(DossierFile.withdrawn_at).is_(None),
        )
        .values(withdrawn_at=now)
    )


async def withdraw_file(session: AsyncSession, dossier: Dossier, file: DossierFile, *, now: datetime) -> None:
    """Take a file out of what is checked next; it stays on record."""
    _refuse_while_checking(dossier)
    file.withdrawn_at = now
    await session.flush()


async def ask_for_check(session: AsyncSession, dossier: Dossier, *, now: datetime) -> None:
    """Have the worker check the dossier as it now is. The first check fixes whose day's rules it is held to."""
    _refuse_while_checking(dossier)
    dossier.state = DossierState.CHECKING
    dossier.submitted_on = dossier.submitted_on or local_date(now)
    outbox.emit(session, CHECK, {"dossier_id": dossier.id}, now=now)
    await session.flush()


async def record_report(
    session: AsyncSession, dossier: Dossier, report: DossierReport, *, rules_version: str, now: datetime
) -> None:
    """Keep the dossier's report, and the one before it to compare with."""
    dossier.previous, dossier.report = dossier.report, msgspec.to_builtins(report)
    dossier.state = DossierState.CHECKED
    dossier.checked_at = now
    data = {
        "verdict": str(report.verdict),
        "files": [document.sha256 for document in report.documents],
        "missing": [item.code for item in report.missing],
        "rules": rules_version,
    }
    ledger.record(session, action="dossier.check", subject=f"dossier:{dossier.key}", now=now, data=data)
    await session.flush()


async def record_result(
    session: AsyncSession, report: DocumentReport, *, rules_version: str, day: date, now: datetime
) -> None:
    """Keep a document's own report for when the same bytes come again; what could not be read is tried anew."""
    if not report.readable:
        return
    put = insert(DocumentResult).values(
        sha256=report.sha256,
        rules_version=rules_version,
        day=day,
        report=msgspec.to_builtins(report),
        checked_at=now,
    )
    await session.execute(put.on_conflict_do_nothing())


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
