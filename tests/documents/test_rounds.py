from hypothesis import given
from hypothesis import strategies as st

from documents.dossier import reconcile
from documents.report import DocumentReport, ProjectFacts
from documents.rounds import compare
from documents.rulebook import shipped
from tests.documents.builders import field, report

BOOK = shipped()
FACTS = ProjectFacts(name="澜东名邸", matters=frozenset({"elevators", "completion_supervision"}))
CODES = ("seal-missing", "blank-page", "certificate-expired", "external-link")
KINDS = ("elevator_inspection", "completion_report", "construction_permit", None)


@st.composite
def dossiers(draw: st.DrawFn) -> list[DocumentReport]:
    documents = []
    for number in range(draw(st.integers(1, 5))):
        name = draw(st.sampled_from(["澜东名邸", "另一个毫不相干的项目"]))
        made = report(f"{number}.pdf", field("project_name", name), kind=draw(st.sampled_from(KINDS)))
        made.findings = [
            BOOK.finding(code, made.file, page=1, party="建设单位", value="x", target="x")
            for code in draw(st.lists(st.sampled_from(CODES), unique=True))
        ]
        documents.append(made)
    return documents


@given(dossiers())
def test_unchanged_files_have_nothing_new_and_nothing_mended(documents: list[DocumentReport]) -> None:
    first = reconcile(documents, FACTS, BOOK)
    second = compare(first, reconcile(documents, FACTS, BOOK))
    assert (second.fresh, second.mended, second.supplied, second.reread) == ([], [], [], [])


@given(dossiers(), st.data())
def test_what_is_new_comes_with_a_file_that_is_new(
    documents: list[DocumentReport], data: st.DataObject
) -> None:
    """Replacing one file may mend others, and may disagree with them, but their own findings stay as they were."""
    index = data.draw(st.integers(0, len(documents) - 1))
    new = report(
        documents[index].file, field("project_name", "澜东名邸"), sha256="new", kind=documents[index].kind
    )
    before = reconcile(documents, FACTS, BOOK)
    after = reconcile([*documents[:index], new, *documents[index + 1 :]], FACTS, BOOK)
    round_ = compare(before, after)
    assert round_.reread == [new.file]
    own = {(each.document, each.code) for document in documents for each in document.findings}
    unchanged = {each for each in own if each[0] != new.file}
    assert {(each.document, each.code) for each in round_.fresh} & unchanged == set()


def test_a_mended_document_and_a_supplied_one_are_told_apart() -> None:
    faulty = report("竣工报告.pdf", field("project_name", "澜东名邸"), kind="completion_report")
    faulty.findings = [BOOK.finding("seal-missing", faulty.file, page=1, party="施工单位")]
    mended = report("竣工报告.pdf", field("project_name", "澜东名邸"), sha256="new", kind="completion_report")
    elevator = report("电梯.pdf", field("project_name", "澜东名邸"), kind="elevator_inspection")
    round_ = compare(reconcile([faulty], FACTS, BOOK), reconcile([mended, elevator], FACTS, BOOK))
    assert [finding.code for finding in round_.mended] == ["seal-missing"]
    assert [item.code for item in round_.supplied] == ["elevator_inspection"]
    assert (round_.remaining, round_.fresh) == ([], [])
    assert round_.reread == ["竣工报告.pdf", "电梯.pdf"]
