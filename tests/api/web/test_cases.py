from tests.api.web.conftest import City

APPLICATION = {
    "code": "2601-990101-47-01-000001",
    "project": "滨江实验小学新建工程",
    "owner_name": "临澜建设有限公司",
    "owner_credit_code": "91990100MA0000000X",
    "district": "东澜区",
    "address": "滨江大道 118 号",
    "lon": "120.5",
    "lat": "31.3",
    "segment": "一期",
    "floor_area": "9,000.5",
    "use": "industry",
    "risk": "middle",
    "facts": ["archives"],
    "wanted_from": "",
    "wanted_to": "",
}


async def apply(city: City, **changes: object) -> str:
    await city.log_in(city.world.owner)
    answer = await city.post("/cases/new", APPLICATION | changes)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix("/cases/").partition("?")[0]


async def test_application_makes_a_draft_with_its_documents(city: City) -> None:
    code = await apply(city)
    page = await city.get(f"/cases/{code}")
    assert page.status_code == 200
    assert "滨江实验小学新建工程" in page.text
    assert "联合验收申请表" in page.text


async def test_wrong_application_names_each_field_and_keeps_the_rest(city: City) -> None:
    await city.log_in(city.world.owner)
    answer = await city.post("/cases/new", APPLICATION | {"code": "12", "floor_area": "many", "use": ""})
    assert answer.status_code == 422
    for field in ("code", "floor_area", "use"):
        assert f'id="{field}-error"' in answer.text
    assert "滨江大道 118 号" in answer.text
