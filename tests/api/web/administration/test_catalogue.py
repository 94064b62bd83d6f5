from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core.access import Role
from core.people import Account, AccountRole
from inspection.catalogue import load_rules
from inspection.models import Matter, MatterStatus, RuleValue
from tests.api.web.conftest import City
from tests.inspection.world import at

CHANGED: dict[str, Any] = {
    "department": "gardens",
    "name_zh": "附属绿化工程验收",
    "name_en": "Greening",
    "certificate": "园林绿化",
    "content": "绿地率和苗木",
    "basis": "城市绿化条例第十一条",
    "procedure": "受理—现场—意见",
    "conditions": "绿化已完成",
    "fee": "不收费",
    "result_zh": "绿化意见",
    "result_en": "Opinion",
    "promised_days": "3",
    "officers": "2",
    "site_share": "50",
    "site": "1",
    "triggers": '[{"green_ratio": true}]',
    "documents": "green_drawing | 绿化竣工图 | Greening drawings | main\nseedlings | 苗木清单 | List of plants",
    "checklist": "绿地率\n乔木规格",
    "valid_from": "2026-04-01",
    "source": "绿化验收新规",
}


@pytest.fixture
async def administrators(city: City) -> list[int]:
    async with city.database.transaction() as session:
        people = [
            Account(login=f"admin{number}", name=f"管理{number}", password_hash="-", created_at=city.now)
            for number in (1, 2)
        ]
        session.add_all(people)
        await session.flush()
        session.add_all(AccountRole(account_id=each.id, role=Role.ADMINISTRATOR) for each in people)
    return [each.id for each in people]


async def proposal(city: City) -> Matter | None:
    async with city.database.transaction() as session:
        found: Matter | None = await session.scalar(
            sa.select(Matter).where(col(Matter.status) != MatterStatus.APPROVED)
        )
    return found


async def test_matter_is_proposed_by_one_and_approved_by_another(
    city: City, administrators: list[int]
) -> None:
    first, second = administrators
    await city.log_in(first)
    answer = await city.post("/administration/catalogue/green_space", CHANGED)
    assert answer.status_code == 303, answer.text
    waiting = await proposal(city)
    assert waiting is not None
    page = (await city.get("/administration/catalogue")).text
    assert "由您提出" in page
    assert "绿化验收新规" in page
    path = f"/administration/catalogue/versions/{waiting.id}/approve"
    assert (await city.post(path)).status_code == 403
    await city.log_in(second)
    assert (await city.post(path)).status_code == 303
    assert "城市绿化条例第十一条" in (await city.get("/guide/green_space?on=2026-04-01")).text
    assert "城市绿化条例第十一条" not in (await city.get("/guide/green_space")).text


async def test_faulty_proposal_names_each_field_and_keeps_the_input(
    city: City, administrators: list[int]
) -> None:
    await city.log_in(administrators[0])
    wrong = CHANGED | {"valid_from": "2026-03-03", "source": " "}
    answer = await city.post("/administration/catalogue/green_space", wrong)
    assert answer.status_code == 422
    assert 'id="valid_from-error"' in answer.text
    assert 'id="source-error"' in answer.text
    assert "城市绿化条例第十一条" in answer.text
    for changes, field in (
        ({"triggers": '[{"gold": true}]'}, "triggers"),
        ({"triggers": "no list"}, "triggers"),
        ({"documents": "only a name"}, "documents"),
        ({"promised_days": "soon"}, "promised_days"),
        ({"basis": ""}, "basis"),
    ):
        answer = await city.post("/administration/catalogue/green_space", CHANGED | changes)
        assert (answer.status_code, f'id="{field}-error"' in answer.text) == (422, True), field
    assert await proposal(city) is None


@pytest.mark.parametrize("department", ["fire", "civil_defence", "quality", "planning"])
async def test_deemed_consent_cannot_be_switched_on_for_the_four(
    city: City, administrators: list[int], department: str
) -> None:
    await city.log_in(administrators[0])
    wrong = CHANGED | {"department": department, "deemed_consent_allowed": "1"}
    answer = await city.post("/administration/catalogue/green_space", wrong)
    assert answer.status_code == 422
    assert "该部门的意见不适用超时默许" in answer.text


async def test_new_matter_of_a_new_department(city: City, administrators: list[int]) -> None:
    first, second = administrators
    await city.log_in(first)
    assert (await city.get("/administration/catalogue/new")).status_code == 200
    office = {"code": "seismic", "name_zh": "地震局", "name_en": "Seismic Bureau"}
    assert (await city.post("/administration/departments", office)).status_code == 303
    new = CHANGED | {"code": "seismic_check", "department": "seismic", "name_zh": "抗震核验"}
    assert (await city.post("/administration/catalogue/new", new)).status_code == 303
    waiting = await proposal(city)
    assert waiting is not None
    await city.log_in(second)
    await city.post(f"/administration/catalogue/versions/{waiting.id}/approve")
    assert "抗震核验" in (await city.get("/guide?on=2026-04-02")).text
    assert "抗震核验" not in (await city.get("/guide")).text


async def test_guide_is_public_and_open_data(city: City) -> None:
    city.client.cookies.clear()
    page = (await city.get("/guide")).text
    assert "消防验收" in page
    assert "所有项目" in page
    matter = (await city.get("/guide/fire_acceptance")).text
    for public in ("验收内容", "法律依据", "办理程序", "办理条件", "承诺时限", "收费"):
        assert public in matter
    assert (await city.get("/guide/nothing")).status_code == 404
    data = (await city.get("/api/v1/guide")).json()
    fire = next(each for each in data["matters"] if each["code"] == "fire_acceptance")
    assert fire["drawn_in_en"] == ["not “Small refit without fire inspection”"]
    assert [each["days"] for each in data["times"]] == [3, 7, 12]
    lead = data["matters"][0]
    assert {each["main"] for each in lead["documents"]} == {True, False}


async def test_guide_speaks_english(city: City) -> None:
    await city.get("/lang/en")
    page = (await city.get("/guide/civil_defence")).text
    assert "Civil Defence" in page
    assert "Basement" in page


async def test_limit_changes_only_with_two_and_from_its_day(city: City, administrators: list[int]) -> None:
    first, second = administrators
    new = {"name": "deemed_consent", "value": "1", "valid_from": "2026-03-05", "source": "试点文件"}
    await city.log_in(first)
    for changes, field in (
        ({"value": "2"}, "value"),
        ({"valid_from": "2026-03-03"}, "valid_from"),
        ({"source": ""}, "source"),
    ):
        answer = await city.post("/administration/limits", new | changes)
        assert (answer.status_code, f'id="{field}-error"' in answer.text) == (422, True), field
    assert (await city.post("/administration/limits", new)).status_code == 303
    page = (await city.get("/administration/limits")).text
    assert "由您提出" in page
    async with city.database.transaction() as session:
        version = await session.scalar(
            sa.select(col(RuleValue.id)).where(col(RuleValue.proposed_by) == first)
        )
    path = f"/administration/limits/{version}/approve"
    assert (await city.post(path)).status_code == 403
    async with city.database.transaction() as session:
        assert (await load_rules(session, at(6)))["deemed_consent"] == 0
    await city.log_in(second)
    assert (await city.post(path)).status_code == 303
    async with city.database.transaction() as session:
        assert (await load_rules(session, at(4)))["deemed_consent"] == 0
        assert (await load_rules(session, at(6)))["deemed_consent"] == 1
