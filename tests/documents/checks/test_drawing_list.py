import pytest

from documents.checks.drawing_list import drawing_list, key
from documents.report import DocumentReport
from documents.rulebook import shipped
from tests.documents.builders import listed, sheet


def found(*documents: DocumentReport) -> list[tuple[str, str]]:
    return [(document.file, finding.code) for document, finding in drawing_list(documents, shipped())]


LIST = listed(("建施-01", "平面图", "A1", "A"), ("建施-02", "立面图", "A1", "A"))
FIRST = sheet("1.pdf", "建施-01", "平面图", revision="A")
SECOND = sheet("2.pdf", "建施-02", "立面图", revision="A")


def test_a_complete_set_is_in_order() -> None:
    assert found(LIST, FIRST, SECOND) == []


def test_a_listed_drawing_is_missing() -> None:
    assert found(LIST, FIRST) == [("图纸目录.pdf", "drawing-missing")]


def test_a_drawing_is_not_listed() -> None:
    assert found(LIST, FIRST, SECOND, sheet("3.pdf", "建施-03", "剖面图")) == [("3.pdf", "drawing-surplus")]


def test_two_sheets_bear_one_number() -> None:
    assert found(LIST, FIRST, SECOND, sheet("3.pdf", "建施-01", "平面图")) == [("3.pdf", "drawing-duplicate")]


def test_a_number_is_listed_twice() -> None:
    assert found(listed(("建施-01", "平面图", "", ""), ("建施-1", "平面图", "", "")), FIRST) == [
        ("图纸目录.pdf", "listed-twice")
    ]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (sheet("1.pdf", "建施-01", "屋顶平面图", revision="A"), "drawing-renamed"),
        (sheet("1.pdf", "建施-01", "平面图", revision="B"), "drawing-revision"),
        (sheet("1.pdf", "建施-01", "平面图", revision="A", size="A2"), "drawing-sheet-differs"),
    ],
)
def test_a_sheet_differs_from_its_listing(changed: DocumentReport, code: str) -> None:
    assert found(LIST, changed, SECOND) == [("1.pdf", code)]


def test_sheets_without_any_list_are_not_judged() -> None:
    assert found(FIRST, SECOND) == []


@pytest.mark.parametrize("text", ["建施-01", "建施－０１", "建施—1", "建施 - 01"])
def test_key_unifies_ways_of_writing_a_number(text: str) -> None:
    assert key(text) == "建施-1"
