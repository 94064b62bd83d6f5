from pathlib import Path

import pytest

from documents.check import check_document
from documents.classify import classify
from documents.layout import Char, Span
from documents.rulebook import shipped
from tests.documents.builders import form, saved

BOOK = shipped()


def line(text: str, *, height: float = 12, top: float = 100) -> Span:
    return Span(text, (70, top, 70 + 10 * len(text), top + height), [Char("x", 0, 0, 1, 1, 1)])


@pytest.mark.parametrize(
    "family", [family for family in BOOK.families.family if family.title], ids=lambda f: f.code
)
def test_a_heading_names_each_family(family: object) -> None:
    for title in family.title:  # type: ignore[attr-defined] # parametrised with families
        kind = classify([line(title, height=24, top=60), line("工程名称")], 842, BOOK, title_block=False)
        assert kind.code == family.code, title  # type: ignore[attr-defined] # parametrised with families


def test_a_title_block_makes_a_drawing() -> None:
    assert classify([line("图名"), line("图号")], 1684, BOOK, title_block=True).code == "as_built_drawing"


def test_a_letter_is_of_no_kind() -> None:
    assert (
        classify([line("致有关单位：", height=20), line("贵处来函收悉。")], 842, BOOK, title_block=False).code
        is None
    )


def test_the_largest_heading_wins_over_a_mention(tmp_path: Path) -> None:
    data = form("消防验收申请表", {"工程名称": "澜东名邸"}, lines=("附：竣工验收报告、图纸目录",))
    assert check_document(saved(tmp_path, "a.pdf", data)).kind == "fire_application"
