"""Where the intake and the joint case meet: a case's dossier, and what its report says about the case's documents."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import local_date
from core.outbox import Event, Handler
from core.people import Department
from documents import commands, deficiency_notice, queries, rule_changes, store
from documents.deficiencies import Deficiency, deficiencies_of
from documents.models import Dossier
from documents.report import DossierReport, ProjectFacts, Severity, State
from documents.store import Stored
from inspection.catalogue import LEAD
from inspection.commands import case_documents, transitions
from inspection.commands.transitions import lock_case, parties_of
from inspection.models import Case, Letter, Matter, Project, Segment
from inspection.refusals import WrongState
from inspection.rules import ENDED
from inspection.states import DocumentState, LetterKind
from inspection.states import Event as CaseAct

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
        drawn = await case_documents.matters_for(session, case_documents.facts_of(segment), local_date(now))
        codes = {matter.code for matter in drawn}
    return ProjectFacts(
        name=project.name,
        code=project.code,
        address=project.address,
        floor_area=float(segment.floor_area),
        construction_unit=project.owner_name,
        matters=frozenset(codes),
    )


async def unfold(files: Sequence[tuple[str, Stored]], folder: Path) -> list[tuple[str, Stored]]:
    """The same files, archives replaced by what is in them. Raises `ArchiveRefused`."""
    received = []
    for name, stored in files:
        path = store.path_of(folder, stored.sha256)
        if await asyncio.to_thread(store.is_archive, path):
            received += await asyncio.to_thread(_unpack, path, folder)
        else:
            received.append((name, stored))
    return received


def _unpack(archive: Path, folder: Path) -> list[tuple[str, Stored]]:
    return list(store.unpack(archive, folder))


async def add_files(
    session: AsyncSession, case: Case, received: list[tuple[str, Stored]], *, by: int, now: datetime
) -> None:
    """Put them into the dossier and have it checked; what has the name of an earlier file replaces it.

    Raises `WrongState` once the case has ended.
    """
    if case.state in ENDED:
        raise WrongState
    dossier = await dossier_of(session, case, by=by, now=now)
    known = {(line.name, line.sha256) for line in await queries.files(session, dossier)}
    changed = [file for file in received if (store.shown_name(file[0]), file[1].sha256) not in known]
    await commands.replace_same_names(session, dossier, names={name for name, _ in changed}, now=now)
    for name, stored in changed:
        await commands.add_file(session, dossier, stored, name=name, now=now)
    await commands.ask_for_check(session, dossier, now=now)


async def keep_states(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    """With the report itself: each document that the case needs is present, missing or doubtful."""
    del now
    dossier = await session.get_one(Dossier, event.payload["dossier_id"])
    subject = dossier.subject or ""
    report = queries.report_of(dossier)
    if not subject.startswith(PREFIX) or report is None:
        return
    case = await lock_case(session, subject.removeprefix(PREFIX))
    ids = {line.name: line.id for line in await queries.files(session, dossier)}
    for item in report.checklist:
        first = next(iter(item.documents), None)
        await case_documents.record_document(
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


async def issue_notice(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    """The window told what is missing: the notice is kept and printed, with what the intake knows of each item."""
    if event.payload["name"] != CaseAct.NOTIFY_DEFICIENCIES:
        return
    case = await session.get_one(Case, event.payload["case_id"])
    letter = await session.scalar(
        sa.select(Letter)
        .where(col(Letter.case_id) == case.id, col(Letter.kind) == LetterKind.DEFICIENCY)
        .order_by(col(Letter.id).desc())
        .limit(1)
    )
    told = event.payload["data"]["items"]
    segment = await session.get_one(Segment, case.segment_id)
    project = await session.get_one(Project, segment.project_id)
    issuer = await session.scalar(sa.select(col(Department.name_zh)).where(col(Department.code) == LEAD))
    await deficiency_notice.issue(
        session,
        subject_of(case.code),
        now=now,
        due=date.fromisoformat(letter.content["due"]) if letter else None,
        items=deficiency_notice.items_of(told, await deficiencies(session, case.code)),
        number=case.code,
        project=f"{project.name} {segment.name}".strip(),
        project_code=project.code,
        owner=project.owner_name,
        issuer=issuer or "",
    )


async def deficiencies(session: AsyncSession, code: str) -> list[Deficiency]:
    """What the intake would have the applicant told, as of the last check."""
    dossier = await queries.latest_dossier(session, subject_of(code))
    report = queries.report_of(dossier) if dossier else None
    if dossier is None or report is None:
        return []
    return deficiencies_of(report, await rule_changes.book_on(session, dossier.submitted_on))


#: After those of the documents area, so that the report is there; all in the transaction of the check.
HANDLERS = [Handler(commands.CHECK, keep_states), Handler(transitions.TOPIC, issue_notice)]
