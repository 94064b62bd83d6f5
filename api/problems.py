"""Refusals and faults rendered once: RFC 9457 problem+json for machines, a page for people."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect
from sqlalchemy.exc import DataError, OperationalError

from api.web.rendering import page
from core.errors import (
    FieldProblem,
    InvalidInput,
    LoginRequired,
    NotAllowed,
    NotFound,
    Refusal,
    TooManyRequests,
)
from core.i18n import gettext
from core.log import log

AnyRequest = Request[Any, Any, Any]


class ProblemField(msgspec.Struct):
    field: str
    message: str


class Problem(msgspec.Struct, omit_defaults=True):
    """RFC 9457. `code` is stable; `title` is in the reader's language."""

    type: str
    title: str
    status: int
    code: str
    request_id: str
    problems: list[ProblemField] = []


class MethodNotAllowed(Refusal):
    status = 405
    code = "method_not_allowed"
    message = "不支持该请求方法。"


class Malformed(Refusal):
    status = 400
    code = "malformed"
    message = "请求格式有误。"


class TooLarge(Refusal):
    status = 413
    code = "too_large"
    message = "提交的内容过大。"


class CsrfFailed(Refusal):
    status = 403
    code = "csrf_failed"
    message = "页面已过期，请刷新后重试。"


class Fault(Refusal):
    status = 500
    code = "fault"
    message = "系统出现故障，您的数据没有丢失。请稍后再试。"


class Unavailable(Refusal):
    status = 503
    code = "unavailable"
    message = "服务暂时不可用，请稍后再试。"


BY_STATUS: dict[int, type[Refusal]] = {
    refusal.status: refusal
    for refusal in (
        Malformed,
        LoginRequired,
        NotAllowed,
        NotFound,
        MethodNotAllowed,
        TooLarge,
        TooManyRequests,
        Unavailable,
    )
}


def render_refusal(request: AnyRequest, refusal: Refusal) -> Response[Any]:
    if wants_json(request):
        return Response(
            problem_of(refusal),
            status_code=refusal.status,
            media_type="application/problem+json",
            headers=_headers(refusal),
        )
    if isinstance(refusal, LoginRequired) and request.method == "GET":
        return Redirect(f"/login?next={quote(_path_of(request))}")
    return page(
        request, "error.html", status=refusal.status, headers=_headers(refusal), problem=problem_of(refusal)
    )


def problem_of(refusal: Refusal) -> Problem:
    return Problem(
        type=f"/problems/{refusal.code}",
        title=gettext(refusal.message, **refusal.params),
        status=refusal.status,
        code=refusal.code,
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
        problems=[
            ProblemField(item.field, gettext(item.message, **item.params)) for item in refusal.problems
        ],
    )


def told(refusal: Refusal) -> list[tuple[str, str]]:
    """(field, message) of each problem, in the reader's language, for a form's error summary."""
    return [(item.field, gettext(item.message, **item.params)) for item in refusal.problems]


def render_validation(request: AnyRequest, error: ValidationException) -> Response[Any]:
    """Litestar's own check of parameters and bodies, told field by field."""
    extra = error.extra if isinstance(error.extra, list) else []
    problems = tuple(
        FieldProblem(str(item.get("key") or item.get("source") or ""), "该项填写有误。") for item in extra
    )
    return render_refusal(request, InvalidInput(problems=problems))


def render_http(request: AnyRequest, error: HTTPException) -> Response[Any]:
    if isinstance(error, ValidationException):
        return render_validation(request, error)
    if error.status_code == CsrfFailed.status and "CSRF" in error.detail:
        return render_refusal(request, CsrfFailed())
    refusal = BY_STATUS.get(error.status_code)
    if refusal is Malformed and request.url.path.startswith("/api/"):
        refusal = InvalidInput  # a body that is no JSON at all is one more wrong input there
    if refusal is None:
        return render_fault(request, error)
    return render_refusal(request, refusal(seconds=1) if refusal is TooManyRequests else refusal())


def render_fault(request: AnyRequest, error: Exception) -> Response[Any]:
    log.error("fault", path=request.url.path, exc_info=error)
    return render_refusal(request, Fault())


def render_outage(request: AnyRequest, error: OperationalError) -> Response[Any]:
    log.error("database", path=request.url.path, exc_info=error)
    return render_refusal(request, Unavailable())


def render_unstorable(request: AnyRequest, error: DataError) -> Response[Any]:
    """A character that no text may hold, a number that no column has room for."""
    log.warning("unstorable", path=request.url.path, error=str(error.orig))
    return render_refusal(
        request, InvalidInput(problems=(FieldProblem("", "内容含有无法保存的字符或过大的数。"),))
    )


def wants_json(request: AnyRequest) -> bool:
    accept = request.headers.get("accept", "")
    return request.url.path.startswith("/api/") or (MediaType.JSON in accept and MediaType.HTML not in accept)


def _headers(refusal: Refusal) -> dict[str, str]:
    return {"Retry-After": str(refusal.params["seconds"])} if "seconds" in refusal.params else {}


def _path_of(request: AnyRequest) -> str:
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


EXCEPTION_HANDLERS: dict[int | type[Exception], Callable[[AnyRequest, Any], Response[Any]]] = {
    Refusal: render_refusal,
    HTTPException: render_http,
    OperationalError: render_outage,
    DataError: render_unstorable,
    Exception: render_fault,
}
