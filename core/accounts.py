"""People's accounts: opened, changed and closed by an administrator, their passwords known to nobody else."""

import re
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.access import Role
from core.errors import FieldProblem, InvalidInput, NotFound, Refusal
from core.people import Account, AccountRole, Department, LoginSession

LOGIN = re.compile(r"[a-z0-9][a-z0-9.-]{1,39}")
LONGEST_NAME = 60
#: Roles that mean nothing without a department.
OF_A_DEPARTMENT = frozenset({Role.LIAISON, Role.OFFICER})
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200
DISTINCT_CHARACTERS = 5


_TAKEN = FieldProblem("login", "该登录名已被使用。")


class NotOneself(Refusal):
    status = 403
    code = "not_oneself"
    message = "不能更改自己的账号，请由另一名系统管理员办理。"


async def open_account(
    session: AsyncSession,
    *,
    login: str,
    name: str,
    roles: Collection[Role],
    department: str | None,
    by: str,
    now: datetime,
) -> Account:
    """Nobody can log in to it until its person has set a password. Raises `InvalidInput`."""
    problems = []
    if not LOGIN.fullmatch(login):
        problems.append(FieldProblem("login", "登录名由 2 至 40 个小写字母、数字、点、横线组成。"))
    elif await session.scalar(sa.select(col(Account.id)).where(col(Account.login) == login)):
        problems.append(_TAKEN)
    problems += await _wrong(session, name=name, roles=roles, department=department)
    if problems:
        raise InvalidInput(problems=tuple(problems))
    account = Account(
        login=login, name=name, department_code=department or None, password_hash="", created_at=now
    )
    try:
        async with session.begin_nested():
            session.add(account)
    except IntegrityError as error:  # another administrator opened it in the same moment
        raise InvalidInput(problems=(_TAKEN,)) from error
    session.add_all(AccountRole(account_id=account.id, role=role) for role in roles)
    _record(session, "account.open", account, by=by, now=now, roles=roles)
    await session.flush()
    return account


async def change_account(
    session: AsyncSession,
    account: Account,
    *,
    name: str,
    roles: Collection[Role],
    department: str | None,
    by: str,
    now: datetime,
) -> None:
    """What the person may do changes with the next request. Raises `InvalidInput` and `NotOneself`."""
    _not_oneself(account, by)
    if problems := await _wrong(session, name=name, roles=roles, department=department):
        raise InvalidInput(problems=tuple(problems))
    account.name, account.department_code = name, department or None
    await session.execute(sa.delete(AccountRole).where(col(AccountRole.account_id) == account.id))
    session.add_all(AccountRole(account_id=account.id, role=role) for role in roles)
    _record(session, "account.change", account, by=by, now=now, roles=roles)
    await session.flush()


async def close_account(session: AsyncSession, account: Account, *, by: str, now: datetime) -> None:
    """The person is logged out everywhere, and what he did stays under his name. Raises `NotOneself`."""
    _not_oneself(account, by)
    account.active = False
    await end_sessions(session, account)
    _record(session, "account.close", account, by=by, now=now)


async def reopen_account(session: AsyncSession, account: Account, *, by: str, now: datetime) -> None:
    account.active = True
    _record(session, "account.reopen", account, by=by, now=now)


async def set_password(session: AsyncSession, account: Account, password_hash: str, *, now: datetime) -> None:
    """By the person; every session of before ends."""
    account.password_hash = password_hash
    await end_sessions(session, account)
    _record(session, "account.password", account, by=f"account:{account.id}", now=now)


async def end_sessions(session: AsyncSession, account: Account) -> None:
    await session.execute(sa.delete(LoginSession).where(col(LoginSession.account_id) == account.id))


def check_password(password: str, *, login: str, field: str = "password") -> None:
    """Length counts, not signs of every kind (NIST SP 800-63B, 3.1.1.2). Raises `InvalidInput`."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        problem = FieldProblem(field, "密码至少 %(least)s 个字符。", {"least": SHORTEST_PASSWORD})
    elif login in password.lower() or len(set(password)) < DISTINCT_CHARACTERS:
        problem = FieldProblem(field, "密码太容易猜到：不要包含登录名，也不要只重复几个字符。")
    else:
        return
    raise InvalidInput(problems=(problem,))


async def find_account(session: AsyncSession, account_id: int, *, lock: bool = False) -> Account:
    """Raises `NotFound`."""
    account = await session.get(Account, account_id, with_for_update=lock or None)
    if account is None:
        raise NotFound
    return account


async def roles_of(session: AsyncSession, account: Account) -> set[Role]:
    rows = await session.scalars(
        sa.select(col(AccountRole.role)).where(col(AccountRole.account_id) == account.id)
    )
    return set(rows)


async def _wrong(
    session: AsyncSession, *, name: str, roles: Collection[Role], department: str | None
) -> list[FieldProblem]:
    problems = []
    if not 1 <= len(name) <= LONGEST_NAME:
        problems.append(FieldProblem("name", "请填写姓名。"))
    if not roles:
        problems.append(FieldProblem("roles", "请至少选择一个角色。"))
    if department and await session.get(Department, department) is None:
        problems.append(FieldProblem("department", "请选择一项。"))
    if not department and OF_A_DEPARTMENT & set(roles):
        problems.append(FieldProblem("department", "联络员和验收人员须属于一个部门。"))
    return problems


def _not_oneself(account: Account, by: str) -> None:
    if by == f"account:{account.id}":
        raise NotOneself


def _record(
    session: AsyncSession,
    action: str,
    account: Account,
    *,
    by: str,
    now: datetime,
    roles: Collection[Role] | None = None,
) -> None:
    data = {"login": account.login}
    if roles is not None:
        data |= {"roles": " ".join(sorted(roles)), "department": account.department_code or ""}
    ledger.record(session, action=action, subject=f"account:{account.id}", actor=by, now=now, data=data)
