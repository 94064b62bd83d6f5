"""One case and the people who work on it, each in a browser of his own; an inspector's phone, which may die."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Geolocation, Page, expect

from demo.chance import stream
from demo.city import SEED
from demo.names import person
from tests.e2e.network import Network
from tests.e2e.running import CHROMIUM, CHROMIUM_FLAGS, DESK, PHONE, Service, log_in
from tests.e2e.test_accessibility import overflow, violations

#: Long enough for the worker to read papers, find slots or set a PDF on a busy machine.
PATIENCE_MS = 90_000
expect.set_options(timeout=PATIENCE_MS)
SPOT: Geolocation = {"longitude": 125.13, "latitude": 29.93}
#: Of whom the story's parties are.
DEPARTMENTS = (
    *("quality", "fire", "planning", "civil_defence", "archives"),
    *("gardens", "water", "sanitation", "traffic"),
)


@dataclass
class Story:
    browser: Browser
    service: Service
    code: str = ""
    sessions: dict[str, Any] = field(default_factory=dict)
    """Cookies by login: people stay logged in until the clock jumps."""
    checked: set[tuple[str, ...]] = field(default_factory=set)

    @contextmanager
    def as_(self, login: str | None, size: tuple[int, int] = DESK) -> Iterator[Page]:
        """A browser of this person's own, or of a passer-by; the page it leaves is accessible and fits the screen."""
        context = self._context(size, self.sessions.get(login or ""))
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        if login and login not in self.sessions:
            log_in(page, login)
            self.sessions[login] = context.storage_state()
        try:
            yield page
            self._check(page)
        finally:
            context.close()

    def _check(self, page: Page) -> None:
        """Once for each face of a page: its address without the case, and the headings that it shows."""
        face = (page.url.replace(self.code or "-", ""), *page.locator("main h2").all_inner_texts())
        if face not in self.checked:
            self.checked.add(face)
            assert (page.url, violations(page), overflow(page)) == (page.url, [], 0)

    def _context(self, size: tuple[int, int], session: Any) -> BrowserContext:
        return self.browser.new_context(
            base_url=self.service.address,
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            geolocation=SPOT,
            permissions=["geolocation"],
            storage_state=session,
        )

    @contextmanager
    def at_case(self, login: str) -> Iterator[Page]:
        with self.as_(login) as page:
            page.goto(f"/inspections/{self.code}")
            yield page

    @contextmanager
    def at_task(self, login: str, matter: str) -> Iterator[Page]:
        with self.as_(login, PHONE) as page:
            page.clock.install(time=self.service.clock.now())
            page.goto(f"/tasks/{self.code}/{matter}")
            yield page

    def teams(self) -> dict[str, list[str]]:
        """The logins of those who are booked, by department, as the lead sees them."""
        with self.at_case("dispatcher") as page:
            shown = page.locator(".grid-table").inner_text()
        found: dict[str, list[str]] = {}
        for department in DEPARTMENTS:
            numbers = [f"{department}-{post}{number:02d}" for post in "AB" for number in range(1, 6)]
            booked = [each for each in numbers if person(stream(SEED, "officer", each)).name in shown]
            found[department] = ["officer" if each == "fire-A01" else each.lower() for each in booked]
        return found


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def done(page: Page, text: str) -> None:
    expect(page.get_by_text(text).first).to_be_visible(timeout=PATIENCE_MS)


@dataclass
class InspectorsPhone:
    """A browser with a profile of its own that survives its process."""

    playwright: Any
    service: Service
    profile: Path
    network: Network
    context: BrowserContext | None = None

    def switch_on(self) -> Page:
        self.context = self.playwright.chromium.launch_persistent_context(
            self.profile,
            executable_path=CHROMIUM,
            args=CHROMIUM_FLAGS,
            base_url=self.network.address,
            viewport={"width": PHONE[0], "height": PHONE[1]},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            geolocation=SPOT,
            permissions=["geolocation"],
        )
        page = self.context.pages[0]
        page.set_default_timeout(PATIENCE_MS)
        page.clock.install(time=self.service.clock.now())
        return page

    def die(self) -> None:
        """The battery is empty: no page hears of it."""
        process = int((self.profile / "SingletonLock").readlink().name.rpartition("-")[2])
        os.kill(process, signal.SIGKILL)
        with suppress(Error):  # it is gone already
            self.put_away()
        self.context = None

    def put_away(self) -> None:
        assert self.context is not None
        self.context.close()
        self.context = None
