"""What a long benchmark is at, on the error stream; the figures go to the other one."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def counted(results: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The results as they come, and ten lines about them on the way."""
    step = max(total // 10, 1)
    for number, result in enumerate(results, 1):
        if number % step == 0:
            say(f"  {number} of {total} {what}")
        yield result
