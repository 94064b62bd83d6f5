from tests.api.web import walk
from tests.api.web.conftest import City


async def test_application_makes_a_draft_with_its_documents(city: City) -> None:
    code = await walk.apply(city)
    page = await city.get(f"/cases/{code}")
    assert page.status_code == 200
    assert "滨江实验小学新建工程" in page.text
    assert "联合验收申请表" in page.text


async def test_wrong_application_names_each_field_and_keeps_the_rest(city: City) -> None:
    await city.log_in(city.world.owner)
    answer = await city.post("/cases/new", walk.APPLICATION | {"code": "12", "floor_area": "many", "use": ""})
    assert answer.status_code == 422
    for field in ("code", "floor_area", "use"):
        assert f'id="{field}-error"' in answer.text
    assert "滨江大道 118 号" in answer.text
