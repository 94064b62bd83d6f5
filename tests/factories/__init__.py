"""Rows that tests need, with fictional content."""

from itertools import count

from sqlalchemy.ext.asyncio import AsyncSession

from core.access import Role
from core.people import Account, AccountRole

_numbers = count(1)


async def add_account(session: AsyncSession, *roles: Role, department: str | None = None) -> Account:
    from tests.conftest import NOW

    number = next(_numbers)
    account = Account(
        login=f"user{number}",
        name=f"测试人员{number}",
        password_hash="x",
        created_at=NOW,
        department_code=department,
    )
    session.add(account)
    await session.flush()
    session.add_all(AccountRole(account_id=account.id, role=role) for role in roles)
    await session.flush()
    return account
