"""The page token of forms that are read as a stream, which the framework's own check would first take in whole.

Such a route says `exclude_from_csrf` and checks the token itself: from the header, or from the form's first field.
"""

from hmac import compare_digest
from typing import Any

from litestar import Request
from litestar.middleware.csrf import CSRF_SECRET_LENGTH, generate_csrf_hash
from litestar.utils.scope.state import ScopeState

from api.problems import CsrfFailed

COOKIE, HEADER, FIELD = "csrf", "x-csrftoken", "_csrf_token"


def check_token(request: Request[Any, Any, Any], fields: dict[str, str], *, secret: str) -> None:
    """Raises `CsrfFailed` unless the request carries the token of the cookie, signed by us."""
    token = request.headers.get(HEADER) or fields.get(FIELD, "")
    cookie = request.cookies.get(COOKIE, "")
    expected = generate_csrf_hash(token[:CSRF_SECRET_LENGTH], secret)
    if not (compare_digest(token, cookie) and compare_digest(token[CSRF_SECRET_LENGTH:], expected)):
        raise CsrfFailed
    # Where the framework's templates look for it, should the answer be a page with forms.
    ScopeState.from_scope(request.scope).csrf_token = token
