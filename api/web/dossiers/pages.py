"""材料: a case's files as the page shows them: read in the sandbox, told as they are read, withdrawn, opened."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from litestar import Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import File, ServerSentEvent, ServerSentEventMessage
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api import case_dossiers
from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases.acts import Entered, PageRequest, act, case_page, person
from api.web.cases.view import check_reach
from core.access import Action
from core.errors import NotFound
from documents import commands, progress, queries, store
from documents.models import Dossier, DossierFile, DossierState, StoredFile
from inspection.models import Case
from inspection.refusals import WrongState
from inspection.rules import ENDED

#: A document is shown by the browser's own viewer and may load nothing.
VIEWER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'"
PDF_MARK, PDF_MARK_WITHIN = b"%PDF-", 1024
BEAT_SECONDS = 0.4


@act("/cases/{code:str}/files/{file:int}/withdraw", Action.DOSSIER_UPLOAD)
async def withdraw(session: AsyncSession, case: Case, entered: Entered) -> None:
    """Take a file out; the rest is checked again."""
    if case.state in ENDED:
        raise WrongState
    dossier = await queries.latest_dossier(session, case_dossiers.subject_of(case.code))
    file = await session.get(DossierFile, entered.path["file"])
    if dossier is None or file is None or file.dossier_id != dossier.id:
        raise NotFound
    await commands.withdraw_file(session, dossier, file, now=entered.now)
    await commands.ask_for_check(session, dossier, now=entered.now)


@get(
    ["/cases/{code:str}/files/{file:int}", "/inspections/{code:str}/files/{file:int}"],
    opt={"action": Action.DOSSIER_READ},
    include_in_schema=False,
)
async def open_file(
    session: AsyncSession,
    code: FromPath[str],
    file: FromPath[int],
    caller: Principal | None,
    resources: Resources,
    *,
    download: FromQuery[bool] = False,
) -> File:
    """The bytes as they came. A PDF opens in the browser's viewer; anything else is only ever downloaded."""
    await check_reach(session, person(caller), code, Action.DOSSIER_READ)
    row = (
        await session.execute(
            sa.select(col(DossierFile.name), col(StoredFile.sha256))
            .join(Dossier, col(Dossier.id) == col(DossierFile.dossier_id))
            .join(StoredFile, col(StoredFile.id) == col(DossierFile.file_id))
            .where(col(DossierFile.id) == file, col(Dossier.subject) == case_dossiers.subject_of(code))
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    path: Path = store.path_of(resources.settings.upload_dir, row.sha256)
    if not await asyncio.to_thread(path.exists):
        raise NotFound
    is_pdf = await asyncio.to_thread(_is_pdf, path)
    return File(
        path=path,
        filename=row.name,
        media_type="application/pdf" if is_pdf else "application/octet-stream",
        content_disposition_type="inline" if is_pdf and not download else "attachment",
        headers={
            "Content-Security-Policy": VIEWER_POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _is_pdf(path: Path) -> bool:
    with path.open("rb") as file:
        return PDF_MARK in file.read(PDF_MARK_WITHIN)


@get(
    ["/cases/{code:str}/dossier", "/inspections/{code:str}/dossier"],
    opt={"action": Action.DOSSIER_READ},
    include_in_schema=False,
)
async def show_dossier(
    request: PageRequest,
    code: FromPath[str],
    caller: Principal | None,
    resources: Resources,
    now: datetime,
) -> Response[Any]:
    """The dossier alone, for a page whose files have been read; a reader without scripts reloads."""
    return await case_page(
        request,
        code,
        caller=person(caller),
        resources=resources,
        now=now,
        template="dossiers/section.html",
    )


@get(
    ["/cases/{code:str}/dossier/events", "/inspections/{code:str}/dossier/events"],
    opt={"action": Action.DOSSIER_READ},
    include_in_schema=False,
)
async def tell_progress(
    code: FromPath[str], caller: Principal | None, resources: Resources
) -> ServerSentEvent:
    """`progress` with the state of each file, again when it changes; `done` once the report is there."""
    async with resources.database.transaction() as session:
        await check_reach(session, person(caller), code, Action.DOSSIER_READ)
    return ServerSentEvent(_events(resources, case_dossiers.subject_of(code)))


async def _events(resources: Resources, subject: str) -> AsyncIterator[ServerSentEventMessage]:
    told: dict[int, str] | None = None
    while True:
        async with resources.database.transaction() as session:
            dossier = await queries.latest_dossier(session, subject)
        if dossier is None or dossier.state is not DossierState.CHECKING:
            yield ServerSentEventMessage(event="done", data="{}")
            return
        states = await progress.states(resources.redis, dossier.key)
        if states != told:
            yield ServerSentEventMessage(event="progress", data=msgspec.json.encode(states).decode())
        told = states
        await asyncio.sleep(BEAT_SECONDS)


ROUTES: list[ControllerRouterHandler] = [withdraw, open_file, show_dossier, tell_progress]
