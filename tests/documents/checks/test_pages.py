from documents.checks import pages
from documents.report import BBox, Content, Finding
from tests.documents.builders import page, reading

HIDDEN: BBox = (1, 2, 3, 4)


def codes(findings: object) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.page) for finding in findings]  # type: ignore[attr-defined] # an iterator of findings


def test_blank_pages() -> None:
    read = reading(page(1), page(2, content=Content.BLANK, chars=0))
    assert codes(pages.blank_pages(read)) == [("blank-page", 2)]


def test_duplicate_pages_name_the_first() -> None:
    read = reading(page(1, fingerprint="a"), page(2, fingerprint="b"), page(3, fingerprint="a"))
    (found,) = pages.duplicate_pages(read)
    assert (found.page, found.message.zh) == (3, "第 3 页与第 1 页相同。")


def test_duplicate_pages_leave_blank_ones_alone() -> None:
    blank = [page(n, content=Content.BLANK, fingerprint="white") for n in (1, 2)]
    assert codes(pages.duplicate_pages(reading(*blank))) == []


def test_turned_pages() -> None:
    assert codes(pages.turned_pages(reading(page(1), page(2, direction=90)))) == [("rotated-page", 2)]


def test_unreadable_pages() -> None:
    assert codes(pages.unreadable_pages(reading(page(1), page(2, failed=True)))) == [("page-unreadable", 2)]


def test_a_single_scanned_page() -> None:
    read = reading(page(1), page(2, content=Content.SCAN, chars=0))
    assert codes(pages.scanned_pages(read)) == [("scan", 2)]


def test_scanned_pages_are_one_finding() -> None:
    (found,) = pages.scanned_pages(reading(*(page(n, content=Content.SCAN, chars=0) for n in (1, 2, 3, 7))))
    assert (found.code, found.message.en[:18]) == ("scanned-pages", "4 pages (1-3, 7) a")


def test_stroke_text_read_from_annotations_is_a_note() -> None:
    read = reading(page(1, content=Content.STROKES, chars=60, objects=900))
    assert codes(pages.stroke_text(read)) == [("stroke-text", 1)]


def test_stroke_text_that_nobody_read_is_doubtful() -> None:
    read = reading(page(1, content=Content.STROKES, chars=0, objects=900))
    assert codes(pages.stroke_text(read)) == [("stroke-text-unread", 1)]


def test_stroke_text_is_more_than_a_rectangle() -> None:
    assert codes(pages.stroke_text(reading(page(1, content=Content.STROKES, chars=0, objects=2)))) == []


def test_unmapped_text() -> None:
    assert codes(pages.unmapped_text(reading(page(1, unmapped=20), page(2, unmapped=2)))) == [
        ("text-unmapped", 1)
    ]


def test_hidden_text_shows_what_it_says() -> None:
    (found,) = pages.hidden_text(reading(page(1, hidden=["准予备案"], hidden_box=HIDDEN)))
    assert (found.evidence, found.bbox) == ("准予备案", HIDDEN)


def test_hidden_text_under_a_scan_is_harmless() -> None:
    assert codes(pages.hidden_text(reading(page(1, content=Content.SCAN, hidden=["x"])))) == []


def test_text_off_page() -> None:
    assert codes(pages.text_off_page(reading(page(1, outside=40)))) == [("text-off-page", 1)]


def _numbered(*numbers: int, total: int = 4) -> list[Finding]:
    read = reading(*(page(i, lines=[f"第 {n} 页 共 {total} 页"]) for i, n in enumerate(numbers, 1)))
    return list(pages.missing_pages(read))


def test_missing_pages_by_their_printed_numbers() -> None:
    (found,) = _numbered(1, 2, 4)
    assert found.message.zh == "页码不连续：缺第 3 页（共 4 页）。"


def test_missing_pages_none_when_all_are_there() -> None:
    assert _numbered(1, 2, 3, 4) == []


def test_odd_sizes() -> None:
    read = reading(page(1), page(2, size=(40, 30)), page(3, size=(9000, 300)))
    assert codes(pages.odd_sizes(read)) == [("odd-page-size", 2), ("odd-page-size", 3)]
