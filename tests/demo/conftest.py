from datetime import UTC, datetime

import pytest

from demo.city import A, City, build_city


@pytest.fixture(scope="session")
def city() -> City:
    """Preset A at three o'clock on a Friday."""
    return build_city(A, now=datetime(2026, 11, 22, 8, tzinfo=UTC))
