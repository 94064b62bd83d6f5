"""Accounts opened from the command line: the first administrator's, above all."""

from collections.abc import Sequence

from api.auth.invitations import invite
from core import accounts, clock
from core.access import Role
from core.db import Database
from core.settings import Settings


async def open_account(
    settings: Settings, *, login: str, name: str, roles: Sequence[Role], department: str | None
) -> str:
    """The link by which the person sets the password. Raises `InvalidInput`."""
    now = clock.now()
    database = Database(settings)
    try:
        async with database.transaction() as session:
            account = await accounts.open_account(
                session, login=login, name=name, roles=roles, department=department, by="system", now=now
            )
            token = invite(account, secret=settings.secret, now=now)
    finally:
        await database.close()
    return f"{settings.base_url}/welcome/{token}"
