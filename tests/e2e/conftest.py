from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.running import open_browser, running_service


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    with running_service() as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser
