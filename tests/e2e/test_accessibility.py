"""axe-core finds nothing serious on any page, in both languages and both themes, on a desk and on a phone."""

from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.running import DESK, PHONE, ROOT, visitor

pytestmark = pytest.mark.e2e
AXE = ROOT / ".assets/axe.min.js"
GRAVE = ("serious", "critical")


class Look(NamedTuple):
    locale: str
    theme: str
    size: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.locale}-{self.theme}-{self.size[0]}px"


LOOKS = [
    Look("zh-CN", "light", DESK),
    Look("zh-CN", "dark", PHONE),
    Look("en", "dark", DESK),
    Look("en", "light", PHONE),
]
PUBLIC = ["/", "/about", "/login", "/nowhere", "/notices"]


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{item['id']} ({item['impact']}): {item['nodes'][0]['html'][:200]}"
        for item in found
        if item["impact"] in GRAVE
    ]


def overflow(page: Page) -> int:
    """How many CSS pixels the page is wider than the screen."""
    width: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return max(0, width)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_public_pages(browser: Browser, service: str, look: Look) -> None:
    with visitor(browser, service, size=look.size, locale=look.locale, theme=look.theme) as context:
        page = context.new_page()
        for path in PUBLIC:
            page.goto(path)
            assert (path, violations(page), overflow(page)) == (path, [], 0)
