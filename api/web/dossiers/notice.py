"""一次性告知: what the intake would have the applicant told, and the notice as the window issued it."""

from datetime import datetime

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api import case_dossiers
from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases.acts import PageRequest, address_of, person
from api.web.cases.view import check_reach, load_case
from api.web.rendering import page
from core.access import Action, Scope
from core.clock import local_date
from core.errors import NotFound
from core.i18n import current_locale
from documents import deficiency_notice, queries
from documents.deficiency_notice import NoticeItem


class ItemView(msgspec.Struct, frozen=True):
    """`open` is None where only a person can say whether it was mended."""

    item: NoticeItem
    open: bool | None


@get(
    ["/cases/{code:str}/notice", "/inspections/{code:str}/notice"],
    opt={"action": Action.DOSSIER_READ},
    include_in_schema=False,
)
async def show_notice(
    request: PageRequest, session: AsyncSession, code: FromPath[str], caller: Principal | None, now: datetime
) -> Template:
    """The notice as issued, each item with what became of it; before that, what it would say."""
    who = person(caller)
    await check_reach(session, who, code, Action.DOSSIER_READ)
    subject = case_dossiers.subject_of(code)
    issued = await deficiency_notice.latest(session, subject)
    lines = await case_dossiers.deficiencies(session, code)
    dossier = await queries.latest_dossier(session, subject)
    content = deficiency_notice.content_of(issued) if issued else None
    standing = {line.text.zh for line in lines}
    checked_since = bool(issued and dossier and dossier.checked_at and dossier.checked_at > issued.issued_at)
    return page(
        request,
        "dossiers/notice.html",
        case=await load_case(session, who, code, today=local_date(now)),
        own=who.scope(Action.CASE_READ) is Scope.OWN,
        here=address_of(who, code),
        content=content,
        items=[
            ItemView(item, item.zh in standing if item.source else None)
            for item in (content.items if content else ())
        ],
        checked_since=checked_since,
        lines=lines,
        checked=bool(dossier and dossier.report),
        english=current_locale.get() == "en",
    )


@get(
    ["/cases/{code:str}/notice.pdf", "/inspections/{code:str}/notice.pdf"],
    opt={"action": Action.DOSSIER_READ},
    include_in_schema=False,
)
async def download_notice(
    code: FromPath[str], caller: Principal | None, resources: Resources, now: datetime
) -> Response[bytes]:
    """The one paper of this notice; what the worker has not printed yet is printed now."""
    async with resources.database.transaction() as session:
        await check_reach(session, person(caller), code, Action.DOSSIER_READ)
        notice = await deficiency_notice.latest(session, case_dossiers.subject_of(code))
    if notice is None:
        raise NotFound
    pdf = await deficiency_notice.printed(notice, base_url=resources.settings.base_url)
    if notice.pdf is None:
        async with resources.database.transaction() as session:
            pdf = await deficiency_notice.keep_rendering(session, notice.id, pdf, now=now)
    headers = {"Content-Disposition": f'attachment; filename="{code}-notice.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


ROUTES: list[ControllerRouterHandler] = [show_notice, download_notice]
