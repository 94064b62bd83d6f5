"""The intake for programs: /api/v1/documents. A key with the scope `document.check` is needed."""

import asyncio
import hashlib
import re
import time
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import HeaderParameter, PathParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.case_dossiers import unfold
from api.resources import Resources
from api.uploads import receive_form
from api.v1.answers import COMMON, KEYED, MISSING, ApiRequest, Reading, refused, shown
from core.access import Action
from core.errors import FieldProblem, InvalidInput, LoginRequired, NotFound
from documents import commands, progress, public, queries, store
from documents.models import Dossier, DossierState
from documents.public import PublicReport
from documents.refusals import RequestReused
from documents.report import ProjectFacts
from documents.store import Stored

LONGEST_WAIT = 60
BEAT_SECONDS = 0.3
WAIT = re.compile(r"\bwait=(\d+)\b")

CONFLICT = refused(409, "idempotency_conflict", "该幂等键已用于另一份数据。")
TOO_LARGE = refused(413, "upload_too_large", "文件超过 512 MB 的上限。")


class Waiting(msgspec.Struct, frozen=True):
    """A check that is not done: how many files are read, of how many."""

    id: str
    state: str
    done: int
    total: int


WAITING = {"id": "iXxUj0yAd2mB2pYhRk3f0A", "state": "checking", "done": 1, "total": 3}
REPORT: dict[str, Any] = {
    "documents": [
        {
            "file": "施工许可证.pdf",
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "kind": "construction_permit",
            "pages": [
                {
                    "number": 1,
                    "width_mm": 210.0,
                    "height_mm": 297.0,
                    "sheet": "A4",
                    "rotation": 0,
                    "text_layer": True,
                }
            ],
            "fields": [],
            "findings": [],
        }
    ],
    "missing": [],
    "verdict": "clean",
}
DONE = shown(
    REPORT,
    PublicReport,
    "检查结果，与 `yichuang check --json` 相同 · The report, as `yichuang check --json` prints it",
)
ACCEPTED = shown(WAITING, Waiting, "正在检查 · Being checked", status=202)


class Uploading(Reading):
    """The body is read as it comes, each file straight to disk."""

    def __post_init__(self) -> None:
        super().__post_init__()
        file = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        files = Schema(type=OpenAPIType.ARRAY, items=file, min_items=1)
        project = Schema(type=OpenAPIType.STRING, description="项目信息（JSON）· Project facts as JSON")
        form = Schema(
            type=OpenAPIType.OBJECT, properties={"project": project, "files": files}, required=["files"]
        )
        self.request_body = RequestBody(
            required=True, content={"multipart/form-data": OpenAPIMediaType(schema=form)}
        )


@post(
    "/documents/check",
    opt={"action": Action.DOCUMENT_CHECK},
    operation_class=Uploading,
    request_max_body_size=store.MAX_UNPACKED,
    status_code=202,
    tags=["材料检查"],
    summary="检查一份或多份材料 · Check one or several documents",
    description=(
        "multipart/form-data：files 为一个或多个 PDF 或 ZIP；project 为 JSON（name、code、address、floor_area、"
        "construction_unit、matters、traits、committed、shared）。"
        " · multipart/form-data: files, PDF or ZIP; project as JSON. `Prefer: wait=30` waits up to 60 seconds."
    ),
    security=[{"key": []}],
    responses=DONE | ACCEPTED | COMMON | KEYED | CONFLICT | TOO_LARGE,
)
async def post_check(
    request: ApiRequest,
    resources: Resources,
    now: datetime,
    *,
    idempotency_key: Annotated[
        str | None,
        HeaderParameter(
            name="Idempotency-Key",
            min_length=1,
            max_length=100,
            pattern=r"^[!-~]+$",
            description="同一份材料重发时用同一个值 · The same for every retry of the same documents",
        ),
    ] = None,
    prefer: Annotated[
        str | None,
        HeaderParameter(name="Prefer", description="`wait=30`：等待结果的秒数 · seconds to wait"),
    ] = None,
) -> Response[Any]:
    caller = _caller(request)
    settings = resources.settings
    sent = await receive_form(request, settings.upload_dir, limit=settings.upload_limit)
    project = _project(sent.fields.get("project", ""))
    if not sent.files or sent.broken:
        raise InvalidInput(problems=(FieldProblem("files", "请选择要上传的文件。"),))
    files = await unfold(sent.files, settings.upload_dir)
    given = (f"{caller.actor}:{idempotency_key}", _digest(project, files)) if idempotency_key else None
    async with resources.database.transaction() as session:
        dossier = await _submit(session, caller, project, files, given=given, now=now)
        key = dossier.key
    seconds = WAIT.search(prefer or "")
    return await _answer(resources, caller, key, wait=min(int(seconds[1]), LONGEST_WAIT) if seconds else 0)


async def _submit(
    session: AsyncSession,
    caller: Principal,
    project: ProjectFacts,
    files: list[tuple[str, Stored]],
    *,
    given: tuple[str, str] | None,
    now: datetime,
) -> Dossier:
    """Raises `RequestReused` when the key was used for other documents."""
    known = await queries.dossier_of_request(session, given[0]) if given else None
    if known and given:
        if known.request_digest != given[1]:
            raise RequestReused
        return known
    dossier = await commands.open_dossier(
        session, project, subject=_subject(caller), request=given, by=None, now=now
    )
    for name, stored in files:
        await commands.add_file(session, dossier, stored, name=name, now=now)
    await commands.ask_for_check(session, dossier, now=now)
    return dossier


@get(
    "/documents/{key:str}",
    opt={"action": Action.DOCUMENT_CHECK},
    operation_class=Reading,
    tags=["材料检查"],
    summary="检查结果 · The report of a check",
    security=[{"key": []}],
    responses=DONE | ACCEPTED | COMMON | KEYED | MISSING,
)
async def get_report(
    request: ApiRequest,
    resources: Resources,
    key: Annotated[str, PathParameter(description="检查的编号 · Id of the check")],
) -> Response[Any]:
    return await _answer(resources, _caller(request), key, wait=0)


async def _answer(resources: Resources, caller: Principal, key: str, *, wait: int) -> Response[Any]:
    """The report, or how far it is once the patience has run out. Raises `NotFound` for another key's check."""
    until = time.monotonic() + wait
    while True:
        async with resources.database.transaction() as session:
            dossier = await queries.dossier_by_key(session, key)
            total = len(await queries.files(session, dossier))
        if dossier.subject != _subject(caller):
            raise NotFound
        report = queries.report_of(dossier)
        if report is not None and dossier.state is DossierState.CHECKED:
            return Response(
                msgspec.json.encode(public.report_json(report)),
                status_code=200,
                media_type="application/json",
                headers={"Cache-Control": "no-store"},
            )
        if time.monotonic() >= until:
            states = await progress.states(resources.redis, key)
            done = sum(state == progress.READ for state in states.values())
            return Response(
                msgspec.json.encode(Waiting(key, dossier.state.value, done, total)),
                status_code=202,
                media_type="application/json",
                headers={
                    "Location": f"/api/v1/documents/{key}",
                    "Retry-After": "1",
                    "Cache-Control": "no-store",
                },
            )
        await asyncio.sleep(BEAT_SECONDS)


def _caller(request: ApiRequest) -> Principal:
    if request.user is None:
        raise LoginRequired
    return request.user


def _subject(caller: Principal) -> str:
    """Each key sees its own checks only."""
    return caller.actor


def _project(text: str) -> ProjectFacts:
    if not text.strip():
        return ProjectFacts()
    try:
        return msgspec.json.decode(text, type=ProjectFacts)
    except msgspec.MsgspecError:
        raise InvalidInput(problems=(FieldProblem("project", "该项填写有误。"),)) from None


def _digest(project: ProjectFacts, files: list[tuple[str, Stored]]) -> str:
    """Of what was sent, whatever the order of the files."""
    sent = sorted((name, stored.sha256) for name, stored in files)
    return hashlib.sha256(
        msgspec.json.encode([msgspec.to_builtins(project, order="sorted"), sent], order="sorted")
    ).hexdigest()


ROUTES: list[ControllerRouterHandler] = [post_check, get_report]
