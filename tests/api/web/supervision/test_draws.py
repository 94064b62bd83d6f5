import json

from api.web.supervision.draws import NotADrawFile
from tests.api.web.conftest import City
from tests.inspection.world import make_segment

CODES = [f"2601-990101-47-01-{number:06d}" for number in (1, 2, 3)]
FORM = {"title": "三月抽查", "projects": "\n".join(CODES), "departments": "fire", "count": "2"}


async def test_draw_is_committed_to_held_once_and_verified_by_anybody(city: City) -> None:
    async with city.database.transaction() as session:
        for number in (1, 2, 3):
            await make_segment(session, number)
    await city.log_in(city.world.supervisor)
    answer = await city.post("/draws", FORM)
    assert answer.status_code == 303
    here = answer.headers["location"]
    assert (await city.get(f"{here}/file")).status_code == 409
    assert (await city.post(f"{here}/hold", {"public": "0304"})).status_code == 303
    assert (await city.post(f"{here}/hold", {})).status_code == 409
    city.client.cookies.clear()
    shown, file = (await city.get(here)).text, (await city.get(f"{here}/file")).json()
    drawn = [each["object"] for each in file["result"]]
    assert len(drawn) == 2
    assert [code in shown for code in CODES] == [code in drawn for code in CODES]
    assert FORM["title"] in (await city.get("/draws")).text
    for content, said in (
        (file, "抽取属实"),
        (file | {"result": file["result"][::-1]}, "文件已被改动"),
        (file | {"commitment": "0" * 64}, "没有这次抽取"),
    ):
        sent = {"file": ("draw.json", json.dumps(content).encode())}
        assert said in (await city.post("/draws/verify", {}, files=sent)).text
    refused = await city.post("/draws/verify", {}, files={"file": ("draw.json", b"nothing")})
    assert (refused.status_code, NotADrawFile.message in refused.text) == (422, True)


async def test_draw_that_cannot_be_is_refused_beside_the_form(city: City) -> None:
    await city.log_in(city.world.supervisor)
    refused = await city.post("/draws", FORM | {"projects": "9999-000000-00-00-000000"})
    assert (refused.status_code, "请至少列出一项。" in refused.text) == (422, True)
    assert FORM["title"] in refused.text
