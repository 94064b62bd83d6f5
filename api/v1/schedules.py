"""Plans of joint visits: /api/v1/schedules. Solved in the background, versioned, explained and repaired."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, HeaderParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.resources import Resources
from api.schedules import city, commands
from api.schedules.models import Schedule, ScheduleState
from api.schedules.planned_cases import planned_cases
from api.v1.answers import COMMON, KEYED, MISSING, ApiRequest, Reading, refused_as
from api.v1.schedule_bodies import (
    Cancelling,
    CityCases,
    CityRequest,
    Explaining,
    ExplainRequest,
    PlanningCity,
    ReleaseRequest,
    Releasing,
    Repairing,
    RepairRequest,
    Roll,
    Showing,
    ShowingCases,
    SolveRequest,
    Solving,
)
from core.access import Action
from core.errors import FieldProblem, InvalidInput, LoginRequired, NotFound
from core.i18n import current_locale, gettext
from documents.refusals import RequestReused
from inspection.refusals import NobodyWaits
from scheduling.disturbances import disturbed
from scheduling.plan import Plan, booked_plan
from scheduling.problem import Problem, Record
from scheduling.repair import repair
from scheduling.rolling import Window, within
from scheduling.slots import propose_slots
from scheduling.validation import ProblemError
from scheduling.wording import Reason, word

REFUSALS = COMMON | KEYED | MISSING | refused_as(commands.WrongState)
FINAL = frozenset(ScheduleState) - {
    ScheduleState.QUEUED,
    ScheduleState.SOLVING,
    ScheduleState.CANCELLING,
}
BEAT_SECONDS = 0.4


@post(
    "/schedules",
    opt={"action": Action.SCHEDULE_SOLVE},
    operation_class=Solving,
    status_code=202,
    tags=["排期"],
    summary="提交排期问题，后台求解 · Submit a problem to be solved in the background",
    description=(
        "seconds 至多 100；较大的问题由多个工作进程按日或按片区（split）分担（parts）。"
        "roll 滚动排期：只排自 today 起的 days 天，前 frozen 天的预约不动。"
        " · seconds: at most 100; a large problem is shared among workers (parts), by days or districts (split)."
        " roll: plan only the days from today on; what is booked in the first frozen of them stays."
    ),
    security=[{"key": []}],
    responses=REFUSALS,
)
async def post_schedule(request: ApiRequest, session: AsyncSession, now: datetime) -> Response[bytes]:
    by = _caller(request).actor
    asked = await _body(request, SolveRequest)
    row = commands.request_solve(
        session,
        asked.problem if asked.roll is None else _window(asked.problem, asked.roll),
        seconds=asked.seconds,
        seed=asked.seed,
        parts=asked.parts,
        split=asked.split,
        by=by,
        now=now,
    )
    return _answer(_overview(row), status=202)


@post(
    "/schedules/city",
    opt={"action": Action.SCHEDULE_SOLVE},
    operation_class=PlanningCity,
    status_code=202,
    tags=["排期"],
    summary="全市排期：所有等待约定时段的件 · Plan every case that waits for its visit",
    description=(
        "围绕已约定的现场统一排期，得到系列 city 的新版本；草案见 /cases，发布后逐件约定。"
        " · Plans around what is booked; the answer is a new version of the series city. /cases shows what it would"
        " book; to release it books case by case."
    ),
    security=[{"key": []}],
    responses=REFUSALS | refused_as(RequestReused) | refused_as(NobodyWaits),
)
async def post_city(
    request: ApiRequest,
    session: AsyncSession,
    now: datetime,
    *,
    idempotency_key: Annotated[
        str | None,
        HeaderParameter(
            name="Idempotency-Key",
            min_length=1,
            max_length=100,
            pattern=r"^[!-~]+$",
            description="重发同一请求时用同一个值 · The same for every retry of the same request",
        ),
    ] = None,
) -> Response[bytes]:
    by = _caller(request).actor
    asked = await _body(request, CityRequest)
    row = await city.request_city_plan(
        session, seconds=asked.seconds, request=idempotency_key or "", by=by, now=now
    )
    return _answer(_overview(row), status=202)


@get(
    "/schedules/{code:str}/cases",
    opt={"action": Action.SCHEDULE_READ},
    operation_class=ShowingCases,
    tags=["排期"],
    summary="全市排期各件：拟约定的时段和人员，发布后的结果 · What the city's plan would book, and what it did",
    security=[{"key": []}],
    responses=REFUSALS,
)
async def get_cases(code: FromPath[str], session: AsyncSession) -> Response[bytes]:
    row = await commands.find(session, code)
    if row.series != city.SERIES:
        raise NotFound
    problem, plan = _stored(row)
    outcomes = (row.result or {}).get("outcomes", {})
    return _answer(CityCases(await planned_cases(session, problem, plan, outcomes)))


@get(
    "/schedules/{code:str}",
    opt={"action": Action.SCHEDULE_READ},
    operation_class=Showing,
    tags=["排期"],
    summary="方案的状态、进度与结果 · State, progress and result of a plan",
    security=[{"key": []}],
    responses=REFUSALS,
)
async def get_schedule(code: FromPath[str], session: AsyncSession) -> Response[bytes]:
    row = await commands.find(session, code)
    return _answer({**_overview(row), "result": row.result})


@get(
    "/schedules/{code:str}/events",
    opt={"action": Action.SCHEDULE_READ},
    operation_class=Reading,
    tags=["排期"],
    summary="求解进度（SSE）· Progress as server-sent events",
    security=[{"key": []}],
    responses=REFUSALS,
)
async def get_events(code: FromPath[str], session: AsyncSession, resources: Resources) -> ServerSentEvent:
    await commands.find(session, code)
    return ServerSentEvent(_progress(resources, code))


async def _progress(resources: Resources, code: str) -> AsyncIterator[ServerSentEventMessage]:
    """The state at once, and again whenever it or the progress has changed, until it is final."""
    last: dict[str, Any] = {}
    while True:
        async with resources.database.transaction() as session:
            row = await commands.find(session, code)
        now = _overview(row)
        if now != last:
            yield ServerSentEventMessage(event=row.state.value, data=msgspec.json.encode(now).decode())
        if row.state in FINAL:
            return
        last = now
        await asyncio.sleep(BEAT_SECONDS)


@post(
    "/schedules/{code:str}/cancel",
    opt={"action": Action.SCHEDULE_SOLVE},
    operation_class=Cancelling,
    status_code=202,
    tags=["排期"],
    summary="停止求解，保留至今最好的方案 · Stop solving, keep the best plan so far",
    security=[{"key": []}],
    responses=REFUSALS,
)
async def post_cancel(code: FromPath[str], session: AsyncSession) -> Response[bytes]:
    row = await commands.find(session, code, lock=True)
    commands.cancel(row)
    return _answer(_overview(row), status=202)


@post(
    "/schedules/{code:str}/release",
    opt={"action": Action.SCHEDULE_SOLVE},
    operation_class=Releasing,
    status_code=200,
    tags=["排期"],
    summary="发布方案，取代先前发布的版本 · Release a plan; it supersedes the one released before",
    description=(
        "全市排期（系列 city）发布后逐件约定，结果见 /cases；"
        "密钥另须有 schedule.book 权限，并写明由哪名调度人员负责（dispatcher）。"
        " · The city's plan then books its cases one by one, /cases tells how that went; its key needs schedule.book"
        " too and says for which dispatcher it acts (login)."
    ),
    security=[{"key": []}],
    responses=REFUSALS,
)
async def post_release(
    request: ApiRequest, code: FromPath[str], session: AsyncSession, now: datetime
) -> Response[bytes]:
    asked = await _body(request, ReleaseRequest) if await request.body() else ReleaseRequest()
    row = await commands.find(session, code, lock=True)
    await city.release(session, row, caller=_caller(request), dispatcher=asked.dispatcher, now=now)
    return _answer(_overview(row))


@post(
    "/schedules/{code:str}/explain",
    opt={"action": Action.SCHEDULE_READ},
    operation_class=Explaining,
    status_code=200,
    tags=["排期"],
    summary="一件的候选时段，或没有时段的原因与出路 · Slots for one visit, or why there is none",
    security=[{"key": []}],
    responses=REFUSALS,
)
async def post_explain(request: ApiRequest, code: FromPath[str], session: AsyncSession) -> Response[bytes]:
    asked = await _body(request, ExplainRequest)
    problem, plan = _stored(await commands.find(session, code))
    if asked.visit not in problem.visit_by_id:
        raise NotFound
    answer = await asyncio.to_thread(propose_slots, problem, asked.visit, plan=plan, count=asked.count)
    return _answer(_told(answer))


@post(
    "/schedules/{code:str}/repair",
    opt={"action": Action.SCHEDULE_SOLVE},
    operation_class=Repairing,
    status_code=201,
    tags=["排期"],
    summary="修复受扰的方案，得到新版本 · Repair a disturbed plan; the answer is a new version",
    security=[{"key": []}],
    responses=REFUSALS,
)
async def post_repair(
    request: ApiRequest, code: FromPath[str], session: AsyncSession, now: datetime
) -> Response[bytes]:
    by = _caller(request).actor
    asked = await _body(request, RepairRequest)
    row = await commands.find(session, code, lock=True)
    problem, plan = _stored(row)
    try:
        after = disturbed(problem, plan, asked.disturbances, not_before=asked.not_before)
        done = await asyncio.to_thread(
            repair,
            problem,
            asked.disturbances,
            plan=plan,
            not_before=asked.not_before,
            seconds=asked.seconds,
        )
    except ProblemError as error:
        raise commands.contradiction(error) from None
    new = await commands.add_repair(session, row, after, done, by=by, now=now)
    return _answer({**_overview(new), "result": _told(done)}, status=201)


def _caller(request: ApiRequest) -> Principal:
    if request.user is None:
        raise LoginRequired
    return request.user


Body = Any


async def _body(request: ApiRequest, shape: type[Body]) -> Body:
    """Raises `InvalidInput`, naming the contradiction or the field."""
    try:
        return msgspec.json.decode(await request.body(), type=shape)
    except msgspec.MsgspecError as error:
        raise commands.unreadable(error) from None


def _window(problem: Problem, roll: Roll) -> Problem:
    if roll.today >= problem.days:
        raise InvalidInput(problems=(FieldProblem("roll.today", "该日不在排期范围内。"),))
    window = Window(days=roll.days, frozen=roll.frozen)
    return within(problem, booked_plan(problem), today=roll.today, window=window)


def _stored(row: Schedule) -> tuple[Problem, Plan]:
    if row.result is None:
        raise commands.WrongState
    return city.stored(row)


def _overview(row: Schedule) -> dict[str, Any]:
    return {
        "id": row.code,
        "series": row.series,
        "version": row.version,
        "state": row.state.value,
        "createdAt": row.created_at,
        "finishedAt": row.finished_at,
        "progress": row.progress,
    }


def _told(value: Any) -> Any:
    """As JSON, every reason with its sentence in the reader's language."""
    if isinstance(value, Reason):
        text = word(value, gettext=gettext, locale=current_locale.get())
        return {**msgspec.to_builtins(value), "text": text}
    if isinstance(value, Record):
        tag = value.__struct_config__.tag
        fields = {name: _told(getattr(value, name)) for name in value.__struct_fields__}
        return {"type": tag, **fields} if tag else fields
    if isinstance(value, tuple):
        return [_told(each) for each in value]
    return value


def _answer(value: object, *, status: int = 200) -> Response[bytes]:
    """Plans name people: nobody but the caller keeps a copy."""
    headers = {"Cache-Control": "no-store"}
    return Response(
        msgspec.json.encode(value), status_code=status, media_type="application/json", headers=headers
    )


ROUTES: list[ControllerRouterHandler] = [
    post_schedule,
    post_city,
    get_schedule,
    get_cases,
    get_events,
    post_cancel,
    post_release,
    post_explain,
    post_repair,
]
