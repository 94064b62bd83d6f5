"""The one place that asks for the time. Everything below is handed `now`.

A demo may ask for a clock that runs faster (`api/demo_clock.py`), so that a tender's weeks pass in minutes.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

#: The civil time in which working days, letters and pages are reckoned.
LOCAL = ZoneInfo("Asia/Shanghai")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pace:
    """A clock that showed `shown` at the true moment `since`, and from there runs `speed` times as fast."""

    speed: float = 1
    since: datetime = _EPOCH
    shown: datetime = _EPOCH

    def at(self, moment: datetime) -> datetime:
        return self.shown + (moment - self.since) * self.speed


@dataclass(slots=True)
class _Clock:
    pace: Pace = Pace()


_clock = _Clock()


def now() -> datetime:
    return _clock.pace.at(true_now())


def true_now() -> datetime:
    return datetime.now(UTC)


def set_pace(pace: Pace) -> None:
    """For the whole process."""
    _clock.pace = pace


def lasting(duration: timedelta) -> timedelta:
    """What people and machines take (a login, a lease) by this clock; the law's periods are civil time as they are."""
    return duration * _clock.pace.speed


def local_date(moment: datetime) -> date:
    return moment.astimezone(LOCAL).date()
