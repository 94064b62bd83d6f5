from documents.deficiencies import deficiencies_of
from documents.dossier import reconcile
from documents.report import Content, ProjectFacts
from documents.rulebook import shipped
from tests.documents.builders import field, page, report

BOOK = shipped()
FACTS = ProjectFacts(name="澜东名邸", matters=frozenset({"elevators", "lightning"}))


def test_everything_is_said_once_missing_documents_first() -> None:
    scan = report("防雷检测报告.pdf", pages=[page(content=Content.SCAN).page])
    scan.findings = [BOOK.finding("scan", scan.file, page=1), BOOK.finding("scan", scan.file, page=1)]
    other = report("电梯.pdf", field("project_name", "另一个毫不相干的项目"), kind="elevator_inspection")
    other.findings = [
        BOOK.finding("external-link", other.file),
        BOOK.finding("seal-missing", other.file, party="检测单位"),
    ]
    lines = deficiencies_of(reconcile([scan, other], FACTS, BOOK), BOOK)
    assert [(line.number, line.document, line.what.zh, line.doubtful) for line in lines] == [
        (1, "防雷检测报告.pdf", "防雷装置检测报告是否为所交的防雷检测报告.pdf，需人工核对。", True),
        (2, "防雷检测报告.pdf", "第 1 页为扫描件，没有可读文字，需人工核对。", True),
        (3, "电梯.pdf", "“检测单位”处未见印章。", False),
        (4, "电梯.pdf", "材料属于另一项目“另一个毫不相干的项目”，本项目为“澜东名邸”。", False),
    ]


def test_a_missing_document_names_item_and_party() -> None:
    facts = ProjectFacts(matters=frozenset({"elevators"}))
    (line,) = deficiencies_of(reconcile([], facts, BOOK), BOOK)
    assert (line.what.zh, line.what.en) == (
        "缺少电梯监督检验报告（市监(特检)）。",
        "Elevator inspection report is missing (市监(特检)).",
    )
