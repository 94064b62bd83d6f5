import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import col

from core.access import Role
from core.calendar_notation import parse_days
from core.calendars import CalendarStatus, CalendarVersion, load_calendar
from core.db import Database
from core.errors import InvalidInput
from core.people import ApiKey
from core.workdays import DayKind
from tests.api.conftest import LogIn

FORM = {
    "title": "2027年放假安排",
    "source": "国办发明电〔2026〕8号",
    "days": "2027-01-01 休\n2027-01-02 班",
    "notice_year": "2027",
}


async def post(client: httpx.AsyncClient, path: str, form: dict[str, str] | None = None) -> httpx.Response:
    await client.get("/login")
    return await client.post(path, data={**(form or {}), "_csrf_token": client.cookies["csrf"]})


async def test_calendar_needs_two_administrators(
    client: httpx.AsyncClient, log_in: LogIn, database: Database
) -> None:
    await log_in(Role.ADMINISTRATOR, login="first")
    assert (await post(client, "/administration/calendar", FORM)).status_code == 303
    async with database.transaction() as session:
        version = await session.scalar(
            sa.select(col(CalendarVersion.id)).where(col(CalendarVersion.status) == CalendarStatus.PROPOSED)
        )
    assert (await post(client, f"/administration/calendar/{version}/approve")).status_code == 403
    await log_in(Role.ADMINISTRATOR, login="second")
    assert (await post(client, f"/administration/calendar/{version}/approve")).status_code == 303
    async with database.transaction() as session:
        calendar = await load_calendar(session)
    assert 2027 in calendar.years
    page = await client.get("/administration?year=2027")
    assert "尚无 2027 年放假通知" not in page.text
    assert "2027年放假安排" in page.text


async def test_wrong_lines_are_named_and_the_form_keeps_what_was_typed(
    client: httpx.AsyncClient, log_in: LogIn
) -> None:
    await log_in(Role.ADMINISTRATOR)
    response = await post(client, "/administration/calendar", {**FORM, "days": "2027-01-01 休\n元旦 休"})
    assert response.status_code == 422
    assert "第 2 行：日期应写作 2027-01-01。" in response.text
    assert "元旦 休" in response.text


async def test_key_is_shown_once_and_can_be_revoked(
    client: httpx.AsyncClient, log_in: LogIn, database: Database
) -> None:
    await log_in(Role.ADMINISTRATOR)
    made = await post(client, "/administration/keys", {"label": "住建系统", "scopes": "notice.exchange"})
    assert made.status_code == 201
    key = made.text.split('<p class="code">')[1].split("<")[0]
    async with database.transaction() as session:
        row = (await session.scalars(sa.select(ApiKey))).one()
    assert key.startswith(f"yc_{row.prefix}_")
    assert key not in (await client.get("/administration/keys")).text
    assert (await post(client, f"/administration/keys/{row.id}/revoke")).status_code == 303
    assert "已吊销" in (await client.get("/administration/keys")).text


async def test_operations_show_the_ledger(client: httpx.AsyncClient, log_in: LogIn) -> None:
    await log_in(Role.ADMINISTRATOR)
    assert "审计条目" in (await client.get("/administration/operations")).text


@pytest.mark.parametrize(
    ("line", "problem"),
    [("1月1日 休", "日期应写作"), ("2027-01-01 假", "日期之后应写"), ("2027-02-30 休", "日期应写作")],
)
def test_line_that_cannot_be_read_is_refused(line: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_days(line)
    assert [problem in item.message for item in refusal.value.problems] == [True]


def test_days_are_read_in_both_languages() -> None:
    assert list(parse_days("2027-01-01 休\n\n2027-01-02 working 调休").values()) == [
        DayKind.OFF,
        DayKind.WORKING,
    ]
