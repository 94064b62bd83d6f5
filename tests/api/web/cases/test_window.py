import re
from datetime import timedelta

from tests.api.web import walk
from tests.api.web.conftest import City
from tests.factories.dossiers import make_dossier


async def submitted(city: City) -> str:
    code = await walk.apply(city)
    await walk.done(city, f"/cases/{code}/submit")
    await city.log_in(city.world.window)
    return code


async def test_queue_shows_the_deadline_with_its_rule_and_calendar(city: City) -> None:
    code = await submitted(city)
    page = (await city.get("/inspections/window")).text
    assert f"/inspections/{code}" in page
    assert "收件：自次日起 1 个工作日" in re.sub(r"\s+", " ", page)
    assert "窗口收件时限" in page
    assert "工作日历版本" in page


async def test_overdue_receipt_has_a_red_lamp(city: City) -> None:
    await submitted(city)
    city.now += timedelta(days=3)
    await city.log_in(city.world.window)
    assert 'class="lamp red"' in (await city.get("/inspections/window")).text


async def test_missing_main_document_cannot_be_accepted(city: City) -> None:
    code = await submitted(city)
    await walk.done(city, f"/inspections/{code}/receive")
    answer = await city.post(f"/inspections/{code}/accept")
    assert answer.status_code == 409
    assert "主要材料不齐全" in answer.text


async def test_deficiencies_are_notified_once_and_reach_the_owner(city: City) -> None:
    code = await submitted(city)
    await walk.done(city, f"/inspections/{code}/receive")
    await walk.done(city, f"/inspections/{code}/deficiencies", {"items": "补交竣工报告\n\n核实面积"})
    await city.log_in(city.world.owner)
    page = (await city.get(f"/cases/{code}")).text
    assert "补交竣工报告" in page
    assert "核实面积" in page
    await walk.done(city, f"/cases/{code}/resubmit")
    await city.log_in(city.world.window)
    second = await city.post(f"/inspections/{code}/deficiencies", {"items": "又想起一项"})
    assert second.status_code == 409
    assert "只能一次性告知" in second.text
    assert "又想起一项" in second.text


async def test_gap_without_a_date_is_refused_and_the_promise_kept(city: City) -> None:
    dossier = make_dossier()
    code = await walk.apply(city, dossier.application)
    await walk.upload(city, code, dossier.files)
    await walk.done(city, f"/cases/{code}/submit")
    await city.log_in(city.world.window)
    await walk.done(city, f"/inspections/{code}/receive")
    page = (await city.get(f"/inspections/{code}")).text
    gaps = re.findall(r'name="gap" value="([^"]+)"', page)
    promises = {f"promise-{gap}": "下月补交原件" for gap in gaps}
    answer = await city.post(f"/inspections/{code}/accept", {"gap": gaps, **promises})
    assert answer.status_code == 409
    assert answer.text.count("下月补交原件") == len(gaps)
    wrong = await city.post(
        f"/inspections/{code}/accept", {"gap": gaps, f"due-{gaps[0]}": "明天", **promises}
    )
    assert wrong.status_code == 422
    assert "日期应为" in wrong.text


async def test_refusal_needs_a_reason(city: City) -> None:
    code = await submitted(city)
    await walk.done(city, f"/inspections/{code}/receive")
    assert (await city.post(f"/inspections/{code}/refuse", {"refusal": " "})).status_code == 422
    await walk.done(city, f"/inspections/{code}/refuse", {"refusal": "不属于受理范围"})


async def test_act_in_the_wrong_state_is_refused_on_the_case_page(city: City) -> None:
    code = await submitted(city)
    answer = await city.post(f"/inspections/{code}/accept")
    assert answer.status_code == 409
