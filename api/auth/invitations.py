"""A link by which a person sets the password of an account, once: it is signed together with the password of before."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Refusal
from core.people import Account

LIFETIME = timedelta(days=3)


class InvitationOver(Refusal):
    status = 410
    code = "invitation_over"
    message = "该链接已使用过或已过期，请联系系统管理员另发。"


def invite(account: Account, *, secret: str, now: datetime) -> str:
    """What stands in the link's address."""
    until = int((now + clock.lasting(LIFETIME)).timestamp())
    return f"{account.id}.{until}.{_signature(account, until, secret)}"


async def invited(session: AsyncSession, token: str, *, secret: str, now: datetime) -> Account:
    """Whom the link is for. Raises `InvitationOver`."""
    number, _, rest = token.partition(".")
    until, _, signature = rest.partition(".")
    if not (number.isascii() and number.isdigit() and until.isascii() and until.isdigit()):
        raise InvitationOver
    try:
        account = await session.get(Account, int(number), with_for_update=True) if len(number) < 19 else None  # noqa: PLR2004 - a bigint
        over = datetime.fromtimestamp(int(until), UTC) < now
    except (OverflowError, ValueError, OSError):
        raise InvitationOver from None
    if account is None or not account.active or over:
        raise InvitationOver
    if not hmac.compare_digest(signature.encode(), _signature(account, int(until), secret).encode()):
        raise InvitationOver
    return account


def _signature(account: Account, until: int, secret: str) -> str:
    text = f"invitation:{account.id}:{until}:{account.password_hash}"
    digest = hmac.digest(secret.encode(), text.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
