"""Keyset pages: the next page begins after the last row seen, so nothing is skipped or counted off."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")
PAGE = 50


class Page(msgspec.Struct, Generic[T], frozen=True):
    """`after` is the cursor of the next page; None on the last."""

    items: list[T]
    after: int | None = None


def page_of(rows: list[tuple[int, T]], limit: int) -> Page[T]:
    """`rows` are (cursor, item), one more than `limit` where there is a next page."""
    shown = rows[:limit]
    return Page([item for _, item in shown], shown[-1][0] if len(rows) > limit else None)
