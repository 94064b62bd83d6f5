"""Python runs this at start-up: the service's clock goes ahead by the seconds that a file names, while it runs."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core import clock

AHEAD = Path(os.environ["YICHUANG_E2E_CLOCK"])


def now() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=float(AHEAD.read_text()))


clock.now = now
