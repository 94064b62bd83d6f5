import asyncio
import io
import re
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core.access import Role
from core.people import Account, AccountRole, Delegation
from inspection import archive
from inspection.commands import decisions, letters
from inspection.models import Case, Letter, Message
from inspection.states import CaseState, LetterKind
from tests.api.web import walk
from tests.api.web.conftest import City
from tests.inspection import world
from tests.inspection.test_aftercare import absent, switch_on
from tests.inspection.world import at


async def issued(city: City) -> str:
    async with city.database.transaction() as session:
        case, city.now = await world.issued(session, city.world, city.now)
    await city.run_jobs()
    return case.code


async def state_of(city: City, code: str) -> CaseState:
    async with city.database.transaction() as session:
        return (await session.scalars(sa.select(col(Case.state)).where(col(Case.code) == code))).one()


def first_id(page: str, pattern: str) -> str:
    found = re.search(pattern, page)
    assert found is not None, pattern
    return found[1]


async def test_fee_is_demanded_and_let_through_by_supervision_only(city: City) -> None:
    async with city.database.transaction() as session:
        case, city.now = await world.visited(session, city.world, city.now)
        await decisions.deliberate(session, case, by=city.world.dispatcher, now=city.now)
        code = case.code
    await city.log_in(city.world.window)
    fee = {"item": "易地建设费", "fee_basis": "收费目录", "amount": "12,000.50"}
    for amount in ("many", "NaN", "-1", "1e40"):
        wrong = await city.post(f"/inspections/{code}/fees", fee | {"amount": amount})
        assert wrong.status_code == 422
    await walk.done(city, f"/inspections/{code}/fees", fee)
    page = (await city.get(f"/inspections/{code}")).text
    number = first_id(page, r"fees/(\d+)/paid")
    override = f"/inspections/{code}/fees/{number}/override"
    assert (await city.post(override, {"override_reason": "减免"})).status_code == 403
    await city.log_in(city.world.issuer)
    refused = await city.post(f"/inspections/{code}/issue")
    assert "应缴费用尚未缴清" in refused.text
    await city.log_in(city.world.supervisor)
    await walk.done(city, override, {"override_reason": "减免文件"})
    await city.log_in(city.world.issuer)
    await walk.done(city, f"/inspections/{code}/issue")
    assert "减免文件" in (await city.get(f"/inspections/{code}")).text


async def test_rating_is_given_once_and_a_bad_one_is_followed_up(city: City) -> None:
    code = await issued(city)
    await city.log_in(city.world.owner)
    await walk.done(city, f"/cases/{code}/rate", {"level": "2", "rating_text": "等得太久"})
    assert 'name="level"' not in (await city.get(f"/cases/{code}")).text
    await city.run_jobs()
    await city.log_in(city.world.supervisor)
    assert "等得太久" in (await city.get("/supervision/voices")).text
    await walk.done(city, f"/inspections/{code}/follow-up", {"follow_up": "已电话致歉"})
    await city.log_in(city.world.owner)
    assert "已电话致歉" in (await city.get(f"/cases/{code}")).text


async def test_late_follow_up_is_pointed_out_by_its_clock(city: City) -> None:
    code = await issued(city)
    await city.log_in(city.world.owner)
    await walk.done(city, f"/cases/{code}/rate", {"level": "1"})
    city.now = at(20, month=4)
    await city.run_jobs()
    async with city.database.transaction() as session:
        kinds = set(
            await session.scalars(
                sa.select(col(Message.kind)).where(col(Message.account_id) == city.world.supervisor)
            )
        )
    assert {"rating.low", "rating.overdue"} <= kinds


async def test_complaint_is_for_supervision_alone(city: City) -> None:
    code = await walk.accepted(city)
    await city.log_in(city.world.owner)
    await walk.done(city, f"/cases/{code}/complain", {"complaint": "窗口态度恶劣"})
    await city.log_in(city.world.window)
    assert "窗口态度恶劣" not in (await city.get(f"/inspections/{code}")).text
    await city.log_in(city.world.supervisor)
    page = (await city.get(f"/inspections/{code}")).text
    answer = f"/inspections/{code}/complaints/{first_id(page, r'complaints/([0-9]+)/answer')}/answer"
    await walk.done(city, answer, {"answer": "已批评教育"})
    await city.log_in(city.world.owner)
    assert "已批评教育" in (await city.get(f"/cases/{code}")).text


async def test_agent_sees_and_acts_until_dismissed(city: City) -> None:
    code = await walk.apply(city)
    async with city.database.transaction() as session:
        agent = Account(login="agent", name="代办", password_hash="-", created_at=city.now)
        session.add(agent)
        await session.flush()
        session.add(AccountRole(account_id=agent.id, role=Role.OWNER))
    await city.log_in(agent.id)
    assert (await city.get(f"/cases/{code}")).status_code == 404
    await city.log_in(city.world.owner)
    unknown = await city.post(f"/cases/{code}/agent", {"agent": "nobody"})
    assert unknown.status_code == 422
    await walk.done(city, f"/cases/{code}/agent", {"agent": "agent"})
    await city.log_in(agent.id)
    assert code in (await city.get("/cases")).text
    await walk.done(city, f"/cases/{code}/submit")
    assert (await city.post(f"/cases/{code}/withdraw", {"withdraw_reason": "x"})).status_code == 403
    await city.log_in(city.world.owner)
    await walk.done(city, f"/cases/{code}/agent/dismiss")
    await city.log_in(agent.id)
    assert (await city.get(f"/cases/{code}")).status_code == 404


async def test_special_procedure_pauses_and_priority_is_reasoned(city: City) -> None:
    code = await walk.accepted(city)
    await city.log_in(city.world.dispatcher)
    wanted = {"procedure": "testing", "suspend_reason": "抽样检测"}
    await walk.done(city, f"/inspections/{code}/suspend", wanted)
    assert await state_of(city, code) is CaseState.SUSPENDED
    assert "计时暂停" in (await city.get(f"/inspections/{code}")).text
    await walk.done(city, f"/inspections/{code}/resume")
    assert await state_of(city, code) is CaseState.ACCEPTED
    refused = await city.post(f"/inspections/{code}/priority", {"priority_reason": ""})
    assert refused.status_code == 422
    await walk.done(city, f"/inspections/{code}/priority", {"priority_reason": "市重点工程"})
    await walk.done(city, f"/inspections/{code}/terminate", {"terminate_reason": "项目停建"})
    assert await state_of(city, code) is CaseState.TERMINATED


async def test_promise_is_kept_at_the_window(city: City) -> None:
    code = await walk.accepted(city)
    await city.log_in(city.world.window)
    page = (await city.get(f"/inspections/{code}")).text
    number = first_id(page, r"promises/(\d+)/kept")
    await walk.done(city, f"/inspections/{code}/promises/{number}/kept")
    assert "已履行" in (await city.get(f"/inspections/{code}")).text


async def test_owner_is_reminded_before_a_promise_falls_due(city: City) -> None:
    await walk.accepted(city)
    city.now = at(20, 9, 30)
    await city.run_jobs()
    async with city.database.transaction() as session:
        told = await session.scalars(
            sa.select(Message).where(
                col(Message.account_id) == city.world.owner, col(Message.kind) == "promise.due_soon"
            )
        )
        (message,) = list(told)
    assert message.data["due"] == "2026-03-23"


async def test_letter_is_opened_served_and_verified(city: City) -> None:
    code = await walk.accepted(city)
    await city.run_jobs()
    await city.log_in(city.world.owner)
    page = (await city.get(f"/cases/{code}")).text
    assert "份文书待您签收" in page
    links = re.findall(rf"/cases/{code}/letters/\d+", page)
    for link in links:
        answer = await city.get(link)
        assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    assert "份文书待您签收" not in (await city.get(f"/cases/{code}")).text
    genuine = await city.post("/verify", files={"file": ("a.pdf", answer.content)})
    assert "文件真实有效" in genuine.text
    await city.log_in(city.world.window)
    await city.run_jobs()
    assert "送达回证" in (await city.get(f"/inspections/{code}")).text
    await city.log_in(city.world.liaisons["gas"])
    assert (await city.get(links[0])).status_code == 404


async def test_archive_package_is_for_those_who_keep_it(city: City, tmp_path: Path) -> None:
    code = await issued(city)
    await city.log_in(city.world.window)
    assert (await city.get(f"/inspections/{code}/archive.zip")).status_code == 403
    await walk.done(city, f"/inspections/{code}/file")
    await walk.done(city, f"/inspections/{code}/archive")
    answer = await city.get(f"/inspections/{code}/archive.zip")
    assert answer.status_code == 200
    assert "manifest.json" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    file = tmp_path / "case.zip"
    file.write_bytes(answer.content)
    script = [sys.executable, str(archive.VERIFIER), str(file)]
    done = await asyncio.to_thread(subprocess.run, script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "nothing is wrong")
    await city.log_in(city.world.owner)
    assert (await city.get(f"/inspections/{code}/archive.zip")).status_code == 403


async def test_national_codes_leave_as_json_and_xml(city: City) -> None:
    code = await issued(city)
    await city.log_in(city.world.supervisor)
    data = (await city.get(f"/inspections/{code}/exchange/json")).json()
    assert [state["code"] for state in data["states"]] == [1, 3, 8, 12]
    xml = await city.get(f"/inspections/{code}/exchange/xml")
    assert xml.headers["content-type"].startswith("application/xml")
    assert xml.text.count("<State ") == 4
    assert (await city.get(f"/inspections/{code}/exchange/csv")).status_code == 404


@pytest.mark.parametrize("change", ["gone", "expired", "other matter"])
async def test_window_accepts_only_under_a_delegation(city: City, change: str) -> None:
    code = await walk.apply(city)
    await walk.done(city, f"/cases/{code}/submit")
    await city.log_in(city.world.window)
    await walk.done(city, f"/inspections/{code}/receive")
    given = sa.and_(col(Delegation.account_id) == city.world.window)
    async with city.database.transaction() as session:
        if change == "gone":
            await session.execute(sa.delete(Delegation).where(given))
        elif change == "expired":
            await session.execute(sa.update(Delegation).where(given).values(valid_to=date(2026, 3, 2)))
        else:
            await session.execute(sa.update(Delegation).where(given).values(matters=["archives"]))
    answer = await city.post(f"/inspections/{code}/refuse", {"refusal": "不属本市管辖"})
    assert answer.status_code == 403
    assert "没有代表该部门办理此事项的授权" in answer.text


async def test_delegation_is_given_checked_and_ended(city: City) -> None:
    async with city.database.transaction() as session:
        admin = Account(login="admin", name="管理", password_hash="-", created_at=city.now)
        session.add(admin)
        await session.flush()
        session.add(AccountRole(account_id=admin.id, role=Role.ADMINISTRATOR))
        await session.execute(sa.delete(Delegation))
    code = await walk.apply(city)
    await walk.done(city, f"/cases/{code}/submit")
    await city.log_in(city.world.window)
    await walk.done(city, f"/inspections/{code}/receive")
    refuse = (f"/inspections/{code}/refuse", {"refusal": "不属本市管辖"})
    assert (await city.post(*refuse)).status_code == 403
    await city.log_in(admin.id)
    given = {
        "department": "quality",
        "login": "window",
        "rights": ["acceptance"],
        "valid_from": "2026-03-01",
        "valid_to": "2026-12-31",
    }
    wrong = await city.post("/administration/delegations", given | {"login": "nobody"})
    assert (wrong.status_code, 'id="login-error"' in wrong.text) == (422, True)
    await walk.done(city, "/administration/delegations", given)
    await city.log_in(city.world.window)
    await walk.done(city, *refuse)
    await city.log_in(admin.id)
    page = (await city.get("/administration/delegations")).text
    await walk.done(city, f"/administration/delegations/{first_id(page, r'delegations/([0-9]+)/end')}/end")
    city.now = at(4)
    await city.log_in(admin.id)
    assert "已到期" in (await city.get("/administration/delegations")).text


async def test_deemed_consent_takes_lead_and_supervision_and_leaves_its_proof(
    city: City, tmp_path: Path
) -> None:
    async with city.database.transaction() as session:
        case, gardens = await absent(session, city.world, "gardens")
        await switch_on(session)
        by = city.world.liaisons["gardens"]
        await letters.read_by_department(session, gardens, by=by, now=at(3, 16))
    city.now = at(27)
    await city.log_in(city.world.dispatcher)
    ask = f"/inspections/{case.code}/parties/{gardens.id}/deem"
    assert ask in (await city.get(f"/inspections/{case.code}")).text
    await walk.done(city, ask, {"legal_basis": "试点办法第九条"})
    await city.log_in(city.world.supervisor)
    page = (await city.get(f"/inspections/{case.code}")).text
    number = first_id(page, r"deemed/(\d+)/approve")
    proof = f"/inspections/{case.code}/deemed/{number}"
    assert (await city.get(proof)).status_code == 404
    await walk.done(city, f"{proof}/approve")
    file = tmp_path / "proof.json"
    file.write_bytes((await city.get(proof)).content)
    script = [sys.executable, str(archive.VERIFIER), str(file)]
    done = await asyncio.to_thread(subprocess.run, script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "nothing is wrong")


async def test_one_off_notice_is_receipted_when_opened(city: City) -> None:
    code = await walk.apply(city)
    await walk.done(city, f"/cases/{code}/submit")
    await city.log_in(city.world.window)
    await walk.done(city, f"/inspections/{code}/receive")
    await walk.done(city, f"/inspections/{code}/deficiencies", {"items": "补交竣工报告"})
    await city.run_jobs()
    await city.log_in(city.world.owner)
    for link in re.findall(rf"/cases/{code}/letters/\d+", (await city.get(f"/cases/{code}")).text):
        assert (await city.get(link)).status_code in {200, 303}
    assert "份文书待您签收" not in (await city.get(f"/cases/{code}")).text
    async with city.database.transaction() as session:
        letter = (
            await session.scalars(sa.select(Letter).where(col(Letter.kind) == LetterKind.DEFICIENCY))
        ).one()
    assert (await city.get(f"/cases/{code}/letters/{letter.id}")).headers[
        "location"
    ] == f"/cases/{code}/notice"
    assert letter.read_by == city.world.owner
