"""`yichuang run`: the whole service on one machine, from nothing, until Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from types import FrameType
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import click

from api import database_setup, demo_clock
from api.embedded import Embedded
from core.settings import Settings
from demo.loading import accounts_table

READY_SECONDS = 60
STOP_SECONDS = 15


def run_everything(settings: Settings) -> int:
    """Embedded servers where none are given, migrations, demo city, API server, workers. Returns the exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    with Embedded(settings) as ready:
        database_setup.migrate(ready)
        demo_clock.start(ready)
        database_setup.load_demo_once(ready)
        environment = os.environ | {
            "DATABASE_URL": ready.database_url,
            "REDIS_URL": ready.redis_url,
            "YICHUANG_DATA_DIR": str(ready.data_dir.resolve()),
            "YICHUANG_DEMO": "1",
        }
        commands = (("serve",), ("worker",), ("worker", "--queue", "scheduling"))
        children = [_start(environment, *command) for command in commands]
        try:
            _announce(ready, children)
            return _watch(ready, children)
        except KeyboardInterrupt:
            return 0
        finally:
            _stop(children)


def _start(environment: dict[str, str], *command: str) -> "subprocess.Popen[Any]":
    # A session of its own: Ctrl-C reaches only us, and we stop the children in order.
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", *command], env=environment, start_new_session=True
    )


def _announce(settings: Settings, children: "list[subprocess.Popen[Any]]") -> None:
    address = f"http://{settings.host}:{settings.port}"
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and all(child.poll() is None for child in children):
        try:
            with urlopen(f"{address}/readyz", timeout=2):  # noqa: S310 - our own address
                break
        except (URLError, OSError):
            time.sleep(0.1)
    click.echo(f"\n  一窗 Yichuang  →  {settings.base_url}\n")
    click.echo(accounts_table())
    if settings.demo_speed != 1:
        click.echo(
            f"\n  ×{settings.demo_speed:g}  →  {settings.base_url}{database_setup.begin_tender(settings)}"
        )
    click.echo("\n  Ctrl-C 停止 · stops everything\n")


def _watch(settings: Settings, children: "list[subprocess.Popen[Any]]") -> int:
    while True:
        demo_clock.keep(settings)
        for child in children:
            code = child.poll()
            if code is not None:
                return code or 1
        time.sleep(0.5)


def _stop(children: "list[subprocess.Popen[Any]]") -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
