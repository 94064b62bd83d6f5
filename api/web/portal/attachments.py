"""Files published with notices: into a draft by its writer, out to everybody once the notice is published."""

import asyncio
from datetime import datetime
from pathlib import Path

from litestar import get, post
from litestar.params import FromPath
from litestar.response import File, Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import csrf
from api.auth.principal import Principal
from api.resources import Resources
from api.uploads import receive_form
from api.web.portal.drafts import DRAFTING
from api.web.portal.notices import PageRequest
from core.errors import NotFound
from documents import store
from tendering import drafts
from tendering.attachments import HEAD, LARGEST, check_attachment, find_attachment, media_type
from tendering.content import Attachment
from tendering.records import find_notice

#: An attachment is looked at for itself: it may load and run nothing here.
SEALED_OFF = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


@post(
    "/drafts/{number:int}/attachments",
    status_code=303,
    opt=DRAFTING["opt"] | {"exclude_from_csrf": True},
    include_in_schema=False,
    request_max_body_size=10 * LARGEST,
)
async def attach(
    request: PageRequest, number: FromPath[int], caller: Principal, resources: Resources, now: datetime
) -> Redirect:
    """The bytes go to disk as they come; one transaction then adds them to the draft, all or none."""
    settings = resources.settings
    folder = settings.attachment_dir
    async with resources.database.transaction() as session:
        await drafts.own_draft(session, number, by=caller.person)
    sent = await receive_form(
        request,
        folder,
        limit=LARGEST,
        check=lambda fields: csrf.check_token(request, fields, secret=settings.secret),
    )
    files = [
        Attachment(store.shown_name(name), stored.sha256, stored.size)
        for name, stored in sent.files
        if stored.size
    ]
    for file in files:
        check_attachment(file.name, await asyncio.to_thread(_head, store.path_of(folder, file.sha256)))
    async with resources.database.transaction() as session:
        for file in files:
            await drafts.attach_file(session, number, file, by=caller.person, now=now)
    return Redirect(f"/drafts/{number}#attachments", status_code=303)


@post("/drafts/{number:int}/attachments/{sha256:str}/remove", status_code=303, **DRAFTING)
async def detach(
    session: AsyncSession, number: FromPath[int], sha256: FromPath[str], caller: Principal, now: datetime
) -> Redirect:
    await drafts.detach_file(session, number, sha256, by=caller.person, now=now)
    return Redirect(f"/drafts/{number}#attachments", status_code=303)


@get("/drafts/{number:int}/attachments/{sha256:str}", **DRAFTING)
async def open_draft_file(
    session: AsyncSession, number: FromPath[int], sha256: FromPath[str], resources: Resources
) -> File:
    """For the clerks, before anybody else may see it."""
    publication = drafts.publication_of(await drafts.find_draft(session, number))
    return await _file(publication.content.attachments, sha256, resources)


@get("/notices/{code:str}/attachments/{sha256:str}", opt={"public": True}, include_in_schema=False)
async def open_file(
    session: AsyncSession, code: FromPath[str], sha256: FromPath[str], resources: Resources
) -> File:
    notice = await find_notice(session, code)
    return await _file(notice.content.attachments, sha256, resources)


async def _file(present: tuple[Attachment, ...], sha256: str, resources: Resources) -> File:
    attachment = find_attachment(present, sha256)
    if attachment is None:
        raise NotFound
    path = store.path_of(resources.settings.attachment_dir, attachment.sha256)
    if not await asyncio.to_thread(path.exists):
        raise NotFound
    return File(
        path=path,
        filename=attachment.name,
        media_type=media_type(attachment.name),
        content_disposition_type="attachment",
        headers=SEALED_OFF,
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


ROUTES: list[ControllerRouterHandler] = [attach, detach, open_draft_file, open_file]
