"""axe-core finds nothing serious on any page, in both languages and both themes, on a desk and on a phone."""

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.running import DESK, PHONE, ROOT, log_in, visitor

pytestmark = pytest.mark.e2e
AXE = ROOT / ".assets/axe.min.js"
GRAVE = ("serious", "critical")


#: Chinese at a desk and English on a phone; each page is looked at in light and in dark.
LOOKS = {"zh-CN": DESK, "en": PHONE}
FIRST_ROW = "main table tbody a"
#: Addresses, and what to follow from there, by what is visited and by whose login (none for the public).
PAGES: dict[tuple[str, str | None], list[tuple[str, ...]]] = {
    ("trading", None): [
        ("/notices",),
        ("/notices?q=学校&category=works",),
        ("/notices?stage=candidates", FIRST_ROW),
        ("/notices?stage=candidates", FIRST_ROW, "main aside .section-head a"),
        ("/closing",),
        ("/data",),
        ("/statistics",),
        ("/schema",),
    ],
    ("remedies", None): [
        ("/objections",),
        ("/complaints",),
        ("/openings",),
        ("/following",),
        ("/following?q=学校&category=works",),
    ],
    ("centre", None): [
        ("/",),
        ("/about",),
        ("/login",),
        ("/nowhere",),
        ("/board",),
        ("/progress",),
        ("/verify",),
        ("/guide",),
        ("/guide", "main a[href^='/guide/']"),
    ],
    ("cases", "owner"): [("/cases",), ("/cases/new",), ("/cases", FIRST_ROW)],
    ("intake", "window"): [("/inspections/window",), ("/inspections/window", FIRST_ROW)],
    ("planning", "dispatcher"): [("/inspections/board",), ("/inspections/board", FIRST_ROW)],
    ("inbox", "liaison"): [
        ("/inspections/inbox",),
        ("/inspections/inbox", FIRST_ROW),
        ("/inspections/staff",),
    ],
    ("opinions", "issuer"): [("/inspections/issue",)],
    ("field", "officer"): [("/tasks",), ("/tasks/week",), ("/tasks/week", "a.task"), ("/tasks/feed",)],
    ("supervision", "supervisor"): [("/supervision",), ("/supervision/violations",)],
    ("drafting", "trading"): [
        ("/drafts",),
        ("/drafts/new",),
        ("/drafts/new?category=land&kind=tender",),
        ("/openings",),
    ],
    ("administration", "admin"): [
        ("/administration",),
        ("/administration/keys",),
        ("/administration/operations",),
    ],
}


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    page.emulate_media(color_scheme="light")
    found = grave(page, {})
    page.emulate_media(color_scheme="dark")
    found += grave(page, {"runOnly": ["color-contrast"]})
    return found


def grave(page: Page, options: dict[str, list[str]]) -> list[str]:
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [
        f"{item['id']} ({item['impact']}): {item['nodes'][0]['html'][:200]}"
        for item in found
        if item["impact"] in GRAVE
    ]


def overflow(page: Page) -> int:
    """How many CSS pixels the page is wider than the screen."""
    width: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return max(0, width)


@pytest.mark.parametrize("locale", LOOKS)
@pytest.mark.parametrize("visit", PAGES, ids=lambda visit: visit[0])
def test_nothing_serious_on_any_page(
    browser: Browser, service: str, visit: tuple[str, str | None], locale: str
) -> None:
    _, login = visit
    with visitor(browser, service, size=LOOKS[locale], locale=locale) as context:
        page = context.new_page()
        if login:
            log_in(page, login)
        for path, *follow in PAGES[visit]:
            page.goto(path)
            for link in follow:
                page.locator(link).first.click()
                page.wait_for_load_state()
            assert (page.url, violations(page), overflow(page)) == (page.url, [], 0)
