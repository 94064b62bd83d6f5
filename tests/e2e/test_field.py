"""What two inspectors' phones do about the same point, and what a phone remembers that was killed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from demo.chance import stream
from demo.city import SEED
from demo.names import person
from tests.e2e.running import PHONE, Service, log_in
from tests.e2e.story import PATIENCE_MS, SPOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
NOTE = "喷头被吊顶遮挡"


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


def first_point(page: Page) -> str:
    open_point = 'form[data-record="checklist"]:not(:has(input[value="not_met"]:checked))'
    slot = page.locator(open_point).first.get_attribute("data-slot")
    return f'form[data-record="checklist"][data-slot="{slot}"]'


def login_of_colleague(page: Page) -> str:
    """Whoever of the fire department is booked beside the first officer."""
    numbers = [f"fire-{post}{number:02d}" for post in "AB" for number in range(1, 9)]
    shown = page.locator("main").inner_text()
    booked = (number for number in numbers if person(stream(SEED, "officer", number)).name in shown)
    return next(number.lower() for number in booked if number != "fire-A01")


def test_conflict_shows_both_versions_and_the_inspector_chooses(phones: list[BrowserContext]) -> None:
    ours, theirs = phones
    page = switch_on(ours, "officer")
    page.goto("/tasks/week")
    tasks = page.locator("a.task")
    if not tasks.count():
        pytest.skip("the demo city has no visit in these days")
    address = tasks.first.get_attribute("href") or ""
    page.goto(address)
    colleague = login_of_colleague(page)
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
    with page.expect_event("dialog") as asked:
        page.get_by_role("button", name="退出登录").click()
    assert asked.value.message == "本机有未发送的记录，退出会丢失。仍要退出吗？"
    asked.value.dismiss()
    expect(page.locator("#queue [role=status]")).to_contain_text("1 条记录待发送")
