from datetime import date, datetime, time

import pytest

from core import clock
from core.workdays import DayKind, WorkCalendar
from tendering.content import Publication
from tendering.outlines import begun, outline_of, outlines
from tendering.rules import KINDS, Category, NoticeKind
from tendering.timetable import check_before_publication

FRIDAY, MONDAY, SATURDAY = date(2026, 3, 6), date(2026, 3, 9), date(2026, 3, 28)
CALENDAR = WorkCalendar("test", {SATURDAY: DayKind.WORKING})
EACH = [(outline, category) for outline in outlines() for category in outline.categories]


@pytest.mark.parametrize(("outline", "category"), EACH, ids=lambda each: getattr(each, "kind", each))
def test_outline_begins_lawfully(outline: object, category: Category) -> None:
    chosen = next(each for each in outlines() if each is outline)
    content = begun(chosen, category, today=FRIDAY, calendar=CALENDAR)
    notice = Publication(
        source="portal",
        key="1",
        process="1",
        category=category,
        kind=chosen.kind,
        title=chosen.ending,
        published_at=datetime.combine(MONDAY, time(8), tzinfo=clock.LOCAL),
        content=content,
    )

    assert category in KINDS[chosen.kind].categories
    assert check_before_publication(notice, law_of=MONDAY, calendar=CALENDAR) == []


def test_works_tender_begins_with_headings_and_the_earliest_lawful_days() -> None:
    outline = outline_of(Category.WORKS, NoticeKind.TENDER)
    assert outline is not None
    content = begun(outline, Category.WORKS, today=FRIDAY, calendar=CALENDAR)
    dates = content.dates

    assert content.text.splitlines()[:2] == ["一、招标条件：", "二、项目概况与招标范围："]
    assert (dates.documents_from, dates.documents_to, dates.bid_deadline, dates.opening) == (
        datetime(2026, 3, 9, 9, tzinfo=clock.LOCAL),
        datetime(2026, 3, 16, 23, 59, tzinfo=clock.LOCAL),  # five days end on a Saturday that is off
        datetime(2026, 3, 30, 9, 30, tzinfo=clock.LOCAL),  # twenty on a Sunday
        datetime(2026, 3, 30, 9, 30, tzinfo=clock.LOCAL),
    )
    assert outline_of(Category.LAND, NoticeKind.CANDIDATES) is None
