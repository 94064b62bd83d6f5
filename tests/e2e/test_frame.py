"""What every page has: keyboard order, language, light and dark, and a life without scripts."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.running import PHONE, visitor

pytestmark = pytest.mark.e2e


def focused(page: Page) -> str:
    text: str = page.evaluate("document.activeElement.textContent.trim()")
    return text


def test_first_tab_stop_skips_to_the_content(browser: Browser, service: str) -> None:
    with visitor(browser, service) as context:
        page = context.new_page()
        page.goto("/about")
        page.keyboard.press("Tab")
        assert focused(page) == "跳到正文"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_language_switch_comes_back_to_the_same_page(browser: Browser, service: str) -> None:
    with visitor(browser, service) as context:
        page = context.new_page()
        page.goto("/about")
        page.get_by_role("link", name="English").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("About")
        assert page.url == f"{service}/about"
        page.goto("/login")
        expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


def test_chosen_theme_stays_on_the_next_page(browser: Browser, service: str) -> None:
    with visitor(browser, service, theme="light") as context:
        page = context.new_page()
        page.goto("/about")
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.get_by_role("button", name="切换深浅色").click()
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.goto("/login")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark != light


def test_search_on_the_front_page_works_without_scripts(browser: Browser, service: str) -> None:
    with browser.new_context(base_url=service, java_script_enabled=False, locale="zh-CN") as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_role("searchbox").fill("学校")
        page.get_by_role("button", name="查找").click()
        assert page.url.startswith(f"{service}/notices?q=")


def test_touch_targets_on_a_phone_are_large(browser: Browser, service: str) -> None:
    """Controls are 44 px high; links within text are exempt (WCAG 2.5.8)."""
    with visitor(browser, service, size=PHONE) as context:
        page = context.new_page()
        page.goto("/login")
        heights = page.evaluate(
            "[...document.querySelectorAll('button, input:not([type=hidden]), .site-nav a, .tools a')]"
            ".map(e => e.getBoundingClientRect().height).filter(h => h > 0)"
        )
        assert min(heights) >= 44
