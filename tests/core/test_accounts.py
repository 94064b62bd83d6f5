import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import accounts
from core.access import Role
from core.db import Database
from core.errors import InvalidInput
from core.people import Account, Department, LoginSession
from tests.conftest import NOW

BY = "account:1"


async def opened(session: AsyncSession, **changes: Any) -> Account:
    given: dict[str, Any] = {
        "login": "chen.lin",
        "name": "陈林",
        "roles": [Role.WINDOW],
        "department": None,
        "by": BY,
        "now": NOW,
    }
    return await accounts.open_account(session, **given | changes)


async def test_open_account_has_its_roles_and_no_password(session: AsyncSession) -> None:
    account = await opened(session, roles=[Role.WINDOW, Role.DISPATCHER])
    assert await accounts.roles_of(session, account) == {Role.WINDOW, Role.DISPATCHER}
    assert (account.password_hash, account.active) == ("", True)


async def test_of_two_who_open_the_same_login_at_once_the_second_is_told_that_it_is_taken(
    database: Database,
) -> None:
    """The first has not committed when the second looks, so the second waits for the first at the very end."""
    ready = asyncio.Barrier(2)

    async def open_it() -> str:
        async with database.transaction() as session:
            found = await session.scalar(sa.select(col(Account.id)).where(col(Account.login) == "chen.lin"))
            assert found is None
            await ready.wait()
            try:
                await opened(session)
            except InvalidInput as refusal:
                return refusal.problems[0].field
        return "opened"

    assert sorted(await asyncio.gather(open_it(), open_it())) == ["login", "opened"]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"login": "Chen Lin"}, ["login"]),
        ({"name": " "}, []),
        ({"name": ""}, ["name"]),
        ({"roles": []}, ["roles"]),
        ({"department": "nowhere"}, ["department"]),
        ({"roles": [Role.OFFICER]}, ["department"]),
        ({"login": "x", "name": "", "roles": []}, ["login", "name", "roles"]),
    ],
)
async def test_wrong_particulars_are_all_named_at_once(
    session: AsyncSession, changes: dict[str, Any], fields: list[str]
) -> None:
    if not fields:
        await opened(session, **changes)
        return
    with pytest.raises(InvalidInput) as refused:
        await opened(session, **changes)
    assert [problem.field for problem in refused.value.problems] == fields


async def test_login_is_given_once(session: AsyncSession) -> None:
    await opened(session)
    with pytest.raises(InvalidInput) as refused:
        await opened(session, name="另一人")
    assert [problem.field for problem in refused.value.problems] == ["login"]


async def test_nobody_changes_or_closes_his_own_account(session: AsyncSession) -> None:
    account = await opened(session, roles=[Role.ADMINISTRATOR])
    own: dict[str, Any] = {"by": f"account:{account.id}", "now": NOW}
    with pytest.raises(accounts.NotOneself):
        await accounts.change_account(
            session, account, name="陈林", roles=[Role.ADMINISTRATOR, Role.ISSUER], department=None, **own
        )
    with pytest.raises(accounts.NotOneself):
        await accounts.close_account(session, account, **own)
    assert await accounts.roles_of(session, account) == {Role.ADMINISTRATOR}


async def test_changed_account_has_the_new_roles_alone(session: AsyncSession) -> None:
    session.add(Department(code="fire", name_zh="消防", name_en="Fire"))
    account = await opened(session)
    changes: dict[str, Any] = {"name": "陈琳", "roles": [Role.LIAISON], "department": "fire"}
    await accounts.change_account(session, account, **changes, by=BY, now=NOW)
    assert await accounts.roles_of(session, account) == {Role.LIAISON}
    assert (account.name, account.department_code) == ("陈琳", "fire")


async def test_closing_and_a_new_password_end_every_session(session: AsyncSession) -> None:
    account = await opened(session)
    for end in (accounts.close_account(session, account, by=BY, now=NOW), _renewed(session, account)):
        session.add(LoginSession(token_hash="0" * 64, account_id=account.id, created_at=NOW, expires_at=NOW))
        await session.flush()
        await end
        left = sa.select(sa.func.count()).where(col(LoginSession.account_id) == account.id)
        assert await session.scalar(left) == 0
    assert (account.active, account.password_hash) == (False, "hash")


async def _renewed(session: AsyncSession, account: Account) -> None:
    await accounts.set_password(session, account, "hash", now=NOW)


@pytest.mark.parametrize("password", ["short", "a" * 12, "ab" * 6, "xx-chen.lin-xx", "x" * 201])
def test_easy_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput):
        accounts.check_password(password, login="chen.lin")


@pytest.mark.parametrize("password", ["临澜江边三棵老树真高啊", "correct horse battery"])
def test_long_password_is_accepted(password: str) -> None:
    accounts.check_password(password, login="chen.lin")
