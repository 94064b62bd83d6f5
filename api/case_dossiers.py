"""Where the intake and the joint case meet: a case's dossier, and what its report says about the case's documents."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from litestar.datastructures import UploadFile
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import local_date
from core.outbox import Event, Handler
from documents import commands, queries, store
from documents.models import Dossier
from documents.report import DossierReport, ProjectFacts, Severity, State
from documents.store import Stored
from inspection.commands import application
from inspection.commands.transitions import lock_case, parties_of
from inspection.models import Case, Matter, Project, Segment
from inspection.refusals import WrongState
from inspection.rules import ENDED
from inspection.states import DocumentState

PREFIX = "case:"
STATES = {
    State.PRESENT: DocumentState.PRESENT,
    State.COMMITTED: DocumentState.PRESENT,
    State.SHARED: DocumentState.PRESENT,
    State.DOUBTFUL: DocumentState.DOUBTFUL,
    State.MISSING: DocumentState.MISSING,
}
NOTE_LENGTH = 300


def subject_of(code: str) -> str:
    return f"{PREFIX}{code}"


async def dossier_of(session: AsyncSession, case: Case, *, by: int, now: datetime) -> Dossier:
    """The case's dossier, opened with the first file."""
    known = await queries.latest_dossier(session, subject_of(case.code))
    if known:
        return known
    facts = await project_facts(session, case, now=now)
    return await commands.open_dossier(session, facts, subject=subject_of(case.code), by=by, now=now)


async def files_of(session: AsyncSession, code: str) -> list[queries.FileLine]:
    """The files of the case's dossier that count."""
    dossier = await queries.latest_dossier(session, subject_of(code))
    return await queries.files(session, dossier) if dossier else []


async def project_facts(session: AsyncSession, case: Case, *, now: datetime) -> ProjectFacts:
    """What the application says, for documents to be compared with; the checklist is that of the case's matters."""
    segment = await session.get_one(Segment, case.segment_id)
    project = await session.get_one(Project, segment.project_id)
    parties = await parties_of(session, case)
    if parties:
        ids = [party.matter_id for party in parties]
        codes = set(await session.scalars(sa.select(col(Matter.code)).where(col(Matter.id).in_(ids))))
    else:
        drawn = await application.matters_for(session, application.facts_of(segment), local_date(now))
        codes = {matter.code for matter in drawn}
    return ProjectFacts(
        name=project.name,
        code=project.code,
        address=project.address,
        floor_area=float(segment.floor_area),
        construction_unit=project.owner_name,
        matters=frozenset(codes),
    )


async def receive_files(files: list[UploadFile], folder: Path, *, limit: int) -> list[tuple[str, Stored]]:
    """Stream each upload into the store; archives are unfolded. Nothing is in the database yet."""
    received = []
    for file in files:
        stored = await store.receive(_chunks(file), folder, limit=limit)
        path = store.path_of(folder, stored.sha256)
        if await asyncio.to_thread(store.is_archive, path):
            received += await asyncio.to_thread(_unpack, path, folder)
        else:
            received.append((file.filename, stored))
    return received


def _unpack(archive: Path, folder: Path) -> list[tuple[str, Stored]]:
    return list(store.unpack(archive, folder))


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(store.MEGABYTE):
        yield chunk


async def add_files(
    session: AsyncSession, case: Case, received: list[tuple[str, Stored]], *, by: int, now: datetime
) -> None:
    """Put them into the dossier and have it checked. Raises `WrongState` once the case has ended."""
    if case.state in ENDED:
        raise WrongState
    dossier = await dossier_of(session, case, by=by, now=now)
    for name, stored in received:
        await commands.add_file(session, dossier, stored, name=name, now=now)
    await commands.ask_for_check(session, dossier, now=now)


async def keep_states(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    """The dossier was checked: each document that the case needs is present, missing or doubtful."""
    del now
    subject = str(event.payload["subject"] or "")
    dossier = await session.get_one(Dossier, event.payload["dossier_id"])
    report = queries.report_of(dossier)
    if not subject.startswith(PREFIX) or report is None:
        return
    case = await lock_case(session, subject.removeprefix(PREFIX))
    ids = {line.name: line.id for line in await queries.files(session, dossier)}
    for item in report.checklist:
        first = next(iter(item.documents), None)
        await application.record_document(
            session,
            case,
            code=item.code,
            state=STATES[item.state],
            file_id=ids.get(first) if first else None,
            note_text=note_of(report, item.documents),
        )


def note_of(report: DossierReport, names: list[str]) -> str:
    """What is wrong with these files, for a letter; empty where nothing is."""
    findings = (
        finding.message.zh
        for document in report.documents
        if document.file in names
        for finding in document.findings
        if finding.severity is not Severity.NOTE
    )
    return "；".join(dict.fromkeys(findings))[:NOTE_LENGTH]


HANDLERS = [Handler(commands.CHECKED, keep_states)]
