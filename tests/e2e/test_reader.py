"""The intake in a browser: files sent piece by piece over a bad line, read, and the report walked by keyboard."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.api.web.walk import APPLICATION
from tests.documents.builders import form
from tests.e2e.running import PHONE, log_in, visitor
from tests.e2e.test_accessibility import overflow, violations

pytestmark = pytest.mark.e2e
WHOLE_A4 = re.compile(r"^0 0 595\.\d+ 841\.\d+$")
READ_MS = 300_000  # the demo city's dossiers are read first
PAPERS = {
    "许可证.pdf": form(
        "建筑工程施工许可证", {"工程名称": "别处的项目", "建设单位": "甲公司", "建筑面积": "100.00㎡"}
    ),
    "竣工报告.pdf": form("工程竣工报告", {"工程名称": "澜东名邸", "施工单位": ""}),
}


def draft(page: Page, code: str) -> str:
    """A new case of the owner's, for the project of this code; its address."""
    log_in(page, "owner")
    page.goto("/cases/new")
    token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    fields = {name: value for name, value in APPLICATION.items() if isinstance(value, str)}
    answer = page.request.post(
        "/cases/new",
        form={**fields, "code": code, "facts": "archives", "_csrf_token": token},
        max_redirects=0,
    )
    address = re.match(r"/cases/\w+", answer.headers["location"])
    assert address is not None, answer.text()
    return address[0]


def papers(folder: Path) -> list[Path]:
    for name, data in PAPERS.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in PAPERS]


def test_files_get_through_a_bad_line_and_are_read_before_ones_eyes(
    browser: Browser, service: str, tmp_path: Path
) -> None:
    with visitor(browser, service) as context:
        page = context.new_page()
        here = draft(page, "2601-990101-47-01-000011")
        page.goto(here)
        failed: list[str] = []

        def fail_once(route: Route) -> None:
            if route.request.method == "PUT" and not failed:
                failed.append(route.request.url)
                route.abort("connectionreset")
            else:
                route.continue_()

        page.route("**/uploads/**", fail_once)
        page.set_input_files("#files", papers(tmp_path))
        page.get_by_role("button", name="上传").click()
        page.get_by_role("link", name="查看报告").wait_for(timeout=READ_MS)
        assert len(failed) == 1
        assert page.locator(".dossier-file h3").all_text_contents() == list(PAPERS)

        page.get_by_role("link", name="查看报告").click()
        page.wait_for_load_state()  # only then are keys listened to
        marks = page.locator(".mark.current")
        expect(marks).to_have_count(1)
        current = page.locator(".reader-item[aria-current]")
        start = current.get_attribute("data-number")
        assert start is not None
        there, back = ("j", "k") if page.get_by_role("link", name="下一项").count() else ("k", "j")
        page.keyboard.press(there)
        expect(current).not_to_have_attribute("data-number", start)
        page.keyboard.press(back)
        expect(current).to_have_attribute("data-number", start)
        sheet = page.locator("svg.sheet")
        expect(sheet).not_to_have_attribute("viewBox", WHOLE_A4)
        page.keyboard.press("z")
        expect(sheet).to_have_attribute("viewBox", WHOLE_A4)
        assert f"f={start}&view=page" in page.url
        loaded = page.evaluate(
            "fetch(document.querySelector('svg.sheet image').getAttribute('href')).then(a => a.status)"
        )
        assert loaded == 200
        assert (violations(page), overflow(page)) == ([], 0)


def test_report_works_without_scripts_on_a_phone(browser: Browser, service: str, tmp_path: Path) -> None:
    with visitor(browser, service) as context:
        page = context.new_page()
        here = draft(page, "2601-990101-47-01-000012")
        page.goto(here)
        page.set_input_files("#files", papers(tmp_path))
        page.get_by_role("button", name="上传").click()
        page.get_by_role("link", name="查看报告").wait_for(timeout=READ_MS)
        state = context.storage_state()
    width, height = PHONE
    with browser.new_context(
        base_url=service,
        java_script_enabled=False,
        storage_state=state,
        locale="zh-CN",
        viewport={"width": width, "height": height},
    ) as plain:
        page = plain.new_page()
        page.goto(f"{here}/report")
        page.get_by_role("link", name="下一项").click()
        picture, words = page.locator("svg.sheet").bounding_box(), page.locator("#now").bounding_box()
        assert picture is not None
        assert words is not None
        assert picture["y"] + picture["height"] <= words["y"]
        assert page.locator(".mark.current").count() == 1
        assert overflow(page) == 0
