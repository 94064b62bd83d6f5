"""One case, walked in the browser by everybody whom it takes: nine departments, from an owner's papers to a QR code."""

import io
import re
from datetime import datetime, timedelta
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect

from core.clock import LOCAL, local_date
from demo.dossiers.dossier import Dossier
from tests.e2e.network import Network
from tests.e2e.running import Service, log_in
from tests.e2e.story import PATIENCE_MS, InspectorsPhone, Story, done, press
from tests.factories.dossiers import make_dossier

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(900),
]
#: Whom the rules draw in, and who speaks for the department.
LIAISONS = {
    "completion_supervision": "quality-liaison",
    "fire_acceptance": "liaison",
    "planning_verification": "planning-liaison",
    "civil_defence": "civil_defence-liaison",
    "archives": "archives-liaison",
    "green_space": "gardens-liaison",
    "drainage": "water-liaison",
    "sanitation": "sanitation-liaison",
    "traffic": "traffic-liaison",
}
PARTIES = {
    matter: {"liaison": "fire"}.get(login, login.removesuffix("-liaison"))
    for matter, login in LIAISONS.items()
}
TICKED = ("basement", "archives", "green_ratio", "drainage", "traffic_impact", "sanitation")
AT_DESK, DECLINING, SILENT, FAILING = "archives", "fire_acceptance", "green_space", "planning_verification"
FOUND = "西侧退线不足，与总平面图不符"


def test_nine_departments_bring_a_case_from_papers_to_a_verified_opinion(
    browser: Browser, playwright: Playwright, running: Service, tmp_path: Path
) -> None:
    if running.clock.file is None:
        pytest.skip("the service's clock is not ours to put ahead")
    story = Story(browser, running)
    apply(story, make_dossier(drawings=1), tmp_path)
    accept(story)
    draw_in(story)
    review(story)
    visit_at = book(story)
    reply(story)
    decline(story)
    wait_for_the_visit(story, visit_at)
    booked = story.teams()
    teams = {matter: booked[PARTIES[matter]] for matter in PARTIES if matter != AT_DESK}
    phone = InspectorsPhone(playwright, running, tmp_path / "phone", Network(running.address))
    go_offline(story, phone, teams[FAILING][0])
    arrive(story, teams)
    record_offline(story, phone, tmp_path)
    come_back(story, phone, teams[FAILING])
    speak(story, teams)
    order_rectification(story)
    rectify(story, tmp_path)
    recheck_by_desk(story)
    issue(story)
    verify(story, tmp_path)


def apply(story: Story, dossier: Dossier, folder: Path) -> None:
    """The owner describes the project, sends real PDFs, sees them read, and submits."""
    stated = dossier.application
    with story.as_("owner") as page:
        page.goto("/cases/new")
        fields = {
            "code": stated.code,
            "project": stated.name,
            "owner_name": stated.construction_unit,
            "owner_credit_code": "91990100MA0000000X",
            "district": "澜东区",
            "address": stated.address,
            "lon": "125.13",
            "lat": "29.93",
            "segment": "一期",
            "floor_area": str(stated.floor_area),
        }
        for name, value in fields.items():
            page.fill(f"#{name}", value)
        page.select_option("#use", "industry")
        page.select_option("#risk", "high")
        for box in page.locator('input[name="facts"]').all():
            box.set_checked(box.get_attribute("value") in TICKED)
        press(page, "保存并上传材料")
        story.code = page.url.rpartition("/")[2].partition("?")[0]
        for file in dossier.files:
            (folder / file.name).write_bytes(file.data)
        page.set_input_files("#files", [folder / file.name for file in dossier.files])
        press(page, "上传")
        # No reload: the page looks again by itself while the sandbox reads.
        expect(page.locator("#dossier")).not_to_contain_text("等待读取", timeout=PATIENCE_MS)
        expect(page.locator("#dossier")).to_contain_text(stated.code)
        press(page, "提交申请")
        done(page, "申请已提交")


def accept(story: Story) -> None:
    """The window receives, and accepts with a promise for each paper that is still to come."""
    with story.at_case("window") as page:
        press(page, "收件")
        later = (local_date(story.service.clock.now()) + timedelta(days=40)).isoformat()
        for promise in page.locator('input[name^="promise-"]').all():
            promise.fill("竣工后补交")
        for due in page.locator('input[name^="due-"]').all():
            due.fill(later)
        press(page, "容缺受理")
        done(page, "已受理，承诺期限自次日起算")


def draw_in(story: Story) -> None:
    with story.at_case("dispatcher") as page:
        drawn = page.locator('input[name="by-rule"]').evaluate_all("all => all.map(each => each.value)")
        assert sorted(drawn) == sorted(LIAISONS)
        press(page, "抄告")
        done(page, "已抄告各参验部门")


def review(story: Story) -> None:
    for login in LIAISONS.values():
        with story.at_case(login) as page:
            page.get_by_label("通过").check()
            press(page, "提交审查结果")
            done(page, "审查结果已提交")


def book(story: Story) -> datetime:
    """The lead asks, the engine answers, the lead takes the first of at least three slots. Returns when it begins."""
    with story.at_case("dispatcher") as page:
        press(page, "查询可行时段")
        slots = page.locator('input[name="slot"]')
        expect(slots.first).to_be_visible(timeout=PATIENCE_MS)
        expect(page.get_by_text("正在查询时段")).to_have_count(0)
        assert slots.count() >= 3
        press(page, "确认时段并发出告知函")
        done(page, "告知函已发出")
        stated = page.locator("dt", has_text=re.compile("^现场$")).locator("xpath=following-sibling::dd[1]")
        shown = stated.inner_text()
    year, month, day, hour, minute = map(int, re.findall(r"\d+", shown)[:5])
    return datetime(year, month, day, hour, minute, tzinfo=LOCAL)


def reply(story: Story) -> None:
    for matter, login in LIAISONS.items():
        if matter not in {AT_DESK, DECLINING, SILENT}:
            with story.at_case(login) as page:
                assert page.locator('input[name="officers"]:checked').count() >= 2
                press(page, "确认参加")
                done(page, "已确认参加")


def decline(story: Story) -> None:
    """The department cannot come with those booked: within a minute others are booked and it is asked again."""
    with story.at_case(LIAISONS[DECLINING]) as page:
        before = named(page)
        page.locator("summary", has_text="不能参加").click()
        page.fill("#decline_reason", "两人同日培训")
        press(page, "确认不能参加")
        done(page, "已答复不能参加")
        again = page.get_by_role("button", name="确认参加", exact=True)
        for _ in range(60):
            if again.count():
                break
            page.wait_for_timeout(1000)
            page.goto(f"/inspections/{story.code}")
        assert named(page).isdisjoint(before)
        press(page, "确认参加")
        done(page, "已确认参加")


def named(page: Page) -> set[str]:
    """Whom the form proposes to send."""
    chosen = page.locator('label.choice:has(input[name="officers"]:checked)')
    return {text.split()[0] for text in chosen.all_inner_texts()}


def wait_for_the_visit(story: Story, visit_at: datetime) -> None:
    """Time passes; who has not answered by the deadline counts as attending, which makes the visit stand."""
    story.service.clock.go_to(visit_at)
    story.sessions.clear()
    with story.at_case("dispatcher") as page:
        for _ in range(60):
            if page.get_by_role("button", name="开始现场验收", exact=True).count():
                break
            page.wait_for_timeout(1000)
            page.reload()
        expect(page.locator(".grid-table")).to_contain_text("逾期未复")


def go_offline(story: Story, phone: InspectorsPhone, login: str) -> None:
    """The inspector opens the day's list with a network, and then there is none."""
    page = phone.switch_on()
    log_in(page, login)
    page.goto("/tasks")
    expect(page.locator(f'a[href="/tasks/{story.code}/{FAILING}"]')).to_be_visible()
    page.locator('#queue[data-day="kept"]').wait_for()
    phone.network.cut()


def arrive(story: Story, teams: dict[str, list[str]]) -> None:
    """One of each department checks in with the phone's position; the lead opens without the one that is offline."""
    for matter, team in teams.items():
        if matter != FAILING:
            with story.at_task(team[0], matter) as page:
                page.get_by_role("button", name="附上我的位置").click()
                done(page, "已取得位置")
                press(page, "签到")
                done(page, "已签到。")
    with story.at_case("dispatcher") as page:
        press(page, "开始现场验收")
        done(page, "现场验收已开始")


def record_offline(story: Story, phone: InspectorsPhone, folder: Path) -> None:
    """Arrival, checklist, a finding with a photograph and its place on a drawing, the opinion; the phone dies twice."""
    photo = folder / "photo.jpg"
    Image.new("RGB", (1600, 1200), "teal").save(photo)
    assert phone.context is not None
    page = phone.context.pages[0]
    page.goto(f"/tasks/{story.code}/{FAILING}")
    page.get_by_role("button", name="附上我的位置").click()
    done(page, "已取得位置")
    press(page, "签到")
    waiting(page, 1)
    page.locator('form[data-record="checklist"] input[value="met"]').first.check()
    waiting(page, 2)
    page.get_by_text("记录问题").click()
    page.fill("#text-new", FOUND)
    page.wait_for_timeout(1000)  # a moment after the last key, what is typed is kept
    phone.die()
    page = phone.switch_on()
    page.goto(f"/tasks/{story.code}/{FAILING}")
    waiting(page, 2)
    expect(page.locator("#text-new")).to_have_value(FOUND)
    page.set_input_files("#photos-new", photo)
    page.get_by_text("在图上标注位置").click()
    page.locator("[data-place] svg.plan image").wait_for()
    page.locator("[data-place] svg.plan").click(position={"x": 60, "y": 60})
    press(page, "保存问题")
    waiting(page, 3)
    page.reload()
    page.locator('#opinion input[value="rectify"]').check()
    page.fill("#text", "退线不符，限期整改")
    press(page, "签名并提交")
    waiting(page, 4)
    phone.die()


def waiting(page: Page, number: int) -> None:
    expect(page.locator("#queue [role=status]")).to_contain_text(f"{number} 条记录待发送")


def come_back(story: Story, phone: InspectorsPhone, team: list[str]) -> None:
    """With the network everything arrives, once; a colleague signs; nothing stays on the phone after logging out."""
    phone.network.mend()
    page = phone.switch_on()
    log_in(page, team[0])  # the login itself may have been lost with the battery
    page.goto(f"/tasks/{story.code}/{FAILING}")
    expect(page.locator("#queue [role=status]")).to_have_text("全部已发送", timeout=PATIENCE_MS)
    page.goto(f"/tasks/{story.code}/{FAILING}")
    expect(page.locator("#findings li", has_text=FOUND)).to_have_count(1)
    expect(page.locator("#findings .pictures img")).to_have_count(1)
    expect(page.locator("#findings svg.plan circle")).to_have_count(1)
    expect(page.locator("#check-in")).to_contain_text("已签到")
    expect(page.locator("#opinion")).to_contain_text("退线不符")
    page.locator("header summary").click()
    press(page, "退出登录")
    page.wait_for_url(lambda url: "/tasks" not in url)
    kept = "Promise.all([caches.keys(), indexedDB.databases()]).then(all => all.flat().length)"
    assert page.evaluate(kept) == 0
    phone.put_away()
    phone.network.close()
    sign(story, team[1], FAILING)


def speak(story: Story, teams: dict[str, list[str]]) -> None:
    """Each department's opinion: one writes and signs, another signs with a login of his own."""
    for matter, team in teams.items():
        if matter != FAILING:
            agree(story, team, matter)
    agree(story, ["archives-a01", "archives-a02"], AT_DESK)


def agree(story: Story, team: list[str], matter: str) -> None:
    with story.at_task(team[0], matter) as page:
        rewrite = page.get_by_text("改写意见")
        if rewrite.count():
            rewrite.click()
        page.get_by_label("同意", exact=True).check()
        page.fill("#text", "现场与材料一致")
        press(page, "签名并提交")
        done(page, "请另一名受派人员")
        expect(page.get_by_role("button", name="签名并生效")).to_have_count(0)
    sign(story, team[1], matter)


def sign(story: Story, login: str, matter: str) -> None:
    with story.at_task(login, matter) as page:
        press(page, "签名并生效")
        done(page, "意见生效")


def order_rectification(story: Story) -> None:
    with story.at_case("dispatcher") as page:
        page.fill("#minutes", "规划提出一项整改，其余一致同意")
        press(page, "结束现场验收")
        press(page, "完成评议")
        done(page, "评议完成")
        done(page, "待整改")


def rectify(story: Story, folder: Path) -> None:
    """The owner sees the finding with its photograph, uploads a report and asks for the recheck."""
    proof = folder / "proof.pdf"
    proof.write_bytes(make_dossier(("completion_report",)).files[0].data)
    with story.as_("owner") as page:
        page.goto(f"/cases/{story.code}")
        expect(page.locator(".pictures img")).to_have_count(1)
        page.set_input_files("#files", proof)
        press(page, "上传")
        page.wait_for_url(lambda url: "done=uploaded" in url)
        page.goto(f"/cases/{story.code}")
        page.locator('textarea[name="text"]').fill("已按总平面图退让")
        page.get_by_label("proof.pdf").check()
        press(page, "保存整改说明")
        done(page, "整改说明已提交")
        press(page, "全部整改完成，申请复验")
        done(page, "已申请复验")


def recheck_by_desk(story: Story) -> None:
    with story.at_case("dispatcher") as page:
        press(page, "安排复验")
        done(page, "复验已安排")
    agree(story, ["planning-a01", "planning-a02"], FAILING)
    with story.at_case("dispatcher") as page:
        press(page, "完成评议")
        done(page, "评议完成")
        expect(page.get_by_role("button", name="签发联合验收意见书")).to_have_count(0)


def issue(story: Story) -> None:
    with story.at_case("issuer") as page:
        press(page, "签发联合验收意见书")
        done(page, "联合验收意见书已签发")


def verify(story: Story, folder: Path) -> None:
    """The owner downloads the opinion; a passer-by scans its QR code and compares the file; one changed byte fails."""
    with story.as_("owner") as page:
        page.goto(f"/cases/{story.code}")
        link = page.get_by_role("link", name="下载意见书 PDF")
        expect(link).to_be_visible(timeout=PATIENCE_MS)
        with page.expect_download() as download:
            link.click()
        genuine = folder / "opinion.pdf"
        download.value.save_as(genuine)
    changed = folder / "changed.pdf"
    changed.write_bytes(genuine.read_bytes().replace(b"%%EOF", b"%%EOG"))
    with story.as_(None) as page:
        page.goto(scanned(genuine.read_bytes()))
        expect(page.locator("#verdict")).to_have_text("联合验收意见书真实有效")
        expect(page.locator("main")).to_contain_text(story.code)
        for file, verdict in ((genuine, "文件真实有效"), (changed, "文件已被改动")):
            page.goto("/verify")
            page.set_input_files("#file", file)
            press(page, "比对")
            expect(page.locator("#verdict")).to_have_text(verdict)
        page.goto(f"/progress/{story.code}")
        expect(page.get_by_text("已签发").first).to_be_visible()


def scanned(pdf: bytes) -> str:
    """What the QR code on the first page says, read off its picture."""
    import zxingcpp

    picture = pypdfium2.PdfDocument(io.BytesIO(pdf))[0].render(scale=3).to_pil()
    (code,) = zxingcpp.read_barcodes(picture)
    return str(code.text)
