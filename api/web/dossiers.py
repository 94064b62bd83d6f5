"""材料: a case's files are sent, read in the sandbox, shown as read, withdrawn, opened."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import File, Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api import case_dossiers
from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases_acts import Entered, PageRequest, act, address_of, case_page, person, refused
from api.web.cases_view import check_reach
from core.access import Action
from core.errors import NotFound, Refusal
from documents import commands, queries, store
from documents.models import Dossier, DossierFile, StoredFile
from inspection.commands.transitions import lock_case
from inspection.models import Case
from inspection.refusals import WrongState
from inspection.rules import ENDED

#: A document is shown by the browser's own viewer and may load nothing.
VIEWER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'"


class NoFiles(Refusal):
    status = 422
    code = "no_files"
    message = "请选择要上传的文件。"


@post(
    ["/cases/{code:str}/documents", "/inspections/{code:str}/documents"],
    opt={"action": Action.DOSSIER_UPLOAD},
    include_in_schema=False,
)
async def upload(
    request: PageRequest,
    code: FromPath[str],
    caller: Principal | None,
    resources: Resources,
    now: datetime,
) -> Response[Any]:
    """The bytes go to the store first, then one short transaction takes them into the dossier."""
    who, settings = person(caller), resources.settings
    async with resources.database.transaction() as session:
        await check_reach(session, who, code, Action.DOSSIER_UPLOAD)
    form = await request.form()
    try:
        files = [file for file in form.getall("files", []) if isinstance(file, UploadFile) and file.filename]
        if not files:
            raise NoFiles
        received = await case_dossiers.receive_files(files, settings.upload_dir, limit=settings.upload_limit)
        async with resources.database.transaction() as session:
            case = await lock_case(session, code)
            await case_dossiers.add_files(session, case, received, by=who.person, now=now)
    except Refusal as refusal:
        return await case_page(
            request,
            code,
            caller=who,
            resources=resources,
            now=now,
            refusal=refused("documents", refusal, form),
        )
    return Redirect(f"{address_of(who, code)}?done=uploaded#dossier", status_code=303)


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
) -> File:
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
    return File(
        path=path,
        filename=row.name,
        media_type="application/pdf",
        content_disposition_type="inline",
        headers={"Content-Security-Policy": VIEWER_POLICY},
    )


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
    """The dossier alone, for a page that looks while files are being read; a reader without scripts reloads."""
    return await case_page(
        request,
        code,
        caller=person(caller),
        resources=resources,
        now=now,
        template="dossiers/section.html",
    )


ROUTES: list[ControllerRouterHandler] = [upload, withdraw, open_file, show_dossier]
