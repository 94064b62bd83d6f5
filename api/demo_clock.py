"""A demo's clock: `YICHUANG_DEMO_SPEED=21600 yichuang run` lets a day pass in four seconds.

All processes take the pace from `data_dir/demo_clock`, which `yichuang run` writes and keeps up to date: a clock that
stopped goes on from where it stood, never back. Without the setting nothing here is touched, and every page says when
it is on.
"""

from pathlib import Path

import msgspec

from core import clock
from core.settings import Settings


class NoDemoError(RuntimeError):
    """A faster clock was asked for outside a demo, where it would make false history."""


def start(settings: Settings) -> None:
    """Begin at the present moment, or where the demo's clock stood when it was stopped."""
    if settings.demo_speed == 1:
        return
    true = clock.true_now()
    path = _path(settings)
    stood = _read(path).shown if path.exists() else true
    clock.set_pace(clock.Pace(settings.demo_speed, true, max(stood, true)))
    keep(settings)


def keep(settings: Settings) -> None:
    """Note where the clock stands."""
    if settings.demo_speed == 1:
        return
    true = clock.true_now()
    path = _path(settings)
    partial = path.with_suffix(".part")
    partial.write_bytes(msgspec.json.encode(clock.Pace(settings.demo_speed, true, clock.now())))
    partial.replace(path)


def follow(settings: Settings) -> None:
    """Take the pace that `yichuang run` has set. Raises NoDemoError."""
    if settings.demo_speed == 1:
        return
    path = _path(settings)
    if not settings.demo or not path.exists():
        raise NoDemoError("YICHUANG_DEMO_SPEED is for `yichuang run` only")
    clock.set_pace(_read(path))


def _path(settings: Settings) -> Path:
    return settings.data_dir / "demo_clock"


def _read(path: Path) -> clock.Pace:
    return msgspec.json.decode(path.read_bytes(), type=clock.Pace)
