"""What two inspectors' phones do about the same point, and what a phone remembers that was killed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect

from demo.chance import stream
from demo.city import SEED
from demo.names import person
from tests.e2e.running import PHONE, Service, log_in
from tests.e2e.story import PATIENCE_MS, SPOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
NOTE = "喷头被吊顶遮挡"
OPEN_POINT = 'form[data-record="checklist"]:not(:has(input[value="not_met"]:checked))'
#: The fire department's officers: five A posts and three B posts.
NUMBERS = [
    f"fire-{post}{number:02d}" for post, posts in (("A", 5), ("B", 3)) for number in range(1, posts + 1)
]


@pytest.fixture
def phones(browser: Browser, running: Service) -> Iterator[list[BrowserContext]]:
    made = [
        browser.new_context(
            base_url=running.address,
            viewport={"width": PHONE[0], "height": PHONE[1]},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            geolocation=SPOT,
            permissions=["geolocation"],
        )
        for _ in range(2)
    ]
    yield made
    for context in made:
        context.close()


def switch_on(phone: BrowserContext, login: str) -> Page:
    page = phone.new_page()
    page.set_default_timeout(PATIENCE_MS)
    log_in(page, login)
    return page


def check_in(page: Page) -> None:
    """Away from the site, so with a reason."""
    form = page.locator('form[data-record="check-in"]')
    if form.count():
        form.get_by_role("textbox").first.fill("室内无定位")
        form.get_by_role("button", name="签到").click()
        expect(page.locator("#check-in")).to_contain_text("已签到")


def open_task(phone: BrowserContext) -> tuple[Page, str, str]:
    """A page of a task with a point to look at, its address, and the login of the fire inspector whose task it is."""
    for number in NUMBERS:
        login = "officer" if number == "fire-A01" else number.lower()
        page = switch_on(phone, login)
        page.goto("/tasks/week")
        for task in page.locator("a.task").all():
            address = task.get_attribute("href") or ""
            page.goto(address)
            if page.locator(OPEN_POINT).count():
                return page, address, login
            page.go_back()
        page.locator("header summary").click()
        page.get_by_role("button", name="退出登录").click()
        page.wait_for_url(lambda url: "/tasks" not in url)
        page.close()
    pytest.fail("no fire inspector of the demo city has a visit in these days")


def first_point(page: Page) -> str:
    slot = page.locator(OPEN_POINT).first.get_attribute("data-slot")
    return f'form[data-record="checklist"][data-slot="{slot}"]'


def login_of_colleague(page: Page, login: str) -> str:
    """Whoever of the fire department is booked beside the inspector."""
    shown = page.locator("main").inner_text()
    booked = (number for number in NUMBERS if person(stream(SEED, "officer", number)).name in shown)
    logins = ("officer" if number == "fire-A01" else number.lower() for number in booked)
    return next(each for each in logins if each != login)


def test_conflict_shows_both_versions_and_the_inspector_chooses(phones: list[BrowserContext]) -> None:
    ours, theirs = phones
    page, address, login = open_task(ours)
    colleague = login_of_colleague(page, login)
    check_in(page)
    point = first_point(page)
    page.locator('#queue[data-day="kept"]').wait_for(state="attached")

    other = switch_on(theirs, colleague)
    other.goto(address)
    check_in(other)
    other.locator(f'{point} input[value="met"]').check()
    expect(other.locator(f"{point} [data-kept]")).not_to_be_empty()

    ours.set_offline(True)
    page.fill(f"{point} [name=note]", NOTE)
    page.locator(f'{point} input[value="not_met"]').check()
    expect(page.locator("#queue [role=status]")).to_contain_text(re.compile("1 条记录待发送"))
    ours.set_offline(False)
    versions = page.locator("#queue .versions")
    expect(versions).to_be_visible(timeout=PATIENCE_MS)
    mine, standing = versions.locator("> div").all()
    expect(mine).to_contain_text(NOTE)
    expect(standing).to_contain_text("符合")
    expect(standing).not_to_contain_text(NOTE)
    mine.get_by_role("button").click()
    expect(page.locator("#queue [role=status]")).to_have_text("全部已发送", timeout=PATIENCE_MS)
    other.reload()
    expect(other.locator(f"{point} [name=note]")).to_have_value(NOTE)


def test_phone_that_forgot_its_notes_keeps_pages_and_records(phones: list[BrowserContext]) -> None:
    """A killed browser may lose localStorage, of what it wrote last; pages and queued records stay."""
    phone, _ = phones
    page = switch_on(phone, "officer")
    page.goto("/tasks")
    page.locator('#queue[data-day="kept"]').wait_for(state="attached")
    kept = "caches.open('yichuang-pages').then(pages => pages.keys()).then(keys => keys.length)"
    before = page.evaluate(kept)
    record = {"task": "X/y", "kind": "finding", "slot": "s", "fields": [["text", NOTE]], "state": "waiting"}
    put = (
        "record => FieldQueue.open(document.getElementById('queue').dataset.officer).then(q => q.put(record))"
    )
    phone.route("**/tasks/records", lambda route: route.abort())
    page.evaluate(put, record)
    page.evaluate("localStorage.clear()")
    phone.set_offline(True)
    page.reload()
    expect(page.locator("#queue [role=status]")).to_contain_text("1 条记录待发送")
    assert page.evaluate(kept) == before > 0
    page.locator("header summary").click()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", stay)  # answered as it comes, or the click would wait for it
    with page.expect_event("dialog"):  # after a look into what is kept
        page.get_by_role("button", name="退出登录").click()
    assert asked == ["本机有未发送的记录，退出会丢失。仍要退出吗？"]
    expect(page.locator("#queue [role=status]")).to_contain_text("1 条记录待发送")
