from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.e2e.running import Service, open_browser, running_service


@pytest.fixture(scope="session")
def running() -> Iterator[Service]:
    with running_service() as service:
        yield service


@pytest.fixture(scope="session")
def service(running: Service) -> str:
    return running.address


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with open_browser(playwright) as browser:
        yield browser
