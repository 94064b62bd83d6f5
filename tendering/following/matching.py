"""Whether a new notice is one that somebody waits for. Pure; the same answer as the search gives."""

from collections.abc import Callable

from core import clock
from tendering.models import Notice
from tendering.queries import NoticeFilter, sought
from tendering.regions import containing

Fits = Callable[[Notice], bool]


def matcher(wanted: NoticeFilter) -> Fits:
    """A test of one notice, made once for many. `open_at` means "still open when it is published"."""
    words = sought(wanted)
    equal = {
        name: value
        for name, value in (
            ("category", wanted.category),
            ("stage", wanted.stage),
            ("kind", wanted.kind),
        )
        if value is not None
    }

    def fits(notice: Notice) -> bool:
        return (
            all(getattr(notice, name) == value for name, value in equal.items())
            and (wanted.district is None or wanted.district in containing(notice.district))
            and all(word in notice.search_text for word in words)
            and _within(wanted, notice)
        )

    return fits


def _within(wanted: NoticeFilter, notice: Notice) -> bool:
    day = clock.local_date(notice.published_at)
    if (wanted.since and day < wanted.since) or (wanted.until and day > wanted.until):
        return False
    if wanted.open_at and (notice.closes_at is None or notice.closes_at <= notice.published_at):
        return False
    if wanted.least is None and wanted.most is None:
        return True
    return (
        notice.amount is not None
        and (wanted.least is None or notice.amount >= wanted.least)
        and (wanted.most is None or notice.amount <= wanted.most)
    )
