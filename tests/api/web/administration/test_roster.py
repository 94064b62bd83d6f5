"""The roster goes out as a workbook, and comes back in."""

from io import BytesIO
from typing import Any

import sqlalchemy as sa
from python_calamine import CalamineWorkbook
from sqlmodel import col

from api.web.administration.roster import HERE, workbook
from api.web.workbooks import XLSX
from core.access import Role
from core.people import AccountRole
from inspection.models import Officer
from tests.api.web.conftest import City


async def as_administrator(city: City) -> None:
    async with city.database.transaction() as session:
        session.add(AccountRole(account_id=city.world.supervisor, role=Role.ADMINISTRATOR))
    await city.log_in(city.world.supervisor)


async def rows_of(city: City) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(BytesIO((await city.get(HERE + "/roster.xlsx")).content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def sent(officers: list[tuple[Any, ...]]) -> dict[str, Any]:
    content = workbook({"officers": officers, "certificates": [], "vehicles": []})
    return {"files": {"file": ("roster.xlsx", content, XLSX)}}


async def test_roster_is_downloaded_changed_and_taken_in_again(city: City) -> None:
    await as_administrator(city)
    before = (await rows_of(city))["人员"]
    rows = [tuple(row) for row in before[1:]]
    newcomer = ("fire-A77", "何远", "fire", "A", "", 121.05, 29.6, "", "", "是")
    answer = await city.post(HERE, **sent([*rows, newcomer]))
    assert f"新增 1 行，更新 {len(rows)} 行" in answer.text
    after = (await rows_of(city))["人员"]
    assert sorted(map(str, after[1:])) == sorted(map(str, [*before[1:], list(newcomer)]))


async def test_wrong_rows_are_listed_and_nothing_changes(city: City) -> None:
    await as_administrator(city)
    wrong = [
        ("x-1", "", "fire", "Z", "", 1, 1, "", "", "是"),
        ("x-2", "何远", "nowhere", "A", "", 1, 1, "", "", "是"),
    ]
    answer = await city.post(HERE, **sent(wrong))
    assert answer.status_code == 422
    for words in ("姓名没有填写。", "岗位应填 A 或 B。", "没有代码为nowhere的部门。"):
        assert words in answer.text
    async with city.database.transaction() as session:
        found = await session.scalars(sa.select(col(Officer.number)).where(col(Officer.number).like("x-%")))
        assert list(found) == []


async def test_file_that_is_no_workbook_is_refused(city: City) -> None:
    await as_administrator(city)
    for content in (b"", b"no workbook", workbook({"officers": [], "certificates": [], "vehicles": []})):
        answer = await city.post(HERE, files={"file": ("roster.xlsx", content, XLSX)})
        assert answer.status_code == 422
