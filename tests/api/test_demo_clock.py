import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from api import demo_clock
from api.app import create_app
from core import clock
from core.settings import Settings


@pytest.fixture(autouse=True)
def true_time_afterwards() -> Iterator[None]:
    yield
    clock.set_pace(clock.Pace())


def test_a_day_passes_in_four_seconds_at_21600(tmp_path: Path) -> None:
    demo_clock.start(Settings(data_dir=tmp_path, demo_speed=21_600))
    begun, true = clock.now(), time.monotonic()
    while time.monotonic() < true + 0.05:
        pass
    passed = clock.now() - begun
    assert passed >= timedelta(seconds=0.05 * 21_600)
    assert clock.lasting(timedelta(hours=12)) == timedelta(hours=12 * 21_600)


def test_a_clock_that_stopped_goes_on_from_where_it_stood(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, demo_speed=1_000_000, demo=True)
    demo_clock.start(settings)
    ahead = clock.true_now() + timedelta(days=50)
    clock.set_pace(clock.Pace(1_000_000, clock.true_now(), ahead))
    demo_clock.keep(settings)
    clock.set_pace(clock.Pace())

    demo_clock.start(settings)

    assert clock.now() >= ahead
    clock.set_pace(clock.Pace())
    demo_clock.follow(settings)
    assert clock.now() >= ahead


def test_it_is_never_on_unless_asked_for_and_never_outside_a_demo(tmp_path: Path) -> None:
    demo_clock.start(Settings(data_dir=tmp_path))
    demo_clock.keep(Settings(data_dir=tmp_path))
    demo_clock.follow(Settings(data_dir=tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert abs(clock.now() - clock.true_now()) < timedelta(seconds=60)
    with pytest.raises(demo_clock.NoDemoError):
        create_app(Settings(data_dir=tmp_path, demo_speed=2))


async def test_every_page_says_that_the_clock_is_a_demos(settings: Settings) -> None:
    fast = settings.model_copy(update={"demo": True, "demo_speed": 21_600})
    demo_clock.start(fast)
    app = create_app(fast)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]  # narrower scope types
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        for path in ("/notices", "/login", "/nowhere"):
            page = (await client.get(path)).text
            told = re.search(r'<html lang="zh-CN" data-now="([^"]*)" data-speed="21600">', page)

            assert "演示时钟" in page, path
            assert told is not None, path
            assert abs(datetime.fromisoformat(told[1]) - clock.now()) < timedelta(seconds=60 * 21_600), path
    await app.state.resources.close()
