"""Reading dossiers: the report as it was stored, the files of a submission, results to reuse."""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import NotFound
from documents.models import DocumentResult, Dossier, DossierFile, StoredFile
from documents.report import DocumentReport, DossierReport, ProjectFacts


class FileLine(msgspec.Struct, frozen=True):
    """A file of a dossier; `id` is what other areas refer to."""

    id: int
    name: str
    sha256: str
    size: int


async def dossier_by_key(session: AsyncSession, key: str) -> Dossier:
    found = await session.scalar(sa.select(Dossier).where(col(Dossier.key) == key))
    if found is None:
        raise NotFound
    return found


async def latest_dossier(session: AsyncSession, subject: str) -> Dossier | None:
    newest = (
        sa.select(Dossier).where(col(Dossier.subject) == subject).order_by(col(Dossier.id).desc()).limit(1)
    )
    dossier: Dossier | None = await session.scalar(newest)
    return dossier


async def files(session: AsyncSession, dossier: Dossier) -> list[FileLine]:
    """The files that count, in the order in which they came."""
    rows = await session.execute(
        sa.select(col(DossierFile.id), col(DossierFile.name), col(StoredFile.sha256), col(StoredFile.size))
        .join(StoredFile, col(StoredFile.id) == col(DossierFile.file_id))
        .where(col(DossierFile.dossier_id) == dossier.id, col(DossierFile.withdrawn_at).is_(None))
        .order_by(col(DossierFile.id))
    )
    return [FileLine(*row) for row in rows]


async def known_results(
    session: AsyncSession, hashes: Sequence[str], *, rules_version: str
) -> dict[str, DocumentReport]:
    """Earlier reports of these contents under the same rules, by SHA-256."""
    rows = await session.execute(
        sa.select(col(DocumentResult.sha256), col(DocumentResult.report)).where(
            col(DocumentResult.sha256).in_(hashes), col(DocumentResult.rules_version) == rules_version
        )
    )
    return {sha256: msgspec.convert(report, DocumentReport) for sha256, report in rows}


def report_of(dossier: Dossier) -> DossierReport | None:
    return None if dossier.report is None else msgspec.convert(dossier.report, DossierReport)


def project_of(dossier: Dossier) -> ProjectFacts:
    return msgspec.convert(dossier.project, ProjectFacts)
