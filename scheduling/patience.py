import time
from collections.abc import Iterator
from typing import TypeVar

Item = TypeVar("Item")


def until(items: Iterator[Item], end: float) -> Iterator[Item]:
    """The items, at least the first, as long as `time.monotonic()` has not passed `end`."""
    for item in items:
        yield item
        if time.monotonic() > end:
            return
