import re
from datetime import timedelta

from core.access import Role
from core.clock import LOCAL
from inspection.commands.bookings import standing_visit
from inspection.commands.fieldwork import FindingForm
from inspection.states import RecheckMode
from tests.api.web import walk
from tests.api.web.conftest import City
from tests.factories import add_account
from tests.inspection import world


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


async def test_project_of_another_owner_is_refused(city: City) -> None:
    await walk.apply(city)
    answer = await city.post("/cases/new", walk.APPLICATION | {"owner_credit_code": "91990100MA0000000Y"})
    assert answer.status_code == 422
    assert "与该项目登记的建设单位不一致" in answer.text


async def test_form_is_filled_from_own_projects_only(city: City) -> None:
    await walk.apply(city)
    own = (await city.get(f"/cases/new?project={walk.APPLICATION['code']}")).text
    assert "滨江大道 118 号" in own
    await city.log_in(await another_owner(city))
    foreign = (await city.get(f"/cases/new?project={walk.APPLICATION['code']}")).text
    assert "滨江大道 118 号" not in foreign


async def another_owner(city: City) -> int:
    async with city.database.transaction() as session:
        return (await add_account(session, Role.OWNER)).id


async def test_case_of_another_owner_is_not_found_in_any_way(city: City) -> None:
    code = await walk.apply(city)
    await city.log_in(await another_owner(city))
    assert (await city.get(f"/cases/{code}")).status_code == 404
    assert (await city.get(f"/cases/{code}/dossier")).status_code == 404
    assert code not in (await city.get("/cases")).text
    for act in ("submit", "withdraw", "documents"):
        assert (await city.post(f"/cases/{code}/{act}")).status_code == 404, act
    city.client.cookies.clear()
    assert (await city.get(f"/cases/{code}")).status_code == 302


async def test_draft_is_not_public_and_a_submitted_case_shows_departments_only(city: City) -> None:
    code = await walk.apply(city)
    assert (await city.get(f"/progress/{code}")).status_code == 404
    assert (await city.get(f"/api/v1/cases/{code}/public")).status_code == 404
    async with city.database.transaction() as session:
        case = await world.confirmed(session, city.world, city.now, 2)
        await world.reply_all(session, city.world, case, city.now)
    city.client.cookies.clear()
    answer = await city.get(f"/api/v1/cases/{case.code}/public")
    assert answer.json()["parties"][0].keys() == {
        *("department", "department_en", "matter", "matter_en", "state"),
    }
    page = (await city.get(f"/progress/{case.code}")).text
    for text in (answer.text, page):
        assert "消防" in text
        for private in ("官", "某owner", "91990100MA0000000X", "澜江路"):
            assert private not in text
    unchanged = await city.client.get(
        f"/api/v1/cases/{case.code}/public", headers={"if-none-match": answer.headers["etag"]}
    )
    assert unchanged.status_code == 304


async def test_owner_withdraws_and_the_case_is_over(city: City) -> None:
    code = await walk.apply(city)
    await walk.done(city, f"/cases/{code}/withdraw", {"withdraw_reason": "推迟竣工"})
    page = (await city.get(f"/cases/{code}")).text
    assert "已撤回" in page
    assert f"/cases/{code}/withdraw" not in page


async def test_every_page_of_a_case_speaks_english(city: City) -> None:
    code = await walk.apply(city)
    await city.get("/lang/en?next=/")
    for path in ("/cases", "/cases/new", f"/cases/{code}"):
        page = (await city.get(path)).text
        assert 'lang="en"' in page
    assert "Joint inspection application" in page


async def test_desks_lead_each_role_to_its_own(city: City) -> None:
    leads = {
        city.world.owner: "/cases",
        city.world.window: "/inspections/window",
        city.world.dispatcher: "/inspections/board",
        city.world.issuer: "/inspections/issue",
        city.world.liaisons["fire"]: "/inspections/inbox",
        city.world.supervisor: "/supervision",
    }
    for account, desk in leads.items():
        await city.log_in(account)
        assert (await city.get("/inspections")).headers["location"] == desk
        assert (await city.get(desk)).status_code == 200


async def test_lead_sees_when_the_visit_is_beside_who_has_replied(city: City) -> None:
    async with city.database.transaction() as session:
        case = await world.confirmed(session, city.world, city.now)
        visit = await standing_visit(session, case)
    assert visit is not None
    await city.log_in(city.world.dispatcher)
    page = (await city.get(f"/inspections/{case.code}")).text
    starts, ends = visit.starts_at.astimezone(LOCAL), visit.ends_at.astimezone(LOCAL)
    shown = f"{starts.year}年{starts.month}月{starts.day}日 {starts:%H:%M}–{ends:%H:%M}"
    assert shown in page[page.index("答复情况") : page.index("个部门已答复")]


async def test_supervision_counts_lamps_and_leads_down_to_cases(city: City) -> None:
    async with city.database.transaction() as session:
        case = await world.confirmed(session, city.world, city.now)
    city.now += timedelta(days=14)
    await city.run_jobs()
    await city.log_in(city.world.supervisor)
    page = (await city.get("/supervision?lamp=red")).text
    assert f"/inspections/{case.code}" in page
    assert "逾期未复" in page
    below = (await city.get("/supervision/violations?department=fire&kind=no_reply")).text
    assert f"/inspections/{case.code}" in below
    assert "没有符合条件的记录" in (await city.get("/supervision/violations?department=gas")).text


async def test_findings_are_rectified_with_evidence_and_rechecked_at_the_desk(city: City) -> None:
    async with city.database.transaction() as session:
        findings = [FindingForm(text="疏散门开向错误", recheck=RecheckMode.DESK)]
        case, city.now = await world.visited(session, city.world, city.now, fire=findings)
    await city.log_in(city.world.dispatcher)
    await walk.done(city, f"/inspections/{case.code}/deliberate")
    await city.log_in(city.world.owner)
    page = (await city.get(f"/cases/{case.code}")).text
    address = re.search(r'action="(/cases/[^"]+/rectify)"', page)
    assert address is not None
    foreign = await city.post(address[1], {"text": "门已换向", "evidence": "999999"})
    assert foreign.status_code == 409
    assert "门已换向" in foreign.text
    await city.post(f"/cases/{case.code}/documents", files=[("files", ("照片.pdf", b"%PDF-1.7"))])
    evidence = re.search(r'name="evidence" value="(\d+)"', (await city.get(f"/cases/{case.code}")).text)
    assert evidence is not None
    await walk.done(city, address[1], {"text": "门已换向", "evidence": evidence[1]})
    await walk.done(city, f"/cases/{case.code}/recheck")
    await city.log_in(city.world.dispatcher)
    await walk.done(city, f"/inspections/{case.code}/next-round")
    assert "书面复验" in (await city.get(f"/inspections/{case.code}")).text
