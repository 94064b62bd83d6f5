"""What a reader of the page cannot see is not read, and said to be there."""

from pathlib import Path

import pytest

from demo.dossiers.paper import MM, Paper
from documents.check import check_document
from tests.documents.builders import TODAY, a4, saved

WHITE, BLACK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)


def covered(fill: tuple[float, float, float]) -> Paper:
    paper = a4()
    paper.text(60 * MM, 30 * MM, "质量评估报告", 18)
    paper.text(30 * MM, 50 * MM, "工程名称：澜东名邸", 10)
    box = paper.text(30 * MM, 60 * MM, "评估结论：不合格", 10, key="covered")
    paper.rect((box[0] - 2, box[1] - 2, box[2] + 2, box[3] + 2), width=0, fill=fill)
    return paper


@pytest.mark.parametrize("fill", [WHITE, BLACK])
def test_text_under_a_box_is_named_and_not_read(tmp_path: Path, fill: tuple[float, float, float]) -> None:
    paper = covered(fill)
    report = check_document(saved(tmp_path, "甲.pdf", paper.save()), today=TODAY)
    (finding,) = (found for found in report.findings if found.code == "hidden-text")
    assert finding.bbox == pytest.approx(paper.places["covered"].box, abs=3)
    assert [field.name for field in report.fields] == ["project_name"]


def test_text_on_a_coloured_ground_is_read(tmp_path: Path) -> None:
    paper = a4()
    paper.rect((25 * MM, 40 * MM, 180 * MM, 70 * MM), width=0, fill=(0.8, 0.85, 0.9))
    paper.text(60 * MM, 30 * MM, "质量评估报告", 18)
    paper.text(30 * MM, 50 * MM, "工程名称：澜东名邸", 10)
    report = check_document(saved(tmp_path, "甲.pdf", paper.save()), today=TODAY)
    assert [(field.name, field.value) for field in report.fields] == [("project_name", "澜东名邸")]


def test_a_title_block_value_that_was_covered_counts_as_empty(tmp_path: Path) -> None:
    paper = Paper(594 * MM, 420 * MM)
    for row, (label, value) in enumerate(
        {"工程名称": "澜东江泽名邸", "图名": "一层平面图", "图号": "建施-03", "比例": "1:100", "日期": "2025.06",
         "设计阶段": "竣工图"}.items()
    ):  # fmt: skip
        top = (350 + 8 * row) * MM
        for x, width, text in ((450, 22, label), (472, 60, value)):
            paper.rect((x * MM, top, (x + width) * MM, top + 8 * MM))
            paper.text(x * MM + 4, top + 6 * MM, text, 9)
    paper.rect((473 * MM, 375 * MM, 500 * MM, 381 * MM), width=0, fill=WHITE)
    report = check_document(saved(tmp_path, "图.pdf", paper.save()), today=TODAY)
    assert {found.code for found in report.findings} >= {"hidden-text", "title-block-field-missing"}
    assert report.first("scale") is None
