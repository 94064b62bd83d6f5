import re

import httpx
import pytest

from core.clock import local_date
from core.people import Account, Delegation, Right
from tests.api.web import walk
from tests.api.web.conftest import City
from tests.inspection import world

FIRE = "fire_acceptance"


async def invited(city: City) -> str:
    """A case whose departments have all agreed to come."""
    async with city.database.transaction() as session:
        case = await world.confirmed(session, city.world, city.now)
        await world.reply_all(session, city.world, case, city.now)
        return case.code


async def on_site(city: City) -> tuple[str, list[int]]:
    """A case whose visit is open, and the two officers booked for fire."""
    async with city.database.transaction() as session:
        case = await world.confirmed(session, city.world, city.now)
        await world.reply_all(session, city.world, case, city.now)
        city.now = await world.arrive_and_open(session, city.world, case)
        code = case.code
    return code, dict(await walk.teams(city, code))[FIRE]


async def opine(city: City, code: str, **form: str) -> httpx.Response:
    return await city.post(f"/tasks/{code}/{FIRE}/opinion", form)


async def test_week_lists_own_visits_only(city: City) -> None:
    code = await invited(city)
    booked = dict(await walk.teams(city, code))[FIRE]
    others = [officer.account_id or 0 for officer in city.world.officers["fire"]]
    for account in others:
        await city.log_in(account)
        listed = f"/tasks/{code}/{FIRE}" in (await city.get("/tasks/week")).text
        assert listed is (account in booked)


async def test_today_shows_the_visit_on_its_day(city: City) -> None:
    code, (first, _) = await on_site(city)
    await city.log_in(first)
    page = (await city.get("/tasks")).text
    assert f"/tasks/{code}/{FIRE}" in page
    assert "has-tabbar" in page


async def test_task_shows_place_checklist_and_who_comes(city: City) -> None:
    code, (first, _) = await on_site(city)
    await city.log_in(first)
    page = (await city.get(f"/tasks/{code}/{FIRE}")).text
    for shown in ("临澜市澜江路1号", "geo:31.3", "疏散", "官planning0"):
        assert shown in page


async def test_checking_in_elsewhere_needs_a_reason(city: City) -> None:
    code = await invited(city)
    first, _ = dict(await walk.teams(city, code))[FIRE]
    await city.log_in(first)
    far = {"lon": "121.5", "lat": "31.3"}
    answer = await city.post(f"/tasks/{code}/{FIRE}/check-in", far)
    assert answer.status_code == 422
    assert "签到须说明理由" in answer.text
    nonsense = await city.post(f"/tasks/{code}/{FIRE}/check-in", {"lon": "NaN", "lat": "north"})
    assert nonsense.status_code == 422
    await walk.done(city, f"/tasks/{code}/{FIRE}/check-in", far | {"reason": "堵车，先在线签到"})


async def test_officer_of_another_department_finds_no_such_task(city: City) -> None:
    code, _ = await on_site(city)
    await city.log_in(city.world.officers["gas"][0].account_id or 0)
    assert (await city.get(f"/tasks/{code}/{FIRE}")).status_code == 404
    assert (await opine(city, code, verdict="agree")).status_code == 404


async def test_colleague_who_is_not_booked_cannot_give_the_opinion(city: City) -> None:
    code, booked = await on_site(city)
    spare = next(o.account_id or 0 for o in city.world.officers["fire"] if o.account_id not in booked)
    await city.log_in(spare)
    answer = await opine(city, code, verdict="agree")
    assert answer.status_code == 403
    assert "只有本次受派的人员可以办理" in answer.text


async def test_opinion_stands_with_the_second_officers_signature_only(city: City) -> None:
    code, (first, second) = await on_site(city)
    await city.log_in(first)
    assert (await opine(city, code, verdict="agree", text="符合")).status_code == 303
    page = (await city.get(f"/tasks/{code}/{FIRE}")).text
    assert "签名并生效" not in page
    again = await city.post(f"/tasks/{code}/{FIRE}/sign")
    assert again.status_code == 409
    assert "两名不同的受派人员" in again.text
    await city.log_in(second)
    await walk.done(city, f"/tasks/{code}/{FIRE}/sign")
    assert "待签名" not in (await city.get(f"/tasks/{code}/{FIRE}")).text


@pytest.mark.parametrize(
    ("language", "said"),
    [("zh-CN", "您没有代表该部门办理此事项的授权。"), ("en", "You hold no delegation of this department")],
)
async def test_officer_without_a_delegation_is_told_in_the_readers_language(
    city: City, language: str, said: str
) -> None:
    code, (first, _) = await on_site(city)
    async with city.database.transaction() as session:
        (await session.get_one(Account, first)).department_code = "planning"
    await city.log_in(first)
    city.client.headers["accept-language"] = language
    answer = await opine(city, code, verdict="agree")
    assert answer.status_code == 403
    assert said in answer.text


async def test_delegate_of_another_department_finds_the_task_on_the_day(city: City) -> None:
    code, _ = await on_site(city)
    delegate = city.world.officers["gas"][0].account_id or 0
    await city.log_in(delegate)
    assert "受其他部门委托" not in (await city.get("/tasks")).text
    async with city.database.transaction() as session:
        today = local_date(city.now)
        session.add(
            Delegation(
                department_code="fire",
                account_id=delegate,
                right=Right.INSTANT_APPROVAL,
                matters=[FIRE],
                valid_from=today,
                valid_to=today,
            )
        )
    page = (await city.get("/tasks")).text
    assert "受其他部门委托" in page
    assert f'href="/tasks/{code}/{FIRE}"' in page
    assert (await city.get(f"/tasks/{code}/{FIRE}")).status_code == 200


async def test_failing_opinion_lists_findings_and_keeps_what_was_entered(city: City) -> None:
    code, (first, second) = await on_site(city)
    await city.log_in(first)
    answer = await opine(city, code, verdict="rectify", text="疏散门方向有误")
    assert answer.status_code == 422
    assert "一次列明" in answer.text
    assert "疏散门方向有误" in answer.text
    finding = {"key": "a" * 32, "text": "三层疏散门反向", "basis": "防火规范", "critical": "1"}
    await walk.done(city, f"/tasks/{code}/{FIRE}/finding", finding)
    await city.log_in(city.world.owner)
    assert "三层疏散门反向" not in (await city.get(f"/cases/{code}")).text
    await city.log_in(first)
    assert (await opine(city, code, verdict="agree")).status_code == 409
    await walk.done(city, f"/tasks/{code}/{FIRE}/opinion", {"verdict": "rectify"})
    await city.log_in(second)
    await walk.done(city, f"/tasks/{code}/{FIRE}/sign")
    await city.log_in(city.world.owner)
    page = (await city.get(f"/cases/{code}")).text
    assert "三层疏散门反向" in page
    assert "现场复验" in page


async def test_commitment_needs_its_text_and_day(city: City) -> None:
    code, (first, _) = await on_site(city)
    await city.log_in(first)
    assert (await opine(city, code, verdict="agree_with_commitment")).status_code == 422
    due = city.now.replace(year=city.now.year + 1).date().isoformat()
    promise = {"commitment": "补种乔木", "commitment_due": due}
    assert (await opine(city, code, verdict="agree_with_commitment", **promise)).status_code == 303


async def test_nothing_chosen_is_told_beside_the_choice(city: City) -> None:
    code, (first, _) = await on_site(city)
    await city.log_in(first)
    answer = await opine(city, code, text="忘了选")
    assert answer.status_code == 422
    assert 'id="verdict-error"' in answer.text


async def test_calendar_feed_is_private_and_can_be_revoked(city: City) -> None:
    code = await invited(city)
    first, _ = dict(await walk.teams(city, code))[FIRE]
    await city.log_in(first)
    page = (await city.post("/tasks/feed")).text
    address = re.search(r'value="[^"]*(/feeds/[^"]+)"', page)
    assert address is not None
    city.client.cookies.clear()
    feed = await city.get(address[1])
    assert feed.headers["content-type"].startswith("text/calendar")
    assert feed.text.count("BEGIN:VEVENT") == 1
    assert "临澜项目1" in feed.text
    assert "官" not in feed.text
    await city.log_in(first)
    assert address[1] not in (await city.get("/tasks/feed")).text
    await walk.done(city, "/tasks/feed/revoke")
    assert (await city.get(address[1])).status_code == 404
    assert (await city.get("/feeds/guessed/tasks.ics")).status_code == 404


async def test_files_are_the_same_for_everybody_so_a_phone_finds_what_it_kept(
    client: httpx.AsyncClient,
) -> None:
    page, file = await client.get("/login"), await client.get("/static/officer.js")

    assert "Cookie" in page.headers["vary"]
    assert "vary" not in file.headers
