"""联合验收意见书 as a PDF: set once from the content that was decided, and kept among the papers."""

from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.people import Department
from core.printed import typeset
from inspection import papers
from inspection.catalogue import LEAD
from inspection.models import Case, JointOpinion

TEMPLATE = Path(__file__).parent / "templates" / "opinion.typ"


def render(content: dict[str, Any], base_url: str) -> bytes:
    """The PDF of a content made by `opinion_content`. Takes some hundred milliseconds: run it in a thread."""
    return typeset(TEMPLATE, content, base_url=base_url)


async def content_of(session: AsyncSession, case_id: int) -> dict[str, Any]:
    opinion = await _of_case(session, case_id)
    issuer = await session.scalar(sa.select(col(Department.name_zh)).where(col(Department.code) == LEAD))
    return {**opinion.content, "issuer": issuer or ""}


async def store(session: AsyncSession, case_id: int, pdf: bytes, *, now: datetime) -> None:
    """Keep the one rendering, its hash also in the ledger. A second rendering is dropped."""
    opinion = await _of_case(session, case_id)
    if opinion.sha256 is not None:
        return
    opinion.sha256 = await papers.keep(session, pdf, now=now)
    case = await session.get_one(Case, case_id)
    ledger.record(
        session,
        action="opinion.render",
        subject=f"case:{case.code}",
        now=now,
        data={"sha256": opinion.sha256, "verification_code": opinion.verification_code},
    )


async def _of_case(session: AsyncSession, case_id: int) -> JointOpinion:
    opinion: JointOpinion = (
        await session.scalars(sa.select(JointOpinion).where(col(JointOpinion.case_id) == case_id))
    ).one()
    return opinion
