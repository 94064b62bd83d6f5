"""How files come in: as one form, streamed to disk; or piece by piece, so that a lost line loses nothing."""

from datetime import datetime
from typing import Any

from litestar import Response, get, post, put
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from api import case_dossiers
from api.auth import csrf
from api.auth.principal import Principal
from api.problems import CsrfFailed
from api.resources import Resources
from api.uploads import receive_form
from api.web.cases.acts import PageRequest, address_of, case_page, person, refused
from api.web.cases.view import check_reach
from core.access import Action
from core.errors import FieldProblem, InvalidInput, Refusal
from documents import store, uploads
from documents.models import Upload
from documents.store import Stored
from inspection.commands.transitions import lock_case


class NoFiles(Refusal):
    status = 422
    code = "no_files"
    message = "请选择要上传的文件。"


@post(
    ["/cases/{code:str}/documents", "/inspections/{code:str}/documents"],
    opt={"action": Action.DOSSIER_UPLOAD, "exclude_from_csrf": True},
    include_in_schema=False,
    request_max_body_size=store.MAX_UNPACKED,
)
async def upload(
    request: PageRequest, code: FromPath[str], caller: Principal | None, resources: Resources, now: datetime
) -> Response[Any]:
    """The bytes go to the store as they come, then one short transaction takes them into the dossier.

    Of a form that breaks off, the files that were whole by then are taken in.
    """
    who, settings = person(caller), resources.settings

    def check(fields: dict[str, str]) -> None:
        csrf.check_token(request, fields, secret=settings.secret)

    if csrf.HEADER in request.headers:
        check({})
    async with resources.database.transaction() as session:
        await check_reach(session, who, code, Action.DOSSIER_UPLOAD)
    try:
        sent = await receive_form(request, settings.upload_dir, limit=settings.upload_limit, check=check)
        if not sent.files:
            raise NoFiles
        await _take_in(resources, code, sent.files, by=who.person, now=now)
    except CsrfFailed:
        raise
    except Refusal as refusal:
        return await case_page(
            request,
            code,
            caller=who,
            resources=resources,
            now=now,
            refusal=refused("documents", refusal, FormMultiDict()),
        )
    return Redirect(f"{address_of(who, code)}?done=uploaded#dossier", status_code=303)


async def _take_in(
    resources: Resources, code: str, files: list[tuple[str, Stored]], *, by: int, now: datetime
) -> None:
    received = await case_dossiers.unfold(files, resources.settings.upload_dir)
    async with resources.database.transaction() as session:
        case = await lock_case(session, code)
        await case_dossiers.add_files(session, case, received, by=by, now=now)


@post(
    ["/cases/{code:str}/uploads", "/inspections/{code:str}/uploads"],
    opt={"action": Action.DOSSIER_UPLOAD},
    include_in_schema=False,
)
async def begin_upload(
    code: FromPath[str],
    caller: Principal | None,
    resources: Resources,
    now: datetime,
    *,
    name: FromQuery[str] = "",
    size: FromQuery[int] = -1,
) -> Response[dict[str, Any]]:
    """Announce a file by name and size; the answer's `key` is where its pieces go."""
    who, settings = person(caller), resources.settings
    if not name.strip() or size < 0:
        raise InvalidInput(problems=(FieldProblem("name" if size >= 0 else "size", "该项填写有误。"),))
    async with resources.database.transaction() as session:
        await check_reach(session, who, code, Action.DOSSIER_UPLOAD)
        opened = await uploads.open_upload(
            session,
            case_dossiers.subject_of(code),
            name=name,
            size=size,
            limit=settings.upload_limit,
            by=who.person,
            now=now,
        )
    return Response({"key": opened.key, "offset": 0}, status_code=201)


@get(
    ["/cases/{code:str}/uploads/{key:str}", "/inspections/{code:str}/uploads/{key:str}"],
    opt={"action": Action.DOSSIER_UPLOAD},
    include_in_schema=False,
)
async def ask_offset(
    code: FromPath[str], key: FromPath[str], caller: Principal | None, resources: Resources
) -> dict[str, int]:
    """How much of the file is safely here, for a client that comes back."""
    found = await _find(resources, person(caller), code, key)
    return {"offset": uploads.received(resources.settings.upload_dir, found)}


@put(
    ["/cases/{code:str}/uploads/{key:str}", "/inspections/{code:str}/uploads/{key:str}"],
    opt={"action": Action.DOSSIER_UPLOAD},
    include_in_schema=False,
)
async def receive_piece(
    request: PageRequest,
    code: FromPath[str],
    key: FromPath[str],
    caller: Principal | None,
    resources: Resources,
    *,
    offset: FromQuery[int] = 0,
) -> dict[str, int]:
    """The body is the piece at `offset`. Answered only once it is on the disk."""
    found = await _find(resources, person(caller), code, key)
    at = await uploads.append(resources.settings.upload_dir, found, request.stream(), offset=offset)
    return {"offset": at}


@post(
    ["/cases/{code:str}/uploads/finish", "/inspections/{code:str}/uploads/finish"],
    opt={"action": Action.DOSSIER_UPLOAD},
    include_in_schema=False,
    status_code=200,
)
async def finish_uploads(
    request: PageRequest, code: FromPath[str], caller: Principal | None, resources: Resources, now: datetime
) -> dict[str, str]:
    """Take whole files (fields `key`) into the dossier together and have it checked."""
    who, folder = person(caller), resources.settings.upload_dir
    keys = [key for key in (await request.form()).getall("key", []) if isinstance(key, str)]
    if not keys:
        raise NoFiles
    whole = [await _find(resources, who, code, key) for key in keys]
    files = [(each.name, await uploads.settle(resources.database, folder, each)) for each in whole]
    received = await case_dossiers.unfold(files, folder)
    async with resources.database.transaction() as session:
        case = await lock_case(session, code)
        await case_dossiers.add_files(session, case, received, by=who.person, now=now)
        await uploads.mark_taken(session, whole, now=now)
    return {"location": f"{address_of(who, code)}?done=uploaded#dossier"}


async def _find(resources: Resources, who: Principal, code: str, key: str) -> Upload:
    async with resources.database.transaction() as session:
        await check_reach(session, who, code, Action.DOSSIER_UPLOAD)
        return await uploads.find_upload(session, key, subject=case_dossiers.subject_of(code), by=who.person)


ROUTES: list[ControllerRouterHandler] = [upload, begin_upload, ask_offset, receive_piece, finish_uploads]
