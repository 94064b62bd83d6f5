"""`make screenshots`: pictures of the running product with the demo city, small in bytes, into docs/screenshots."""

from io import BytesIO
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.running import DESK, PHONE, ROOT, log_in, open_browser, running_service, visitor

TARGET = ROOT / "docs/screenshots"
COLOURS = 96


class Picture(NamedTuple):
    """`click` are links or buttons to follow from the first page, in order."""

    name: str
    path: str
    click: tuple[str, ...] = ()
    login: str | None = None
    size: tuple[int, int] = DESK
    locale: str = "zh-CN"
    theme: str = "light"
    wait: str = "main"
    """What must be there before the picture is taken."""


FIRST_ROW = "main table tbody a"
PICTURES = [
    Picture("home-desk", "/"),
    Picture("home-phone-dark-en", "/", size=PHONE, locale="en", theme="dark"),
    Picture("notices-desk", "/notices?q=学校"),
    Picture("notice-desk", "/notices?stage=candidates", (FIRST_ROW,)),
    Picture(
        "slots-desk",
        "/inspections/board",
        (".tabs >> text=约定时段", FIRST_ROW, "form[action$='/slots'] button"),
        login="dispatcher",
        wait="#slots .slot",
    ),
    Picture("tasks-phone", "/tasks/week", login="officer", size=PHONE),
    Picture("task-phone", "/tasks/week", ("a.task",), login="officer", size=PHONE),
    Picture("supervision-desk-dark-en", "/supervision", login="supervisor", locale="en", theme="dark"),
]


def take(page: Page, picture: Picture) -> Image.Image:
    page.goto(picture.path)
    for selector in picture.click:
        page.locator(selector).first.click()
        page.wait_for_load_state()
    page.wait_for_selector(picture.wait, timeout=120_000)
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(300)
    return Image.open(BytesIO(page.screenshot()))


def take_all(browser: Browser, address: str) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    for picture in PICTURES:
        with visitor(
            browser, address, size=picture.size, locale=picture.locale, theme=picture.theme
        ) as context:
            page = context.new_page()
            if picture.login:
                log_in(page, picture.login)
            image = take(page, picture).convert("RGB")
        image.quantize(COLOURS, dither=Image.Dither.NONE).save(TARGET / f"{picture.name}.png", optimize=True)


if __name__ == "__main__":
    with running_service() as service, sync_playwright() as playwright, open_browser(playwright) as browser:
        take_all(browser, service.address)
