"""The intake's report: every finding with the page it is about, walked through by mouse, keyboard or thumb."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import File, Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api import case_dossiers
from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases.acts import PageRequest, address_of, person
from api.web.cases.view import check_reach, load_case
from api.web.dossiers.report_view import CLOSE_PIXELS, PAGE_PIXELS, close_up, report_view
from api.web.rendering import page
from core.access import Action, Scope
from core.clock import local_date
from core.errors import NotFound
from documents import queries, rounds, rule_changes, store
from documents.images import kept_image
from documents.models import DossierState
from documents.report import DossierReport

#: Pictures are named by content and never change; they stay with the one who may see them.
KEPT = "private, max-age=86400, immutable"


@get(
    ["/cases/{code:str}/report", "/inspections/{code:str}/report"],
    opt={"action": Action.DOSSIER_READ},
    include_in_schema=False,
)
async def show_report(
    request: PageRequest,
    session: AsyncSession,
    code: FromPath[str],
    caller: Principal | None,
    now: datetime,
    *,
    finding: Annotated[int, QueryParameter(name="f")] = 0,
    view: FromQuery[str] = "close",
) -> Template | Redirect:
    """`f` is the finding shown (at first one that has a picture), `view` its place or the whole page.

    With scripts both change without a new page.
    """
    who = person(caller)
    await check_reach(session, who, code, Action.DOSSIER_READ)
    here = address_of(who, code)
    dossier = await queries.latest_dossier(session, case_dossiers.subject_of(code))
    report = queries.report_of(dossier) if dossier else None
    if dossier is None or report is None:
        return Redirect(f"{here}#dossier", status_code=303)
    before = queries.previous_of(dossier)
    round_ = rounds.compare(before, report) if before else None
    shown = report_view(
        report,
        await queries.files(session, dossier),
        await rule_changes.book_on(session, dossier.submitted_on),
        here,
        round_,
    )
    return page(
        request,
        "dossiers/report.html",
        case=await load_case(session, who, code, today=local_date(now)),
        own=who.scope(Action.CASE_READ) is Scope.OWN,
        here=here,
        report=shown,
        round=round_,
        current=shown.entry(finding),
        whole=view == "page",
        checking=dossier.state is DossierState.CHECKING,
        checked_at=dossier.checked_at,
    )


@get(
    [
        "/cases/{code:str}/files/{file:int}/pages/{number:int}",
        "/inspections/{code:str}/files/{file:int}/pages/{number:int}",
    ],
    opt={"action": Action.DOSSIER_READ},
    include_in_schema=False,
)
async def show_page(
    code: FromPath[str],
    file: FromPath[int],
    number: FromPath[int],
    caller: Principal | None,
    resources: Resources,
    *,
    finding: FromQuery[int | None] = None,
) -> Response[Any]:
    """A page's picture; with `finding` the part around that finding of the document, larger."""
    async with resources.database.transaction() as session:
        await check_reach(session, person(caller), code, Action.DOSSIER_READ)
        dossier = await queries.latest_dossier(session, case_dossiers.subject_of(code))
        lines = await queries.files(session, dossier) if dossier else []
        report = queries.report_of(dossier) if dossier else None
    line = next((each for each in lines if each.id == file), None)
    if line is None or report is None:
        raise NotFound
    clip = _clip(report, line, number, finding)
    folder = resources.settings.upload_dir
    picture: Path | None = await asyncio.to_thread(
        kept_image,
        store.path_of(folder, line.sha256),
        line.sha256,
        number,
        width=CLOSE_PIXELS if clip else PAGE_PIXELS,
        folder=resources.settings.data_dir / "pictures",
        clip=clip,
    )
    if picture is None:
        raise NotFound
    return File(
        path=picture,
        media_type="image/png",
        content_disposition_type="inline",
        headers={"Cache-Control": KEPT},
    )


def _clip(
    report: DossierReport, line: queries.FileLine, number: int, finding: int | None
) -> tuple[float, float, float, float] | None:
    """Raises `NotFound` for a page or a finding that the report does not have: only those are ever drawn."""
    document = next((each for each in report.documents if each.sha256 == line.sha256), None)
    shown = next((each for each in document.pages if each.number == number), None) if document else None
    if document is None or shown is None:
        raise NotFound
    if finding is None:
        return None
    if not 0 <= finding < len(document.findings):
        raise NotFound
    box = document.findings[finding].bbox
    return close_up(shown, box) if box else None


ROUTES: list[ControllerRouterHandler] = [show_report, show_page]
