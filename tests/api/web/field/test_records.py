"""What a phone's queue sends, and what the officer's pages show of it."""

import io
import re
from typing import Any

import httpx
import sqlalchemy as sa
from PIL import Image

from inspection.models import FieldRecord, Finding
from tests.api.web import walk
from tests.api.web.conftest import City
from tests.api.web.field.test_days import FIRE, invited, on_site
from tests.factories.dossiers import make_dossier

OTHER_OFFICER = {"result": "other_officer"}


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (800, 600), "navy").save(out, "PNG")
    return out.getvalue()


async def send(city: City, code: str, officer: int, kind: str, number: int, **fields: Any) -> dict[str, Any]:
    """One record as the phone sends it; `photos` is a list of bytes."""
    photos = [("photos", ("p.jpg", data, "image/jpeg")) for data in fields.pop("photos", [])]
    record = {
        "record": f"00000000-0000-0000-0000-{number:012d}",
        "officer": str(officer),
        "said_at": city.now.isoformat(),
        "kind": kind,
        "code": code,
        "matter": FIRE,
    }
    answer = await city.post("/tasks/records", record | fields, files=photos or None)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_record_sent_again_changes_nothing(city: City) -> None:
    code, (first, _) = await on_site(city)
    await city.log_in(first)
    finding = {"key": "f" * 32, "text": "疏散门反向", "recheck": "desk"}
    for _ in range(3):
        assert (await send(city, code, first, "finding", 1, **finding))["result"] == "done"
    async with city.database.transaction() as session:
        assert len(list(await session.scalars(sa.select(Finding)))) == 1
        assert len(list(await session.scalars(sa.select(FieldRecord)))) == 1


async def test_refused_record_may_come_again_once_it_is_possible(city: City) -> None:
    code = await invited(city)
    first, _ = dict(await walk.teams(city, code))[FIRE]
    await city.log_in(first)
    away = await send(city, code, first, "check-in", 1)
    assert (away["result"], "签到须说明理由" in away["message"]) == ("refused", True)
    assert (await send(city, code, first, "opinion", 2, verdict="agree"))["result"] == "refused"
    assert (await send(city, code, first, "check-in", 1, reason="信号不好"))["result"] == "done"
    page = (await city.get(f"/tasks/{code}/{FIRE}")).text
    assert 'action="/tasks/' in page
    assert "已签到" in page


async def test_colleagues_answer_comes_back_with_the_conflict(city: City) -> None:
    code, (first, second) = await on_site(city)
    await city.log_in(first)
    met = await send(city, code, first, "checklist", 1, item="1", seen="0", result="met")
    assert met == {"result": "done", "version": 1}
    await city.log_in(second)
    mine: dict[str, Any] = {"item": "1", "result": "not_met", "note": "无水"}
    conflict = await send(city, code, second, "checklist", 2, **mine, seen="0")
    assert (conflict["result"], conflict["version"]) == ("conflict", 1)
    assert conflict["theirs"] == {"result": "met", "note": ""}
    assert (await send(city, code, second, "checklist", 3, **mine, seen="1"))["version"] == 2


async def test_anothers_records_and_nonsense_are_not_taken(city: City) -> None:
    code, (first, second) = await on_site(city)
    await city.log_in(first)
    assert await send(city, code, second, "sign", 1) == OTHER_OFFICER
    assert (await send(city, code, first, "destroy", 2))["result"] == "refused"
    assert (await send(city, code, first, "sign", 3, said_at="yesterday"))["result"] == "refused"
    assert (await send(city, code, first, "sign", 4, record="../x"))["result"] == "refused"
    await city.log_in(city.world.officers["gas"][0].account_id or 0)
    foreign = city.world.officers["gas"][0].account_id or 0
    assert (await send(city, code, foreign, "finding", 5, key="a" * 32, text="x"))["result"] == "refused"


async def test_photos_are_shown_to_those_who_see_the_finding(city: City) -> None:
    code, (first, second) = await on_site(city)
    await city.log_in(first)
    finding: dict[str, Any] = {"key": "f" * 32, "text": "疏散门反向"}
    refused = await send(city, code, first, "finding", 1, **finding, photos=[b"%PDF-1.7"])
    assert (refused["result"], "JPEG" in refused["message"]) == ("refused", True)
    assert (await send(city, code, first, "finding", 2, **finding, photos=[picture()]))["result"] == "done"
    (photo,) = re.findall(rf"/inspections/{code}/photos/[0-9a-f]{{64}}", await text(city, code))[:1]
    shown = await city.get(photo)
    assert (shown.headers["content-type"], shown.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    owners = photo.replace("/inspections/", "/cases/")
    for stranger in (city.world.liaisons["planning"], city.world.owner):
        await city.log_in(stranger)  # a department's own note, until both have signed
        assert (await city.get(photo)).status_code == 404
    await city.log_in(first)
    assert (await send(city, code, first, "opinion", 3, verdict="rectify"))["result"] == "done"
    await city.log_in(second)
    assert (await send(city, code, second, "sign", 4, seen="1"))["result"] == "done"
    await city.log_in(city.world.owner)
    assert owners in (await city.get(f"/cases/{code}")).text
    assert (await city.get(owners)).status_code == 200
    assert (await city.get(f"/cases/{code}/photos/{'0' * 64}")).status_code == 404


async def text(city: City, code: str) -> str:
    return (await city.get(f"/tasks/{code}/{FIRE}")).text


async def test_finding_has_its_place_on_a_drawing_of_the_case(city: City) -> None:
    code, (first, _) = await on_site(city)
    await walk.upload(city, code, make_dossier((), drawings=1).files)
    await city.log_in(first)
    plans = re.findall(r'<option value="(\d+):(\d+):(\d+)">', await text(city, code))
    assert plans
    file, page, height = plans[0]
    place = f"{file}:{page}:0.25:0.5:{height}"
    for wrong in ("1:2", f"{file}:{page}:1.5:0.5:{height}", f"999999:{page}:0.5:0.5:{height}", "a:b:c:d:e"):
        answer = await send(city, code, first, "finding", 1, key="f" * 32, text="门", place=wrong)
        assert (wrong, answer["result"]) == (wrong, "refused")
    assert (await send(city, code, first, "finding", 2, key="f" * 32, text="门", place=place))[
        "result"
    ] == "done"
    marked = await text(city, code)
    assert f'cx="250.0" cy="{int(height) / 2:.1f}"' in marked
    drawn = await city.get(f"/inspections/{code}/plans/{file}/{page}")
    assert drawn.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert (await city.get(f"/inspections/{code}/plans/999999/1")).status_code == 404


async def test_worker_may_look_after_the_officers_pages_only(city: City) -> None:
    answer = await city.get("/tasks/worker.js")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/javascript")
    assert answer.headers["service-worker-allowed"] == "/tasks"
    assert answer.headers["cache-control"] == "no-cache"


async def test_logging_out_clears_the_device(city: City) -> None:
    await city.log_in(city.world.officers["fire"][0].account_id or 0)
    answer: httpx.Response = await city.post("/logout")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
