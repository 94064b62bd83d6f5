"""The one place that asks for the time. Everything below is handed `now`."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

#: The civil time in which working days, letters and pages are reckoned.
LOCAL = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    return datetime.now(UTC)


def local_date(moment: datetime) -> date:
    return moment.astimezone(LOCAL).date()
