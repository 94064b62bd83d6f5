"""Login sessions in PostgreSQL.

A token exists only after a login, is new at each login, and is kept as a hash; a token that the browser made up finds
nothing. Visitors without one cost no write, and public pages do not depend on the queue's server (see ADR 3).
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from core import clock, ledger
from core.access import Action
from core.errors import Refusal
from core.people import Account, AccountRole, ApiKey, LoginSession

COOKIE = "session"
LIFETIME = timedelta(hours=12)
KEY_PREFIX = "yc_"

_hasher = PasswordHasher()


class WrongCredentials(Refusal):
    status = 401
    code = "wrong_credentials"
    message = "用户名或密码不正确。"


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Takes tens of milliseconds of CPU: call it in a thread."""
    try:
        return _hasher.verify(password_hash or _nobody(), password) and password_hash is not None
    except VerificationError:
        return False


@cache
def _nobody() -> str:
    """Verified when the login is unknown, so that timing does not tell which logins exist."""
    return _hasher.hash(secrets.token_hex(16))


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def find_account(session: AsyncSession, login: str) -> Account | None:
    statement = sa.select(Account).where(col(Account.login) == login, col(Account.active))
    return (await session.scalars(statement)).one_or_none()


async def open_session(session: AsyncSession, account: Account, *, now: datetime) -> str:
    """Start a session and return its token, which is nowhere stored."""
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            token_hash=token_hash(token),
            account_id=account.id,
            created_at=now,
            expires_at=now + clock.lasting(LIFETIME),
        )
    )
    ledger.record(
        session, action="login", subject=f"account:{account.id}", actor=f"account:{account.id}", now=now
    )
    return token


async def close_session(session: AsyncSession, token: str) -> None:
    await session.execute(sa.delete(LoginSession).where(col(LoginSession.token_hash) == token_hash(token)))


async def principal_of_token(session: AsyncSession, token: str, *, now: datetime) -> Principal | None:
    statement = (
        sa.select(
            col(Account.id),
            col(Account.name),
            col(Account.department_code),
            col(Account.locale),
            sa.func.array_agg(col(AccountRole.role)).label("roles"),
        )
        .join(LoginSession, col(LoginSession.account_id) == col(Account.id))
        .join(AccountRole, col(AccountRole.account_id) == col(Account.id), isouter=True)
        .where(
            col(LoginSession.token_hash) == token_hash(token),
            col(LoginSession.expires_at) > now,
            col(Account.active),
        )
        .group_by(col(Account.id))
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    return Principal(
        name=row.name,
        roles=frozenset(role for role in row.roles if role),
        account_id=row.id,
        department=row.department_code,
        locale=row.locale,
    )


async def principal_of_key(session: AsyncSession, key: str, *, now: datetime) -> Principal | None:
    """A key reads `yc_PREFIX_SECRET`; the prefix finds the row and the secret's hash must match."""
    prefix, _, secret = key.removeprefix(KEY_PREFIX).partition("_")
    statement = sa.select(ApiKey).where(col(ApiKey.prefix) == prefix, col(ApiKey.revoked_at).is_(None))
    row = (await session.scalars(statement)).one_or_none()
    if row is None or not secrets.compare_digest(row.hash, token_hash(secret)):
        return None
    if row.expires_at is not None and row.expires_at <= now:
        return None
    return Principal(
        name=row.label, key_id=row.id, key_actions=frozenset(Action(scope) for scope in row.scopes)
    )


def issue_key(
    *, label: str, scopes: list[Action], now: datetime, must_sign: bool = False
) -> tuple[ApiKey, str]:
    """A new key row and the key itself, shown once."""
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row = ApiKey(
        prefix=prefix,
        hash=token_hash(secret),
        label=label,
        scopes=[scope.value for scope in scopes],
        must_sign=must_sign,
        created_at=now,
    )
    return row, f"{KEY_PREFIX}{prefix}_{secret}"
