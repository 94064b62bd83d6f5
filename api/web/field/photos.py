"""Photographs of findings are taken in and shown; drawings become pictures to point at."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import sqlalchemy as sa
from litestar import Response, get
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import File
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.case_dossiers import files_of, subject_of
from api.resources import Resources
from api.web.cases.acts import person
from api.web.cases.view import check_reach, load_case
from core import clock
from core.access import Action
from core.errors import NotFound
from core.settings import MEGABYTE
from documents import queries, store
from documents.images import page_image
from documents.models import DossierFile, StoredFile
from documents.rulebook import shipped
from inspection import photos
from inspection.refusals import PhotoRefused

LARGEST_PHOTO, MOST_PHOTOS = 20 * MEGABYTE, 6
PLAN_PIXELS, MOST_PLANS = 1400, 12
#: Sheets that only plans are drawn on.
PLAN_SHEETS = ("A0", "A1", "A2", "A3")
DAY = "private, max-age=86400"


class Plan(msgspec.Struct, frozen=True):
    """A page of a drawing; `height` is that of its picture where the width is 1000."""

    file: int
    page: int
    name: str
    height: int


async def store_photos(uploads: Sequence[UploadFile], folder: Path) -> list[str]:
    """Each redrawn and stored under its SHA-256. Raises `PhotoRefused`; what was sent itself is kept nowhere."""
    refusal = PhotoRefused(megabytes=LARGEST_PHOTO // MEGABYTE, number=MOST_PHOTOS)
    if len(uploads) > MOST_PHOTOS:
        raise refusal
    names = []
    for upload in uploads:
        raw = await upload.read(LARGEST_PHOTO + 1)
        if len(raw) > LARGEST_PHOTO:
            raise refusal
        picture = await asyncio.to_thread(_clean, raw, folder)
        if picture is None:
            raise refusal
        names.append((await store.receive(_whole(picture), folder, limit=LARGEST_PHOTO)).sha256)
    return names


def _clean(raw: bytes, folder: Path) -> bytes | None:
    waiting = folder / "incoming" / secrets.token_hex(16)
    waiting.parent.mkdir(parents=True, exist_ok=True)
    waiting.write_bytes(raw)
    try:
        return photos.clean(waiting)
    finally:
        waiting.unlink()


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def plans_of(session: AsyncSession, code: str) -> list[Plan]:
    """The pages of the case's drawings that a finding can be placed on."""
    dossier = await queries.latest_dossier(session, subject_of(code))
    report = queries.report_of(dossier) if dossier else None
    if dossier is None or report is None:
        return []
    drawings = {code for code, family in shipped().family.items() if family.drawing}
    ids = {line.sha256: line.id for line in await queries.files(session, dossier)}
    found = [
        Plan(
            ids[document.sha256],
            page.number,
            document.file,
            round(1000 * page.height_mm / page.width_mm),
        )
        for document in report.documents
        if document.sha256 in ids
        for page in document.pages
        if document.kind in drawings or (page.sheet or "").startswith(PLAN_SHEETS)
    ]
    return found[:MOST_PLANS]


@get(
    ["/cases/{code:str}/photos/{name:str}", "/inspections/{code:str}/photos/{name:str}"],
    opt={"action": Action.CASE_READ},
    include_in_schema=False,
)
async def show_photo(
    session: AsyncSession,
    code: FromPath[str],
    name: FromPath[str],
    caller: Principal | None,
    resources: Resources,
) -> File:
    """A photograph of a finding that the reader may see."""
    view = await load_case(session, person(caller), code, today=clock.local_date(clock.now()))
    if not any(name in each.pictures for each in view.findings):
        raise NotFound
    return File(
        path=store.path_of(resources.settings.upload_dir, name),
        media_type="image/jpeg",
        content_disposition_type="inline",
        headers={"Cache-Control": DAY},
    )


@get(
    [
        "/cases/{code:str}/plans/{file:int}/{number:int}",
        "/inspections/{code:str}/plans/{file:int}/{number:int}",
    ],
    opt={"action": Action.DOSSIER_READ},
    include_in_schema=False,
)
async def show_plan(
    *,
    session: AsyncSession,
    code: FromPath[str],
    file: FromPath[int],
    number: FromPath[int],
    caller: Principal | None,
    resources: Resources,
) -> Response[bytes]:
    """A page of one of the case's drawings as a picture."""
    await check_reach(session, person(caller), code, Action.DOSSIER_READ)
    if file not in {each.id for each in await files_of(session, code)}:
        raise NotFound
    sha256 = await session.scalar(
        sa.select(col(StoredFile.sha256))
        .join(DossierFile, col(DossierFile.file_id) == col(StoredFile.id))
        .where(col(DossierFile.id) == file)
    )
    path = store.path_of(resources.settings.upload_dir, str(sha256))
    picture = await asyncio.to_thread(page_image, str(path), number, width=PLAN_PIXELS)
    if picture is None:
        raise NotFound
    return Response(picture, media_type="image/png", headers={"Cache-Control": DAY})


ROUTES: list[ControllerRouterHandler] = [show_photo, show_plan]
