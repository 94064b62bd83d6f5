"""One case, walked in the browser by everybody whom it takes: from an owner's papers to a verified joint opinion."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.clock import local_date, now
from demo.chance import stream
from demo.city import SEED
from demo.dossiers.dossier import Dossier
from demo.loading import PASSWORD
from demo.names import person
from tests.e2e.running import DESK, PHONE, log_in, visitor
from tests.e2e.test_accessibility import overflow, violations
from tests.factories.dossiers import make_dossier

pytestmark = pytest.mark.e2e
#: Long enough for the worker to read papers, find slots or set a PDF on a busy machine.
PATIENCE_MS = 90_000
#: Whom the rules draw in, and who speaks for the department.
LIAISONS = {
    "completion_supervision": "quality-liaison",
    "fire_acceptance": "liaison",
    "planning_verification": "planning-liaison",
}


@dataclass
class Story:
    browser: Browser
    service: str
    code: str = ""

    @contextmanager
    def as_(self, login: str | None, size: tuple[int, int] = DESK) -> Iterator[Page]:
        """A browser of this person's own, or of a passer-by; the page it leaves is accessible and fits the screen."""
        with visitor(self.browser, self.service, size=size) as context:
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            if login:
                log_in(page, login, PASSWORD)
            yield page
            assert (page.url, violations(page), overflow(page)) == (page.url, [], 0)

    @contextmanager
    def at_case(self, login: str) -> Iterator[Page]:
        with self.as_(login) as page:
            page.goto(f"/inspections/{self.code}")
            yield page


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_owner_window_lead_departments_officers_and_issuer_bring_a_case_to_its_opinion(
    browser: Browser, service: str, tmp_path: Path
) -> None:
    story = Story(browser, service)
    dossier = make_dossier()
    apply(story, dossier, tmp_path)
    accept(story)
    draw_in(story)
    review(story)
    book(story)
    reply(story)
    teams = visit(story)
    speak(story, teams)
    conclude_and_issue(story)
    verify(story, tmp_path)


def apply(story: Story, dossier: Dossier, folder: Path) -> None:
    """The owner describes the project, sends two real PDFs, sees them read, and submits."""
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
        page.get_by_label("须移交城建档案").uncheck()
        press(page, "保存并上传材料")
        story.code = page.url.rpartition("/")[2].partition("?")[0]
        for file in dossier.files:
            (folder / file.name).write_bytes(file.data)
        page.set_input_files("#files", [folder / file.name for file in dossier.files])
        press(page, "上传")
        # No reload: the page looks again by itself while the sandbox reads.
        expect(page.locator("#dossier")).not_to_contain_text("等待读取", timeout=PATIENCE_MS)
        expect(page.locator("#dossier")).to_contain_text(stated.code)
        expect(page.locator("#dossier .badge.good", has_text="齐全")).to_have_count(2)
        press(page, "提交申请")
        expect(page.get_by_text("申请已提交")).to_be_visible()


def accept(story: Story) -> None:
    """The window receives, and accepts with a promise for each paper that is still to come."""
    with story.at_case("window") as page:
        press(page, "收件")
        later = (local_date(now()) + timedelta(days=40)).isoformat()
        for promise in page.locator('input[name^="promise-"]').all():
            promise.fill("竣工后补交")
        for due in page.locator('input[name^="due-"]').all():
            due.fill(later)
        press(page, "容缺受理")
        expect(page.get_by_text("已受理，承诺期限自次日起算")).to_be_visible()


def draw_in(story: Story) -> None:
    with story.at_case("dispatcher") as page:
        drawn = page.locator('input[name="by-rule"]').evaluate_all("all => all.map(each => each.value)")
        assert drawn == list(LIAISONS)
        press(page, "抄告")
        expect(page.get_by_text("已抄告各参验部门")).to_be_visible()


def review(story: Story) -> None:
    for login in LIAISONS.values():
        with story.as_(login) as page:
            page.goto("/inspections/inbox")
            page.get_by_role("link", name=re.compile("一期")).first.click()
            page.get_by_label("通过").check()
            press(page, "提交审查结果")
            expect(page.get_by_text("审查结果已提交")).to_be_visible()


def book(story: Story) -> None:
    """The lead asks, the engine answers, the lead chooses the second of at least three slots."""
    with story.at_case("dispatcher") as page:
        press(page, "查询可行时段")
        slots = page.locator('input[name="slot"]')
        expect(slots.first).to_be_visible(timeout=PATIENCE_MS)
        assert slots.count() >= 3
        slots.nth(1).check()
        press(page, "确认时段并发出告知函")
        expect(page.get_by_text("告知函已发出")).to_be_visible()


def reply(story: Story) -> None:
    for login in LIAISONS.values():
        with story.at_case(login) as page:
            assert page.locator('input[name="officers"]:checked').count() >= 2
            press(page, "确认参加")
            expect(page.get_by_text("已确认参加")).to_be_visible()


def visit(story: Story) -> dict[str, list[str]]:
    """Everybody checks in with a phone; the lead opens. Returns the officers' logins by matter."""
    teams: dict[str, list[str]] = {}
    for matter, liaison in LIAISONS.items():
        teams[matter] = booked_logins(story, liaison)
        assert len(teams[matter]) == 2
        for login in teams[matter]:
            with story.as_(login, PHONE) as page:
                page.goto("/tasks/week")
                page.locator(f'a[href="/tasks/{story.code}/{matter}"]').first.click()
                press(page, "签到")
                expect(page.get_by_text("签到须说明理由")).to_be_visible()
                page.fill("#reason", "提前到场踏勘")
                press(page, "签到")
                expect(page.get_by_text("已签到。")).to_be_visible()
    with story.at_case("dispatcher") as page:
        press(page, "开始现场验收")
        expect(page.get_by_text("现场验收已开始")).to_be_visible()
    return teams


def booked_logins(story: Story, liaison: str) -> list[str]:
    """The logins of those whom the department's liaison sees booked."""
    department = {"liaison": "fire"}.get(liaison, liaison.removesuffix("-liaison"))
    with story.at_case(liaison) as page:
        shown = page.locator("main").inner_text()
    numbers = [f"{department}-{post}{number:02d}" for post in "AB" for number in range(1, 6)]
    booked = [number for number in numbers if person(stream(SEED, "officer", number)).name in shown]
    return ["officer" if number == "fire-A01" else number.lower() for number in booked]


def speak(story: Story, teams: dict[str, list[str]]) -> None:
    """Each department's opinion: one writes and signs, another signs with a login of his own."""
    for matter, (first, second) in teams.items():
        with story.as_(first, PHONE) as page:
            page.goto(f"/tasks/{story.code}/{matter}")
            page.get_by_label("同意", exact=True).check()
            page.fill("#text", "现场与材料一致")
            press(page, "签名并提交")
            expect(page.get_by_text("请另一名受派人员")).to_be_visible()
            expect(page.get_by_role("button", name="签名并生效")).to_have_count(0)
        with story.as_(second, PHONE) as page:
            page.goto(f"/tasks/{story.code}/{matter}")
            press(page, "签名并生效")
            expect(page.get_by_text("意见生效")).to_be_visible()


def conclude_and_issue(story: Story) -> None:
    with story.at_case("dispatcher") as page:
        page.fill("#minutes", "各部门一致同意")
        press(page, "结束现场验收")
        press(page, "完成评议")
        expect(page.get_by_text("评议完成")).to_be_visible()
        expect(page.get_by_role("button", name="签发联合验收意见书")).to_have_count(0)
    with story.at_case("issuer") as page:
        press(page, "签发联合验收意见书")
        expect(page.get_by_text("联合验收意见书已签发")).to_be_visible()


def verify(story: Story, folder: Path) -> None:
    """The owner downloads the opinion; a passer-by verifies it; one changed byte fails."""
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
        for file, verdict in ((genuine, "文件真实有效"), (changed, "文件已被改动")):
            page.goto("/verify")
            page.set_input_files("#file", file)
            press(page, "比对")
            expect(page.locator("#verdict")).to_have_text(verdict)
        page.goto(f"/progress/{story.code}")
        expect(page.get_by_text("已签发").first).to_be_visible()
