"""双随机: draws are committed to in public, held once, and drawn again by whoever likes from their file."""

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases.acts import Entered, PageRequest, Refused, person, refused
from api.web.rendering import page
from core.access import Action
from core.errors import Refusal
from core.people import Department
from core.settings import MEGABYTE
from inspection.commands.draws import commit_draw, hold_draw
from inspection.queries.draws import DrawView, Truth, draw_file, list_draws, read_draw, verify_file

LARGEST_FILE = 8 * MEGABYTE


class NotADrawFile(Refusal):
    status = 422
    code = "not_a_draw_file"
    message = "这不是抽取公示文件。"


@get("/draws", opt={"public": True}, include_in_schema=False)
async def show_draws(request: PageRequest, session: AsyncSession) -> Template:
    return await draws_page(request, session)


async def draws_page(
    request: PageRequest,
    session: AsyncSession,
    *,
    refusal: Refused | None = None,
    verified: tuple[Truth, DrawView | None] | None = None,
) -> Template:
    return page(
        request,
        "draws/list.html",
        status=refusal.status if refusal else 200,
        draws=await list_draws(session),
        departments=list(await session.scalars(sa.select(Department).order_by(col(Department.code)))),
        refused=refusal,
        verified=verified,
    )


@get("/draws/{draw:int}", opt={"public": True}, include_in_schema=False)
async def show_draw(request: PageRequest, session: AsyncSession, draw: FromPath[int]) -> Template:
    view, _ = await read_draw(session, draw)
    return page(request, "draws/draw.html", draw=view)


@get("/draws/{draw:int}/file", opt={"public": True}, include_in_schema=False)
async def download_file(session: AsyncSession, draw: FromPath[int]) -> Response[bytes]:
    """All that a stranger needs to draw again; 409 before the draw is held, since its seed is sealed."""
    _, row = await read_draw(session, draw)
    headers = {"Content-Disposition": f'attachment; filename="draw-{draw}.json"'}
    return Response(msgspec.json.encode(draw_file(row)), media_type="application/json", headers=headers)


@post("/draws/verify", opt={"public": True}, include_in_schema=False, status_code=200)
async def verify(request: PageRequest, session: AsyncSession) -> Template:
    form = await request.form()
    try:
        verified = await verify_file(session, await _read(form.get("file")))
    except NotADrawFile as refusal:
        return await draws_page(request, session, refusal=refused("verify", refusal, form))
    return await draws_page(request, session, verified=verified)


async def _read(file: object) -> dict[str, Any]:
    if not isinstance(file, UploadFile):
        raise NotADrawFile
    content = await file.read(LARGEST_FILE + 1)
    try:
        return msgspec.json.decode(content, type=dict[str, Any]) if len(content) <= LARGEST_FILE else {}
    except msgspec.DecodeError as error:
        raise NotADrawFile from error


@post("/draws", opt={"action": Action.SUPERVISE}, include_in_schema=False)
async def commit(
    request: PageRequest, caller: Principal | None, resources: Resources, now: datetime
) -> Response[Any]:
    """Freeze who can be drawn, and publish the commitment."""
    form = await request.form()
    entered = Entered(form, {}, person(caller), now)
    try:
        async with resources.database.transaction() as session:
            drawn = await commit_draw(
                session,
                title=entered.text("title"),
                project_codes=entered.text("projects").split(),
                departments=entered.texts("departments"),
                count=entered.number("count"),
                by=entered.by,
                now=now,
            )
    except Refusal as refusal:
        async with resources.database.transaction() as session:
            return await draws_page(request, session, refusal=refused("commit", refusal, form))
    return Redirect(f"/draws/{drawn.id}", status_code=303)


@post("/draws/{draw:int}/hold", opt={"action": Action.SUPERVISE}, include_in_schema=False, status_code=303)
async def hold(
    request: PageRequest, session: AsyncSession, caller: Principal | None, now: datetime, draw: FromPath[int]
) -> Redirect:
    form = await request.form()
    public = str(form.get("public", "")).strip()
    await hold_draw(session, draw, public=public, by=person(caller).person, now=now)
    return Redirect(f"/draws/{draw}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [show_draws, show_draw, download_file, verify, commit, hold]
