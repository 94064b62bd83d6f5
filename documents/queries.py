"""Reading dossiers: the report as it was stored, the files of a submission, results to reuse."""

from collections.abc import Collection
from datetime import date

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import local_date
from core.errors import NotFound
from documents.models import DocumentResult, Dossier, DossierFile, StoredFile, Upload
from documents.report import DocumentReport, DossierReport, ProjectFacts


class FileLine(msgspec.Struct, frozen=True):
    """A file of a dossier; `id` is what other areas refer to, `day` the one as of which it is judged."""

    id: int
    name: str
    sha256: str
    size: int
    day: date


async def dossier_by_key(session: AsyncSession, key: str) -> Dossier:
    found = await session.scalar(sa.select(Dossier).where(col(Dossier.key) == key))
    if found is None:
        raise NotFound
    return found


async def dossier_of_request(session: AsyncSession, request_key: str) -> Dossier | None:
    """What a program's earlier try with the same key opened."""
    dossier: Dossier | None = await session.scalar(
        sa.select(Dossier).where(col(Dossier.request_key) == request_key)
    )
    return dossier


async def latest_dossier(session: AsyncSession, subject: str) -> Dossier | None:
    newest = (
        sa.select(Dossier).where(col(Dossier.subject) == subject).order_by(col(Dossier.id).desc()).limit(1)
    )
    dossier: Dossier | None = await session.scalar(newest)
    return dossier


async def files(session: AsyncSession, dossier: Dossier) -> list[FileLine]:
    """The files that count, in the order in which they came."""
    rows = await session.execute(
        sa.select(
            col(DossierFile.id),
            col(DossierFile.name),
            col(StoredFile.sha256),
            col(StoredFile.size),
            col(DossierFile.added_at),
        )
        .join(StoredFile, col(StoredFile.id) == col(DossierFile.file_id))
        .where(col(DossierFile.dossier_id) == dossier.id, col(DossierFile.withdrawn_at).is_(None))
        .order_by(col(DossierFile.id))
    )
    return [FileLine(id_, name, sha256, size, local_date(at)) for id_, name, sha256, size, at in rows]


async def named_files(session: AsyncSession) -> set[str]:
    """Hashes of all files that were ever submitted, or are on their way."""
    stored = await session.scalars(sa.select(col(StoredFile.sha256)))
    coming = await session.scalars(sa.select(col(Upload.sha256)).where(col(Upload.sha256).is_not(None)))
    return {*stored, *coming}


async def known_results(
    session: AsyncSession, lines: Collection[FileLine], *, rules_version: str
) -> dict[tuple[str, date], DocumentReport]:
    """Earlier reports of these contents under the same rules, by SHA-256 and the day they are as of."""
    rows = await session.execute(
        sa.select(col(DocumentResult.sha256), col(DocumentResult.day), col(DocumentResult.report)).where(
            col(DocumentResult.sha256).in_({line.sha256 for line in lines}),
            col(DocumentResult.day).in_({line.day for line in lines}),
            col(DocumentResult.rules_version) == rules_version,
        )
    )
    return {(sha256, day): msgspec.convert(report, DocumentReport) for sha256, day, report in rows}


def report_of(dossier: Dossier) -> DossierReport | None:
    return None if dossier.report is None else msgspec.convert(dossier.report, DossierReport)


def previous_of(dossier: Dossier) -> DossierReport | None:
    """What was said the round before."""
    return None if dossier.previous is None else msgspec.convert(dossier.previous, DossierReport)


def project_of(dossier: Dossier) -> ProjectFacts:
    return msgspec.convert(dossier.project, ProjectFacts)
