"""签发: the joint opinion is issued, downloaded, and verified by anybody against what was registered."""

from datetime import datetime

import sqlalchemy as sa
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.web.cases.acts import Entered, PageRequest, act, person
from api.web.cases.view import check_reach
from api.web.rendering import page
from core.access import Action
from core.clock import local_date
from core.errors import NotFound, Refusal
from core.i18n import gettext
from core.settings import MEGABYTE
from documents import deficiency_notice
from inspection import papers
from inspection.commands import decisions
from inspection.letter_texts import TITLES
from inspection.models import Case, JointOpinion
from inspection.papers import Genuineness, Verification
from inspection.queries.cases import ISSUER_STATES, list_cases
from inspection.rules import ISSUED
from inspection.states import LetterKind

#: No joint opinion comes near this; what is larger is not one.
LARGEST_OPINION = 32 * MEGABYTE


class NoFile(Refusal):
    status = 422
    code = "no_file"
    message = "请选择要验证的 PDF 文件。"


class FileTooLarge(Refusal):
    status = 413
    code = "file_too_large"
    message = "文件超过 %(megabytes)s MB，不会是联合验收意见书。"


@get("/inspections/issue", opt={"action": Action.CASE_ISSUE}, include_in_schema=False)
async def show_desk(request: PageRequest, session: AsyncSession, now: datetime) -> Template:
    """What waits to be issued, and what was issued last."""
    today = local_date(now)
    return page(
        request,
        "opinions/desk.html",
        ready=(await list_cases(session, today=today, states=ISSUER_STATES, urgent_first=True)).items,
        issued=(await list_cases(session, today=today, states=ISSUED, limit=20)).items,
    )


@act("/inspections/{code:str}/issue", Action.CASE_ISSUE)
async def issue(session: AsyncSession, case: Case, entered: Entered) -> None:
    await decisions.issue_opinion(session, case, by=entered.by, now=entered.now)


@act("/inspections/{code:str}/revoke", Action.CASE_DELIBERATE)
async def revoke(session: AsyncSession, case: Case, entered: Entered) -> None:
    await decisions.revoke_opinion(
        session, case, reason=entered.text("revoke_reason"), by=entered.by, now=entered.now
    )


@get(
    ["/cases/{code:str}/opinion.pdf", "/inspections/{code:str}/opinion.pdf"],
    opt={"action": Action.CASE_READ},
    include_in_schema=False,
)
async def download_opinion(
    session: AsyncSession, code: FromPath[str], caller: Principal | None
) -> Response[bytes]:
    await check_reach(session, person(caller), code)
    sha256 = await session.scalar(
        sa.select(col(JointOpinion.sha256))
        .join(Case, col(Case.id) == col(JointOpinion.case_id))
        .where(col(Case.code) == code)
    )
    pdf = await papers.pdf_of(session, sha256)
    if pdf is None:
        raise NotFound
    headers = {"Content-Disposition": f'attachment; filename="{code}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


@get("/verify", opt={"public": True}, include_in_schema=False)
async def show_verification(
    request: PageRequest, session: AsyncSession, code: FromQuery[str] = ""
) -> Template:
    found = await look_up(session, code=code) if code.strip() else None
    return page(request, "opinions/verify.html", found=found, code=code, compared=False, refusal=None)


@get("/verify/{code:str}", opt={"public": True}, include_in_schema=False)
async def show_verified(request: PageRequest, session: AsyncSession, code: FromPath[str]) -> Template:
    """Where the QR code of every paper leads."""
    found = await look_up(session, code=code)
    return page(request, "opinions/verify.html", found=found, code=code, compared=False, refusal=None)


@post("/verify", opt={"public": True}, include_in_schema=False, status_code=200)
async def verify_file(request: PageRequest, session: AsyncSession) -> Template:
    """The file itself, byte by byte; with a code beside it, against that paper."""
    form = await request.form()
    code, file = form.get("code", ""), form.get("file")
    code = code.strip() if isinstance(code, str) else ""
    try:
        pdf = await _read(file)
    except Refusal as refusal:
        return page(
            request,
            "opinions/verify.html",
            status=refusal.status,
            found=None,
            code=code,
            compared=False,
            refusal=gettext(refusal.message, **refusal.params),
        )
    found = await look_up(session, code=code, pdf=pdf)
    return page(request, "opinions/verify.html", found=found, code=code, compared=True, refusal=None)


async def look_up(session: AsyncSession, *, code: str, pdf: bytes | None = None) -> Verification:
    """Among opinions and letters, and among the notices that the intake prints."""
    found = await papers.verify(session, code=code, pdf=pdf)
    if found.result is not Genuineness.UNKNOWN:
        return found
    notice = await deficiency_notice.verify(session, code=code, pdf=pdf)
    if notice is None:
        return found
    return Verification(
        result=Genuineness.GENUINE if notice.genuine else Genuineness.CHANGED,
        title=TITLES[LetterKind.DEFICIENCY],
        verification_code=notice.code,
        case_code=notice.number,
        project_name=notice.project,
        issued_on=notice.issued_on.isoformat(),
        sha256=notice.sha256,
    )


async def _read(file: object) -> bytes:
    if not isinstance(file, UploadFile) or not file.filename:
        raise NoFile
    pdf = await file.read(LARGEST_OPINION + 1)
    if len(pdf) > LARGEST_OPINION:
        raise FileTooLarge(megabytes=LARGEST_OPINION // MEGABYTE)
    return pdf


ROUTES: list[ControllerRouterHandler] = [
    *(show_desk, issue, revoke, download_opinion, show_verification, show_verified, verify_file),
]
