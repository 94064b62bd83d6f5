from tests.api.web import walk
from tests.api.web.conftest import City
from tests.factories.dossiers import make_dossier


async def test_notice_given_twice_and_what_supervision_saw_lead_to_their_cases(city: City) -> None:
    dossier = make_dossier()
    code = await walk.apply(city, dossier.application)
    await walk.upload(city, code, dossier.files)
    await walk.accept(city, code)
    await walk.fan_out(city, code)
    await city.log_in(city.world.supervisor)
    overview = (await city.get("/supervision")).text
    assert "二次告知" in overview
    assert "/supervision/events/second_notice" not in overview
    answer = await city.post(
        "/supervision/violations", {"code": code, "department": "fire", "reason": "提前离场"}
    )
    assert answer.status_code == 303
    listed = (await city.get(answer.headers["location"])).text
    assert f'href="/inspections/{code}"' in listed
    assert "提前离场" in listed
    refused = await city.post("/supervision/violations", {"code": code, "department": "gas", "reason": "x"})
    assert refused.status_code == 409


async def test_unknown_kind_of_event_is_not_found(city: City) -> None:
    await city.log_in(city.world.supervisor)
    assert (await city.get("/supervision/events/nothing")).status_code == 404
