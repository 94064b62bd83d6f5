"""Papers: what we issue is set once as a PDF, kept under its own hash, and verified against it for ever."""

import hashlib
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core import ledger
from core.clock import local_date
from core.people import Department
from core.printed import CODE
from inspection.catalogue import LEAD
from inspection.letter_texts import TITLES, Line, Row, day, sheet
from inspection.models import Case, JointOpinion, Letter, Paper, Project, Segment

TEMPLATE = Path(__file__).parent / "templates" / "letter.typ"
OFFICES = {
    "office:window": Line("政务服务中心综合窗口", "Government service centre, joint window"),
    "office:lead": Line("联合验收牵头单位", "Lead agency of the joint inspection"),
}


class Genuineness(StrEnum):
    GENUINE = "genuine"
    CHANGED = "changed"
    UNKNOWN = "unknown"


class VerifiedParty(msgspec.Struct, frozen=True, kw_only=True):
    department: str
    department_en: str
    matter: str
    matter_en: str
    verdict: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What anybody may see: no person's name leaves through it."""

    result: Genuineness
    title: Line = Line("", "")
    verification_code: str = ""
    case_code: str = ""
    project_name: str = ""
    segment_name: str = ""
    issued_on: str = ""
    sha256: str = ""
    parties: tuple[VerifiedParty, ...] = ()
    """Of a joint opinion."""
    revoked_on: str = ""
    """Since when a joint opinion holds no more, genuine as its paper is."""


async def keep(session: AsyncSession, pdf: bytes, *, now: datetime) -> str:
    """Store the bytes under their SHA-256, which is returned; the same bytes once."""
    sha256 = hashlib.sha256(pdf).hexdigest()
    values = {"sha256": sha256, "pdf": pdf, "made_at": now}
    await session.execute(insert(Paper).values(values).on_conflict_do_nothing())
    return sha256


async def pdf_of(session: AsyncSession, sha256: str | None) -> bytes | None:
    """None while the worker has not made it yet."""
    paper = await session.get(Paper, sha256) if sha256 else None
    return paper.pdf if paper else None


async def letter_content(session: AsyncSession, letter: Letter) -> dict[str, Any]:
    """What `letter.typ` sets, JSON-ready."""
    case = await session.get_one(Case, letter.case_id)
    segment = await session.get_one(Segment, case.segment_id)
    project = await session.get_one(Project, segment.project_id)
    said = sheet(letter.kind, letter.content)
    about = [
        Row(Line("项目名称", "Project"), f"{project.name} {segment.name}"),
        Row(Line("项目代码", "Project code"), project.code),
        Row(Line("联合验收件号", "Case"), case.code),
    ]
    content: dict[str, Any] = msgspec.to_builtins(said)
    return content | {
        "code": letter.verification_code,
        "case": case.code,
        "number": f"{case.code}-{letter.id}",
        "addressee": msgspec.to_builtins(await _addressee(session, letter.recipient, project)),
        "sender": msgspec.to_builtins(await _department(session, letter.content.get("from", LEAD))),
        "about": msgspec.to_builtins(about),
        "sent_on": day(local_date(letter.sent_at).isoformat()),
    }


async def _addressee(session: AsyncSession, recipient: str, project: Project) -> Line:
    if recipient in OFFICES:
        return OFFICES[recipient]
    kind, _, code = recipient.partition(":")
    return await _department(session, code) if kind == "department" else Line(project.owner_name, "")


async def _department(session: AsyncSession, code: str) -> Line:
    department = await session.get(Department, code)
    return Line(department.name_zh, department.name_en) if department else Line(code, code)


async def keep_letter(session: AsyncSession, letter_id: int, pdf: bytes, *, now: datetime) -> None:
    """Keep the one rendering, its hash also in the ledger. A second rendering is dropped."""
    letter = await session.get_one(Letter, letter_id, with_for_update=True)
    if letter.sha256 is not None:
        return
    letter.sha256 = await keep(session, pdf, now=now)
    case = await session.get_one(Case, letter.case_id)
    ledger.record(
        session,
        action="letter.render",
        subject=f"case:{case.code}",
        now=now,
        data={
            "letter": letter.id,
            "sha256": letter.sha256,
            "verification_code": letter.verification_code,
        },
    )


async def verify(session: AsyncSession, *, code: str = "", pdf: bytes | None = None) -> Verification:
    """By the printed code alone a paper is looked up; with the file's bytes it is also compared.

    A file without a code is recognised by its hash, or by the code in its metadata: then it was changed.
    """
    sha256 = hashlib.sha256(pdf).hexdigest() if pdf is not None else ""
    codes = [code.strip().upper()] if code else [found.decode() for found in CODE.findall(pdf or b"")]
    given = "" if code else sha256
    found: JointOpinion | Letter | None = await session.scalar(_printed(JointOpinion, codes, given))
    if found is None:
        found = await session.scalar(_printed(Letter, codes, given))
    if found is None:
        return Verification(result=Genuineness.UNKNOWN)
    same = pdf is None or sha256 == found.sha256
    return await _verified(session, found, Genuineness.GENUINE if same else Genuineness.CHANGED)


def _printed(model: Any, codes: list[str], sha256: str) -> Any:
    """The paper of one of these codes, or of this hash."""
    known = sa.or_(model.verification_code.in_(codes), model.sha256 == sha256)
    return sa.select(model).where(known, model.sha256.is_not(None)).limit(1)


async def _verified(session: AsyncSession, paper: JointOpinion | Letter, result: Genuineness) -> Verification:
    if isinstance(paper, JointOpinion):
        content = paper.content
        return Verification(
            result=result,
            title=Line("联合验收意见书", "Joint inspection opinion"),
            verification_code=paper.verification_code,
            case_code=content["case"],
            project_name=content["project"]["name"],
            segment_name=content["segment"]["name"],
            issued_on=content["issued_on"],
            sha256=paper.sha256 or "",
            parties=tuple(msgspec.convert(line, VerifiedParty) for line in content["parties"]),
            revoked_on=local_date(paper.revoked_at).isoformat() if paper.revoked_at else "",
        )
    case = await session.get_one(Case, paper.case_id)
    segment = await session.get_one(Segment, case.segment_id)
    project = await session.get_one(Project, segment.project_id)
    return Verification(
        result=result,
        title=TITLES[paper.kind],
        verification_code=paper.verification_code,
        case_code=case.code,
        project_name=project.name,
        segment_name=segment.name,
        issued_on=local_date(paper.sent_at).isoformat(),
        sha256=paper.sha256 or "",
    )
