"""材料: the matters that a case's facts draw in, and the documents that these ask for."""

from collections.abc import Collection, Iterable
from datetime import date

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import local_date
from inspection.catalogue import current_matters
from inspection.models import Case, CaseDocument, Matter, Segment
from inspection.states import DocumentState
from inspection.triggers import Facts, draws_in


def began_on(case: Case) -> date:
    """The day whose version of the catalogue the case keeps."""
    return local_date(case.created_at)


def facts_of(segment: Segment) -> Facts:
    return msgspec.convert(segment.facts, Facts)


async def matters_for(session: AsyncSession, facts: Facts, on: date) -> list[Matter]:
    """Which matters the rules draw in, in the catalogue's order."""
    return [matter for matter in await current_matters(session, on) if draws_in(matter.triggers, facts)]


async def require_documents(session: AsyncSession, case: Case, matters: Iterable[Matter]) -> None:
    codes = dict.fromkeys(document["code"] for matter in matters for document in matter.documents)
    rows = [{"case_id": case.id, "code": code, "state": DocumentState.MISSING, "note": ""} for code in codes]
    if rows:
        await session.execute(insert(CaseDocument).values(rows).on_conflict_do_nothing())


async def record_document(
    session: AsyncSession,
    case: Case,
    *,
    code: str,
    state: DocumentState,
    file_id: int | None = None,
    note_text: str = "",
) -> CaseDocument:
    """What the intake found about one document; a document nobody asked for is kept too."""
    values = {"case_id": case.id, "code": code, "state": state, "file_id": file_id, "note": note_text}
    rows = await session.scalars(
        insert(CaseDocument)
        .values(values)
        .on_conflict_do_update(index_elements=["case_id", "code"], set_=values)
        .returning(CaseDocument),
        execution_options={"populate_existing": True},
    )
    return rows.one()


async def missing_documents(session: AsyncSession, case: Case) -> set[str]:
    rows = await session.scalars(
        sa.select(col(CaseDocument.code)).where(
            col(CaseDocument.case_id) == case.id, col(CaseDocument.state) == DocumentState.MISSING
        )
    )
    return set(rows)


async def present_documents(session: AsyncSession, case: Case) -> set[str]:
    rows = await session.scalars(
        sa.select(col(CaseDocument.code)).where(
            col(CaseDocument.case_id) == case.id, col(CaseDocument.state) != DocumentState.MISSING
        )
    )
    return set(rows)


async def main_documents(session: AsyncSession, case: Case, on: date) -> set[str]:
    """Codes of the documents without which the case cannot be accepted."""
    segment = await session.get_one(Segment, case.segment_id)
    return main_of(await current_matters(session, on), facts_of(segment))


def main_of(matters: Iterable[Matter], facts: Facts) -> set[str]:
    drawn = [matter for matter in matters if draws_in(matter.triggers, facts)]
    return {each["code"] for matter in drawn for each in matter.documents if each["main"]}


async def names_of(session: AsyncSession, case: Case, codes: Collection[str]) -> list[str]:
    """Chinese names of documents, in the catalogue's order; one that it does not know keeps its code."""
    known = document_names(await current_matters(session, began_on(case)))
    return [known[code] for code in known if code in codes] + sorted(set(codes) - set(known))


def document_names(matters: Iterable[Matter]) -> dict[str, str]:
    """In Chinese, by code, in the catalogue's order."""
    return {each["code"]: each["zh"] for matter in matters for each in matter.documents}
