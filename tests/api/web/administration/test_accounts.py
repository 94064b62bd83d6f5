"""An administrator opens an account; its person sets the password by a link that works once."""

import re
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import col

from api import accounts_cli
from api.auth.invitations import InvitationOver, invite, invited
from core import clock
from core.access import Role
from core.db import Database
from core.errors import InvalidInput
from core.people import Account
from core.settings import Settings
from tests.api.conftest import LogIn

PASSWORD = "three old trees by the river"
HERE = "/administration/accounts"


async def post(client: httpx.AsyncClient, path: str, **form: str | list[str]) -> httpx.Response:
    if "csrf" not in client.cookies:
        await client.get("/login")
    return await client.post(path, data={**form, "_csrf_token": client.cookies["csrf"]})


def become(client: httpx.AsyncClient, session: str) -> None:
    client.cookies.delete("session")
    client.cookies.set("session", session)


async def opened(client: httpx.AsyncClient) -> tuple[str, str]:
    """The address of a new account's page, and the path of its link."""
    answer = await post(client, HERE, login="chen.lin", name="陈林", roles=["window"])
    assert answer.status_code == 303, answer.text
    made = await post(client, answer.headers["location"] + "/link")
    (link,) = re.findall(r"/welcome/[\w.-]+", made.text)
    return answer.headers["location"], link


async def test_person_sets_the_password_by_a_link_that_works_once(
    client: httpx.AsyncClient, log_in: LogIn
) -> None:
    await log_in(Role.ADMINISTRATOR)
    account, link = await opened(client)
    assert "待设密码" in (await client.get(account)).text
    client.cookies.delete("session")
    assert "chen.lin" in (await client.get(link)).text
    weak = await post(client, link, password="chen.lin-1")
    assert (weak.status_code, "密码太容易猜到" in weak.text) == (422, True)
    done = await post(client, link, password=PASSWORD)
    assert done.status_code == 303
    assert "陈林" in (await client.get("/")).text
    client.cookies.delete("session")
    assert (await client.get(link)).status_code == 410
    assert (await post(client, "/login", login="chen.lin", password=PASSWORD)).status_code == 303


async def test_wrong_particulars_are_kept_in_the_form(client: httpx.AsyncClient, log_in: LogIn) -> None:
    await log_in(Role.ADMINISTRATOR)
    answer = await post(client, HERE, login="chen lin", name="陈林", roles=["officer"])
    assert answer.status_code == 422
    assert 'value="chen lin"' in answer.text
    assert "联络员和验收人员须属于一个部门。" in answer.text


async def test_closed_account_is_logged_out_and_its_link_is_over(
    client: httpx.AsyncClient, log_in: LogIn
) -> None:
    await log_in(Role.ADMINISTRATOR)
    admin = client.cookies["session"]
    account, link = await opened(client)
    client.cookies.delete("session")
    await post(client, link, password=PASSWORD)
    person = client.cookies["session"]
    become(client, admin)
    link = re.findall(r"/welcome/[\w.-]+", (await post(client, account + "/link")).text)[0]
    await post(client, account + "/close")
    assert "已停用" in (await client.get(HERE)).text
    become(client, person)
    assert (await client.get("/account")).status_code == 302
    client.cookies.delete("session")
    assert (await client.get(link)).status_code == 410
    assert (await post(client, "/login", login="chen.lin", password=PASSWORD)).status_code == 401


async def test_administrator_cannot_give_himself_a_role(client: httpx.AsyncClient, log_in: LogIn) -> None:
    mine = await log_in(Role.ADMINISTRATOR)
    answer = await post(client, f"{HERE}/{mine}", name="我", roles=["administrator", "issuer"])
    assert answer.status_code == 403
    assert "不能更改自己的账号" in answer.text


async def test_own_password_is_changed_with_the_present_one(client: httpx.AsyncClient, log_in: LogIn) -> None:
    await log_in(Role.ADMINISTRATOR)
    _, link = await opened(client)
    await post(client, link, password=PASSWORD)
    wrong = await post(client, "/account", old="not it", password="some other long password")
    assert (wrong.status_code, "原密码不正确。" in wrong.text) == (422, True)
    assert (
        await post(client, "/account", old=PASSWORD, password="some other long password")
    ).status_code == 303
    assert (await post(client, "/login", login="chen.lin", password=PASSWORD)).status_code == 401


@pytest.mark.parametrize(
    "spoil", [lambda link: link[:-1] + "~", lambda _: "1.2.3", lambda _: "9" * 40 + ".1.x"]
)
async def test_link_that_was_tampered_with_is_over(
    client: httpx.AsyncClient, log_in: LogIn, spoil: object
) -> None:
    await log_in(Role.ADMINISTRATOR)
    _, link = await opened(client)
    token = spoil(link.rpartition("/")[2])  # type: ignore[operator]  # one of the functions above
    assert (await client.get(f"/welcome/{token}")).status_code == 410


async def test_link_ends_after_three_days(database: Database, log_in: LogIn) -> None:
    number = await log_in(Role.WINDOW)
    now = clock.now()
    async with database.transaction() as session:
        token = invite(await session.get_one(Account, number), secret="s", now=now)
        assert (await invited(session, token, secret="s", now=now + timedelta(days=2))).id == number
        for wrong in ({"secret": "s", "now": now + timedelta(days=4)}, {"secret": "t", "now": now}):
            with pytest.raises(InvitationOver):
                await invited(session, token, **wrong)  # type: ignore[arg-type]  # a text and a moment


async def test_first_administrator_is_opened_from_the_command_line(
    settings: Settings, client: httpx.AsyncClient, database: Database
) -> None:
    first = {"login": "root.admin", "name": "管理员", "roles": [Role.ADMINISTRATOR], "department": None}
    link = await accounts_cli.open_account(settings, **first)  # type: ignore[arg-type]  # by name
    assert (await post(client, "/welcome/" + link.rpartition("/")[2], password=PASSWORD)).status_code == 303
    assert (await client.get(HERE)).status_code == 200
    with pytest.raises(InvalidInput):
        await accounts_cli.open_account(settings, **first)  # type: ignore[arg-type]  # by name
    async with database.transaction() as session:
        logins = list(await session.scalars(sa.select(col(Account.login))))
    assert logins == ["root.admin"]
