"""Whole documents through the sandbox: what is read, and what is said about it."""

import io
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Dictionary, Name

from demo.dossiers.paper import MM, Paper
from documents.check import check_document, check_dossier, submitted_file
from documents.report import Content, DocumentReport, ProjectFacts, Severity, State, Verdict
from documents.sandbox import Limits
from tests.documents.builders import TODAY, a4, form, saved

APPLICATION = form(
    "建设工程竣工联合验收申请表",
    {
        "工程名称": "澜东江泽名邸", "项目代码": "2301-330109-04-01-123456", "建设单位": "澜江汇程房地产开发有限公司",
        "总建筑面积（万㎡）": "１.８６５２", "开工日期": "二〇二三年六月十八日", "竣工日期": "2025.6.20",
    },
)  # fmt: skip


def check(folder: Path, data: bytes, name: str = "甲.pdf") -> DocumentReport:
    return check_document(saved(folder, name, data), today=TODAY)


def codes(report: DocumentReport) -> list[str]:
    return [finding.code for finding in report.findings]


def test_a_form_is_read_with_values_and_places(tmp_path: Path) -> None:
    report = check(tmp_path, APPLICATION)
    values = {field.name: field.value for field in report.fields}
    assert (report.kind, values, codes(report)) == (
        "joint_application",
        {
            "project_name": "澜东江泽名邸", "project_code": "2301-330109-04-01-123456",
            "construction_unit": "澜江汇程房地产开发有限公司", "floor_area": 18652.0, "start_date": "2023-06-18",
            "completion_date": "2025-06-20",
        },
        [],
    )  # fmt: skip


def test_a_value_is_shown_where_it_stands(tmp_path: Path) -> None:
    name = check(tmp_path, APPLICATION).first("project_name")
    assert name is not None
    x0, top, x1, bottom = name.bbox
    assert (75 * MM < x0 < x1 < 185 * MM, 45 * MM < top < bottom < 54 * MM) == (True, True)


def test_a_page_is_measured_as_displayed(tmp_path: Path) -> None:
    paper = Paper(297 * MM, 210 * MM, rotate=90)
    paper.text(40 * MM, 40 * MM, "工程名称：澜东名邸", 12)
    (page,) = check(tmp_path, paper.save()).pages
    assert (page.width_mm, page.height_mm, page.sheet, page.rotation, page.content) == (
        297, 210, "A4", 90, Content.TEXT,
    )  # fmt: skip


def test_a_page_in_units_of_its_own_is_measured_in_millimetres(tmp_path: Path) -> None:
    """UserUnit (ISO 32000-1, 14.11.2): for sheets beyond 14,400 points; boxes stay in the page's units."""
    paper = Paper(594 * MM / 2, 420 * MM / 2)
    paper.text(100, 50, "工程名称：澜东名邸", 12)
    with pikepdf.open(io.BytesIO(paper.save())) as pdf:
        pdf.pages[0].obj.UserUnit = 2
        pdf.save(tmp_path / "large.pdf")
    report = check_document(tmp_path / "large.pdf", today=TODAY)
    (page,) = report.pages
    assert (page.width_mm, page.height_mm, page.sheet, page.user_unit) == (594, 420, "A2", 2)
    (name,) = report.fields
    assert 100 < name.bbox[0] < 200


@pytest.mark.parametrize("drawn", [True, False])
def test_what_is_typed_into_form_fields_is_read(tmp_path: Path, drawn: bool) -> None:
    """With the picture that the program drew of it, and where it left drawing to the reader (ISO 32000-1, 12.7.3.3)."""
    with pikepdf.open(
        io.BytesIO(form("建设工程竣工联合验收申请表", {"工程名称": "", "建设单位": "", "建筑面积": ""}))
    ) as pdf:
        for row, value in enumerate(("澜东江泽名邸", "澜江汇程公司", "18652.00")):
            type_in(pdf, row, value, drawn=drawn)
        pdf.save(tmp_path / "甲.pdf")
    report = check_document(tmp_path / "甲.pdf", today=TODAY)
    values = {field.name: field.value for field in report.fields}
    assert values == {
        "project_name": "澜东江泽名邸", "construction_unit": "澜江汇程公司", "floor_area": 18652.0,
    }  # fmt: skip


def type_in(pdf: pikepdf.Pdf, row: int, value: str, *, drawn: bool) -> None:
    """A text field over the value's cell in a row of `form`."""
    top, height = (297 - 45 - 9 * row) * MM, 9 * MM
    field = Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=f"field {row}", V=value, F=4,
        DA="/Helv 10 Tf 0 g", Rect=[75 * MM, top - height, 185 * MM, top],
    )  # fmt: skip
    if drawn:
        paper = Paper(110 * MM, height)
        paper.text(4, 6 * MM, value, 10.5)
        with pikepdf.open(io.BytesIO(paper.save())) as picture:
            field.AP = Dictionary(N=pdf.copy_foreign(picture.pages[0].as_form_xobject()))
    page = pdf.pages[0].obj
    page.Annots = [*page.get("/Annots", []), pdf.make_indirect(field)]
    pdf.Root.AcroForm = Dictionary(Fields=page.Annots, NeedAppearances=not drawn)


def test_an_empty_file(tmp_path: Path) -> None:
    report = check(tmp_path, b"")
    assert (codes(report), report.verdict) == (["empty-file"], Verdict.UNREADABLE)


def test_a_picture_called_pdf(tmp_path: Path) -> None:
    report = check(tmp_path, b"\x89PNG\r\n\x1a\n" + bytes(90))
    assert (codes(report), report.findings[0].message.en) == (
        ["renamed-file"],
        "The file is called 甲.pdf but contains PNG. Please convert it to PDF instead of renaming it.",
    )


def test_a_spreadsheet(tmp_path: Path) -> None:
    assert codes(check(tmp_path, b"PK\x03\x04" + bytes(90), "表.xlsx")) == ["not-a-pdf"]


def test_a_file_cut_off(tmp_path: Path) -> None:
    report = check(tmp_path, APPLICATION[:150])
    assert (codes(report), report.verdict) == (["unreadable"], Verdict.UNREADABLE)


def test_an_unreadable_file_goes_by_the_name_its_owner_gave_it(tmp_path: Path) -> None:
    stored = saved(tmp_path, "ab" * 32, b"%PDF-1.7\n1 0 obj << /Type /Catalog")
    report = check_document(submitted_file(stored, "竣工报告.pdf"), today=TODAY)
    (finding,) = report.findings
    assert (report.file, finding.code, finding.document) == ("竣工报告.pdf", "unreadable", "竣工报告.pdf")
    assert "ab" * 4 not in f"{finding.evidence}{finding.message}"


def endless(folder: Path) -> Path:
    """A file that takes longer to read than any test waits for."""
    paper = a4()
    for line in range(30):
        paper.text(20 * MM, (20 + 8 * line) * MM, f"第{line}行文字，读起来要一点时间", 9)
    with pikepdf.open(io.BytesIO(paper.save())) as pdf:
        for _ in range(1500):
            pdf.pages.append(pdf.pages[0])
        pdf.save(path := folder / "甲.pdf")
    return path


def test_a_file_that_takes_too_long_keeps_the_pages_read(tmp_path: Path) -> None:
    report = check_document(endless(tmp_path), today=TODAY, limits=Limits(cpu_seconds=1))
    assert (codes(report)[-1], report.verdict) == ("limits-exceeded", Verdict.UNREADABLE)
    assert report.findings[-1].severity is Severity.BLOCKS
    assert 0 < len(report.pages) < 1500


def test_a_file_for_which_the_machine_was_too_busy_is_not_rejected(tmp_path: Path) -> None:
    report = check_document(endless(tmp_path), today=TODAY, limits=Limits(wall_seconds=1))
    assert (codes(report)[-1], report.findings[-1].severity) == ("limits-exceeded", Severity.DOUBTFUL)
    assert report.verdict is Verdict.UNREADABLE


def seal_form(sealed: bool) -> bytes:
    paper = a4()
    paper.text(60 * MM, 30 * MM, "质量评估报告", 18)
    paper.text(30 * MM, 200 * MM, "监理单位（公章）：", 10.5)
    paper.text(110 * MM, 200 * MM, "总监理工程师：", 10.5)
    paper.text(30 * MM, 215 * MM, "日期：    年    月    日", 10.5)
    if sealed:
        paper.seal(65 * MM, 205 * MM, "澜江工程监理有限公司")
        paper.text(140 * MM, 200 * MM, "王磊", 10.5)
    return paper.save()


@pytest.mark.parametrize(
    ("sealed", "missing"), [(True, set()), (False, {"seal-missing", "signature-missing"})]
)
def test_seals_and_signatures_are_seen_on_the_page(tmp_path: Path, sealed: bool, missing: set[str]) -> None:
    found = set(codes(check(tmp_path, seal_form(sealed))))
    assert found & {"seal-missing", "signature-missing", "date-blank"} == missing | {"date-blank"}


def test_a_dossier_is_judged_as_a_whole(tmp_path: Path) -> None:
    permit = form(
        "建筑工程施工许可证", {"工程名称": "澜东江泽名邸", "建设单位": "某某公司", "建筑面积": "18652.00㎡"}
    )
    files = [
        submitted_file(saved(tmp_path, f"{n}.pdf", data))
        for n, data in enumerate((APPLICATION, permit, permit))
    ]
    facts = ProjectFacts(
        construction_unit="澜江汇程房地产开发有限公司", matters=frozenset({"completion_supervision"}),
        committed=frozenset({"completion_report"}),
    )  # fmt: skip
    report = check_dossier(files, facts, today=TODAY)
    states = {item.code: item.state for item in report.checklist}
    assert [codes(document) for document in report.documents] == [
        [], ["unit-differs"], ["duplicate-file", "unit-differs"],
    ]  # fmt: skip
    assert (states["joint_application"], states["completion_report"], states["quality_assessment"]) == (
        State.PRESENT, State.COMMITTED, State.MISSING,
    )  # fmt: skip
    assert report.verdict is Verdict.FINDINGS


def test_a_second_round_over_unchanged_files_finds_nothing_new(tmp_path: Path) -> None:
    data = (APPLICATION, seal_form(sealed=False), b"", APPLICATION)
    files = [submitted_file(saved(tmp_path, f"{n}.pdf", each)) for n, each in enumerate(data)]
    first = check_dossier(files, today=TODAY)
    known = {
        document.sha256: check_document(file, today=TODAY)
        for file, document in zip(files, first.documents, strict=True)
    }
    assert check_dossier(files, today=TODAY, known=known) == first


def test_an_earlier_report_serves_under_another_name(tmp_path: Path) -> None:
    known = check(tmp_path, seal_form(sealed=False))
    file = submitted_file(tmp_path / "甲.pdf", "乙.pdf")
    (document,) = check_dossier([file], today=TODAY, known={known.sha256: known}).documents
    assert {finding.document for finding in document.findings} == {"乙.pdf"}


def test_findings_carry_rule_source_and_both_languages(tmp_path: Path) -> None:
    finding = next(
        each for each in check(tmp_path, seal_form(sealed=False)).findings if each.code == "seal-missing"
    )
    assert (finding.severity, bool(finding.rule), bool(finding.source), finding.page) == (
        Severity.BLOCKS,
        True,
        True,
        1,
    )
    assert finding.message.zh == "“监理单位”处未见印章。"
    assert finding.message.en == "No seal is seen at “监理单位”."
