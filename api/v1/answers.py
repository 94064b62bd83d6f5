"""How the open interface answers: JSON bytes with an ETag, problems as problem+json, readable from any site."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import MediaType, Request, Response
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIResponse, Operation

from api.auth.principal import Principal
from api.problems import Problem, ProblemField
from api.v1.links import links_from
from core.errors import InvalidInput, LoginRequired, NotAllowed, NotFound, Refusal, TooManyRequests

ApiRequest = Request[Principal | None, Any, State]
#: Our own answers write decimals as text, without loss; OCDS wants them as numbers.
_exact = msgspec.json.Encoder()
_ocds = msgspec.json.Encoder(decimal_format="number")
OPEN_HEADERS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag, X-Request-ID"}


def json_answer(
    request: ApiRequest, value: object, *, max_age: int = 60, headers: Mapping[str, str] | None = None
) -> Response[Any]:
    """The value as JSON with a strong ETag; 304 without a body when the client already has it."""
    return bytes_answer(request, _exact.encode(value), max_age=max_age, headers=headers)


def ocds_answer(request: ApiRequest, package: Mapping[str, Any], *, max_age: int = 60) -> Response[Any]:
    return bytes_answer(request, _ocds.encode(package), max_age=max_age)


def bytes_answer(
    request: ApiRequest,
    body: bytes,
    *,
    media_type: str = MediaType.JSON,
    max_age: int = 60,
    headers: Mapping[str, str] | None = None,
) -> Response[Any]:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    sent = {
        "ETag": etag,
        "Cache-Control": f"public, max-age={max_age}",
        **OPEN_HEADERS,
        **(headers or {}),
    }
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag in known or "*" in known:
        return Response(None, status_code=304, headers=sent)
    return Response(body, media_type=media_type, headers=sent)


@dataclass
class Reading(Operation):
    """Wrong parameters are answered 422 here; the framework's own 400 never leaves. Answers tell where to go on."""

    def __post_init__(self) -> None:
        for status, answer in (self.responses or {}).items():
            if isinstance(answer, OpenAPIResponse) and status.startswith("2"):
                answer.links = links_from(self.operation_id or "")
        if self.responses is not None:
            self.responses.pop("400", None)


#: What an operation may answer, by status; put together with `|`.
Answers = dict[int, ResponseSpec]


def refused(status: int, code: str, title: str, *fields: tuple[str, str]) -> Answers:
    """A documented refusal, with an example."""
    example = Problem(
        type=f"/problems/{code}",
        title=title,
        status=status,
        code=code,
        request_id="5f0c9a1be2d34c77",
        problems=[ProblemField(field, message) for field, message in fields],
    )
    spec = ResponseSpec(
        data_container=Problem,
        description=title,
        generate_examples=False,
        media_type="application/problem+json",
        examples=[Example(value=msgspec.to_builtins(example))],
    )
    return {status: spec}


def refused_as(refusal: type[Refusal]) -> Answers:
    return refused(refusal.status, refusal.code, refusal.message)


def shown(example: object, container: Any, description: str, *, status: int = 200) -> Answers:
    """A documented answer, with an example."""
    spec = ResponseSpec(
        container, description=description, generate_examples=False, examples=[Example(value=example)]
    )
    return {status: spec}


#: Everywhere.
COMMON = refused(
    InvalidInput.status, InvalidInput.code, InvalidInput.message, ("category", "该项填写有误。")
) | refused(TooManyRequests.status, TooManyRequests.code, "请求过于频繁，请稍后再试。")
#: Where something is read: who sends the ETag that he has is told that nothing changed.
READ = COMMON | {
    304: ResponseSpec(
        data_container=None,
        description="内容没有变化 · Unchanged since the given ETag",
        generate_examples=False,
    )
}
MISSING = refused_as(NotFound)
KEYED = refused_as(LoginRequired) | refused_as(NotAllowed)
