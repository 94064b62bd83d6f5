"""联合验收意见书 as a PDF: rendered once, kept with its SHA-256, and verified against it for ever."""

import hashlib
import io
import json
import re
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.people import Department
from inspection.catalogue import LEAD
from inspection.models import Case, JointOpinion

ROOT = Path(__file__).parent.parent
FONTS = ROOT / ".assets" / "fonts" / "ttf"
TEMPLATE = Path(__file__).parent / "templates" / "opinion.typ"
CODE = re.compile(rb"[2-9A-HJ-NP-Z]{4}(?:-[2-9A-HJ-NP-Z]{4}){3}")


class Genuineness(StrEnum):
    GENUINE = "genuine"
    CHANGED = "changed"
    UNKNOWN = "unknown"


class Verification(msgspec.Struct, frozen=True):
    """What anybody may see: no person's name leaves through it."""

    result: Genuineness
    verification_code: str = ""
    case_code: str = ""
    project_name: str = ""
    segment_name: str = ""
    issued_on: str = ""
    sha256: str = ""
    parties: tuple[tuple[str, str, str], ...] = ()
    """Department, matter, verdict."""


def render(content: dict[str, Any], base_url: str) -> bytes:
    """The PDF of a content made by `opinion_content`. Takes some hundred milliseconds: run it in a thread."""
    import segno
    import typst

    url = f"{base_url}/verify/{content['code']}"
    qr = io.BytesIO()
    segno.make(url, error="m", micro=False).save(qr, kind="svg", border=1)
    data = json.dumps({**content, "verify_url": url}, ensure_ascii=False).encode()
    files = {"main.typ": TEMPLATE.read_bytes(), "data.json": data, "qr.svg": qr.getvalue()}
    # Virtual files: nothing is written to disk. The library's types do not know them yet.
    compiler: Any = typst.compile
    pdf: bytes = compiler(files, font_paths=[str(FONTS)], ignore_system_fonts=True, format="pdf")
    return pdf


async def content_of(session: AsyncSession, case_id: int) -> dict[str, Any]:
    opinion = await _of_case(session, case_id)
    issuer = await session.scalar(sa.select(col(Department.name_zh)).where(col(Department.code) == LEAD))
    return {**opinion.content, "issuer": issuer or ""}


async def store(session: AsyncSession, case_id: int, pdf: bytes, *, now: datetime) -> None:
    """Keep the one rendering, its hash also in the ledger. A second rendering is dropped."""
    opinion = await _of_case(session, case_id)
    if opinion.pdf is not None:
        return
    opinion.pdf, opinion.sha256 = pdf, hashlib.sha256(pdf).hexdigest()
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


async def verify(session: AsyncSession, *, code: str = "", pdf: bytes | None = None) -> Verification:
    """By the printed code alone the opinion is looked up; with the file's bytes it is also compared.

    A file without a code is recognised by its hash, or by the code in its metadata: then it was changed.
    """
    sha256 = hashlib.sha256(pdf).hexdigest() if pdf is not None else ""
    codes = [code.strip().upper()] if code else [found.decode() for found in CODE.findall(pdf or b"")]
    row = (
        await session.execute(
            sa.select(
                col(JointOpinion.verification_code),
                col(JointOpinion.sha256),
                col(JointOpinion.content),
            ).where(
                sa.or_(
                    col(JointOpinion.verification_code).in_(codes),
                    sa.and_(sa.literal(not code), col(JointOpinion.sha256) == sha256),
                )
            )
        )
    ).first()
    if row is None or row.sha256 is None:
        return Verification(Genuineness.UNKNOWN)
    same = pdf is None or sha256 == row.sha256
    content = row.content
    return Verification(
        result=Genuineness.GENUINE if same else Genuineness.CHANGED,
        verification_code=row.verification_code,
        case_code=content["case"],
        project_name=content["project"]["name"],
        segment_name=content["segment"]["name"],
        issued_on=content["issued_on"],
        sha256=row.sha256,
        parties=tuple((line["department"], line["matter"], line["verdict"]) for line in content["parties"]),
    )
