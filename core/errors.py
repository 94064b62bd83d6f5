"""Refusals: what the service says no to, each with an HTTP status and a code that clients may rely on.

Messages are Chinese source strings with `%(name)s` placeholders; the edge translates and renders them once, as
RFC 9457 problem+json or as a page.
"""

from typing import ClassVar

import msgspec


class FieldProblem(msgspec.Struct, frozen=True):
    """One thing wrong with one field of the input."""

    field: str
    message: str
    params: dict[str, str | int] = {}


class Refusal(Exception):  # noqa: N818 - a refusal is a lawful answer, not an error of ours
    """Base of every refusal. Subclasses set `status`, `code` and `message`."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "refused"
    message: ClassVar[str] = "无法完成该操作。"

    def __init__(self, *, problems: tuple[FieldProblem, ...] = (), **params: str | int) -> None:
        super().__init__(self.code)
        self.params = params
        self.problems = problems


class NotFound(Refusal):
    status = 404
    code = "not_found"
    message = "没有找到您要的内容。"


class LoginRequired(Refusal):
    status = 401
    code = "login_required"
    message = "请先登录。"


class NotAllowed(Refusal):
    status = 403
    code = "not_allowed"
    message = "您没有进行该操作的权限。"


class InvalidInput(Refusal):
    """Carries one `FieldProblem` for each wrong field."""

    status = 422
    code = "invalid_input"
    message = "提交的内容有误，请按提示修改。"


class TooManyRequests(Refusal):
    status = 429
    code = "too_many_requests"
    message = "请求过于频繁，请在 %(seconds)s 秒后再试。"


class FourEyesRequired(Refusal):
    status = 403
    code = "four_eyes_required"
    message = "该事项须由另一人办理，不能由同一人完成。"
