"""Title blocks and stamps on sheets drawn here: any corner, any direction, with or without rules, in strokes."""

from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from demo.dossiers.paper import MM, Paper
from documents.check import check_document
from documents.report import DocumentReport
from tests.documents.builders import TODAY, saved

FIELDS = {
    "工程名称": "澜东江泽名邸", "图名": "一层平面图", "图号": "建施-03", "比例": "1:100", "设计阶段": "竣工图",
    "日期": "2025.06",
}  # fmt: skip
EXPECTED = {
    "project_name": "澜东江泽名邸", "drawing_title": "一层平面图", "drawing_number": "建施-03", "scale": "1:100",
    "stage": "竣工图", "date": "2025-06-01",
}  # fmt: skip
WIDTH, HEIGHT = 594 * MM, 420 * MM
ROW, LABEL, VALUE = 8 * MM, 22 * MM, 60 * MM


def title_block(
    paper: Paper, x: float, y: float, fields: dict[str, str] = FIELDS, *, ruled: bool = True
) -> None:
    for row, (label, value) in enumerate(fields.items()):
        top = y + row * ROW
        if ruled:
            paper.rect((x, top, x + LABEL, top + ROW))
            paper.rect((x + LABEL, top, x + LABEL + VALUE, top + ROW))
        paper.text(x + 4, top + 6 * MM, label, 9)
        paper.text(x + LABEL + 4, top + 6 * MM, value, 9)


def read(folder: Path, paper: Paper) -> DocumentReport:
    return check_document(saved(folder, "图.pdf", paper.save()), today=TODAY)


def values(report: DocumentReport) -> dict[str, object]:
    return {field.name: field.value for field in report.fields}


@pytest.mark.parametrize("corner", ["top left", "top right", "bottom left", "bottom right"])
def test_a_title_block_is_found_in_every_corner(tmp_path: Path, corner: str) -> None:
    paper = Paper(WIDTH, HEIGHT)
    x = 30 * MM if "left" in corner else WIDTH - 10 * MM - LABEL - VALUE
    y = 15 * MM if "top" in corner else HEIGHT - 10 * MM - 6 * ROW
    title_block(paper, x, y)
    assert values(read(tmp_path, paper)) == EXPECTED


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize("rotate", [0, 90])
def test_a_title_block_is_found_in_every_direction(tmp_path: Path, angle: int, rotate: int) -> None:
    paper = Paper(WIDTH, HEIGHT, rotate=rotate)
    with paper.turned(300 * MM, 200 * MM, angle):
        title_block(paper, 0, 0)
    report = read(tmp_path, paper)
    assert (report.kind, values(report)) == ("as_built_drawing", EXPECTED)


def test_a_field_is_shown_where_it_stands(tmp_path: Path) -> None:
    paper = Paper(WIDTH, HEIGHT, rotate=270)
    with paper.turned(300 * MM, 200 * MM, 90):
        title_block(paper, 0, 0)
    number = read(tmp_path, paper).first("drawing_number")
    assert number is not None
    x0, top, x1, bottom = (side / MM for side in number.bbox)
    assert (300 + 16 <= x0 < x1 <= 300 + 24, 200 - 82 <= top < bottom <= 200 - 22) == (True, True)


def test_a_title_block_without_rules_is_read_by_white_space(tmp_path: Path) -> None:
    paper = Paper(WIDTH, HEIGHT)
    title_block(paper, 450 * MM, 350 * MM, ruled=False)
    assert values(read(tmp_path, paper)) == EXPECTED


def test_lettering_in_strokes_is_read_from_its_annotations(tmp_path: Path) -> None:
    paper = Paper(WIDTH, HEIGHT)
    texts = []
    for row, pair in enumerate(FIELDS.items()):
        top = 350 * MM + row * ROW
        for x, width, text in ((450 * MM, LABEL, pair[0]), (450 * MM + LABEL, VALUE, pair[1])):
            paper.rect((x, top, x + width, top + ROW))
            for stroke in range(6):
                paper.line(x + 6 + 3 * stroke, top + 8, x + 7 + 3 * stroke, top + 14)
            texts.append((text, Array([x + 5, HEIGHT - top - 16, x + 5 + 9 * len(text), HEIGHT - top - 7])))
    path = saved(tmp_path, "图.pdf", paper.save())
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        comments = [
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Square,
                T=String("AutoCAD SHX Text"),
                Contents=String(text),
                Rect=rect,
            )
            for text, rect in texts
        ]
        pdf.pages[0].obj.Annots = pdf.make_indirect(
            Array([pdf.make_indirect(comment) for comment in comments])
        )
        pdf.save(path)
    report = check_document(path, today=TODAY)
    assert (values(report), [f.code for f in report.findings]) == (EXPECTED, ["stroke-text"])


def test_a_field_left_empty_is_shown_by_its_cell(tmp_path: Path) -> None:
    paper = Paper(WIDTH, HEIGHT)
    title_block(paper, 450 * MM, 350 * MM, FIELDS | {"比例": ""})
    (finding,) = read(tmp_path, paper).findings
    assert (finding.code, finding.message.zh) == ("title-block-field-missing", "第 1 页图签“比例”未填写。")
    x, top = 450 * MM + LABEL, 350 * MM + 3 * ROW
    assert finding.bbox == pytest.approx((x, top, x + VALUE, top + ROW), abs=1.5)
