"""A whole service of its own, and a browser to walk it, for tests and pictures."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from demo.loading import PASSWORD

ROOT = Path(__file__).parents[2]
READY_SECONDS = 180
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
#: Quiet, and without look-ups of the browser's own.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE = (1280, 900), (390, 844)


@dataclass(frozen=True, slots=True)
class ServiceClock:
    """The running service's clock, which a test may put ahead; None where the service is not ours to shift."""

    file: Path | None

    def now(self) -> datetime:
        ahead = float(self.file.read_text()) if self.file else 0.0
        return datetime.now(UTC) + timedelta(seconds=ahead)

    def go_to(self, moment: datetime) -> None:
        assert self.file is not None
        self.file.write_text(str((moment - datetime.now(UTC)).total_seconds()))


@dataclass(frozen=True, slots=True)
class Service:
    address: str
    clock: ServiceClock


@contextmanager
def running_service() -> Iterator[Service]:
    """A service with the demo city; `YICHUANG_E2E_URL` names one that already runs."""
    if running := os.environ.get("YICHUANG_E2E_URL"):
        yield Service(running.rstrip("/"), ServiceClock(None))
        return
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="yichuang-e2e-", ignore_cleanup_errors=True) as folder:
        ahead = Path(folder) / "clock"
        ahead.write_text("0")
        environment = os.environ | {
            "PYTHONPATH": f"{ROOT / 'tests/e2e/shifted'}{os.pathsep}{ROOT}",
            "YICHUANG_E2E_CLOCK": str(ahead),
            "PORT": str(port),
            "YICHUANG_DATA_DIR": folder,
            "YICHUANG_PUBLIC_URL": address,
        }
        environment.pop("DATABASE_URL", None)
        environment.pop("REDIS_URL", None)
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "run"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        try:
            wait_until_ready(process, address)
            yield Service(address, ServiceClock(ahead))
        finally:
            process.terminate()
            process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(process: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The service ended with code {process.returncode}")
        try:
            with urlopen(f"{address}/readyz", timeout=2):  # noqa: S310 - our own address
                return
        except (URLError, OSError):
            time.sleep(0.3)
    raise TimeoutError(f"No answer from {address} within {READY_SECONDS} s")


@contextmanager
def open_browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
    try:
        yield browser
    finally:
        browser.close()


def visitor(
    browser: Browser,
    address: str,
    *,
    size: tuple[int, int] = DESK,
    locale: str = "zh-CN",
    theme: str = "light",
) -> BrowserContext:
    """A reader with a screen of this size, a language and a taste for light or dark."""
    width, height = size
    return browser.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        locale=locale,
        color_scheme="dark" if theme == "dark" else "light",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",  # colours are what they are at once
    )


def log_in(page: Page, login: str, password: str = PASSWORD) -> None:
    page.goto("/login")
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("main form .button")
    page.wait_for_url(lambda url: "/login" not in url)
