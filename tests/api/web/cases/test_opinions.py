import hashlib

import pytest

from inspection.commands import decisions
from inspection.states import CaseState
from tests.api.web import walk
from tests.api.web.conftest import City
from tests.inspection import world


@pytest.fixture
async def issued(city: City) -> tuple[str, bytes]:
    """Code and PDF of an issued case."""
    async with city.database.transaction() as session:
        case, city.now = await world.issued(session, city.world, city.now)
        code = case.code
    await city.run_jobs()
    await city.log_in(city.world.owner)
    pdf = await city.get(f"/cases/{code}/opinion.pdf")
    assert pdf.status_code == 200
    return code, pdf.content


async def test_whoever_booked_may_not_issue(city: City) -> None:
    async with city.database.transaction() as session:
        case, city.now = await world.visited(session, city.world, city.now)
        await decisions.deliberate(session, case, by=city.world.dispatcher, now=city.now)
        case.dispatcher_id = city.world.issuer
        code = case.code
    await city.log_in(city.world.issuer)
    answer = await city.post(f"/inspections/{code}/issue")
    assert answer.status_code == 403
    assert "须由另一人办理" in answer.text
    async with city.database.transaction() as session:
        again = await session.get_one(type(case), case.id)
        assert again.state is CaseState.OPINION_READY


async def test_opinion_is_for_those_who_may_read_the_case(city: City, issued: tuple[str, bytes]) -> None:
    code, _ = issued
    await city.log_in(city.world.liaisons["gas"])
    assert (await city.get(f"/inspections/{code}/opinion.pdf")).status_code == 404
    city.client.cookies.clear()
    assert (await city.get(f"/cases/{code}/opinion.pdf")).status_code == 302


async def test_code_leads_to_departments_and_no_person(city: City, issued: tuple[str, bytes]) -> None:
    code, pdf = issued
    printed = await verification_code(city, code)
    city.client.cookies.clear()
    page = (await city.get(f"/verify/{printed}")).text
    assert "联合验收意见书真实有效" in page
    assert hashlib.sha256(pdf).hexdigest() in page
    assert "官" not in page.replace("官方", "")
    assert (await city.get(f"/verify?code={printed.lower()}")).text.count("联合验收意见书真实有效") == 1


async def test_minutes_are_read_by_department_in_both_languages(city: City) -> None:
    async with city.database.transaction() as session:
        case, city.now = await world.visited(session, city.world, city.now)
    await city.log_in(city.world.dispatcher)
    address = f"/inspections/{case.code}/minutes/1"
    chinese = await city.get(address)
    city.client.cookies.set("lang", "en")
    english = await city.get(address)
    assert (chinese.status_code, english.status_code) == (200, 200)
    assert "（消防）" in chinese.text
    assert "Fire" in english.text


async def verification_code(city: City, code: str) -> str:
    page = (await city.get(f"/cases/{code}")).text
    return page.partition('href="/verify/')[2].partition('"')[0]


async def test_unknown_code_is_told_so(city: City) -> None:
    assert "没有这份文书" in (await city.get("/verify/AAAA-BBBB-CCCC-DDDD")).text


async def test_changed_file_fails_with_and_without_the_code(city: City, issued: tuple[str, bytes]) -> None:
    code, pdf = issued
    printed = await verification_code(city, code)
    changed = pdf.replace(b"%%EOF", b"%%EOG")
    for data in ({}, {"code": printed}):
        genuine = await city.post("/verify", data, files={"file": ("a.pdf", pdf)})
        assert "文件真实有效" in genuine.text
        wrong = await city.post("/verify", data, files={"file": ("a.pdf", changed)})
        assert "文件已被改动" in wrong.text
    other = await city.post("/verify", files={"file": ("a.pdf", b"%PDF-1.7 something else")})
    assert "没有这份文书" in other.text


async def test_no_file_is_refused_beside_the_field(city: City) -> None:
    answer = await city.post("/verify", {"code": ""})
    assert answer.status_code == 422
    assert "请选择要验证的 PDF 文件" in answer.text


async def test_revoked_opinion_is_shown_as_revoked_to_anybody(city: City, issued: tuple[str, bytes]) -> None:
    code, pdf = issued
    printed = await verification_code(city, code)
    await city.log_in(city.world.issuer)
    assert (await city.post(f"/inspections/{code}/revoke", {"revoke_reason": "材料虚假"})).status_code == 403
    await city.log_in(city.world.dispatcher)
    assert "撤销意见书" in (await city.get(f"/inspections/{code}")).text
    await walk.done(city, f"/inspections/{code}/revoke", {"revoke_reason": "材料虚假"})
    await city.run_jobs()
    await city.log_in(city.world.owner)
    page = (await city.get(f"/cases/{code}")).text
    assert "已撤销" in page
    assert "撤销决定书" in page
    assert "联合验收意见书已撤销" in (await city.get("/messages")).text
    compared = await city.post("/verify", {}, files={"file": ("a.pdf", pdf)})
    city.client.cookies.clear()
    for answer in (compared, await city.get(f"/verify/{printed}")):
        assert "意见书已撤销" in answer.text
        assert "真实有效" not in answer.text
    assert "已撤销" in (await city.get(f"/progress/{code}")).text
