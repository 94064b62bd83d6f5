from typing import Any

from documents.checks.completeness import checklist
from documents.report import Content, DocumentReport, ProjectFacts, State
from documents.rulebook import shipped
from tests.documents.builders import page, report


def states(*documents: DocumentReport, **facts: Any) -> dict[str, State]:
    return {item.code: item.state for item in checklist(documents, ProjectFacts(**facts), shipped())}


def test_a_recognised_document_is_present() -> None:
    assert states(report("a.pdf", kind="fire_test"))["fire_test"] is State.PRESENT


def test_an_absent_document_is_missing() -> None:
    assert states()["fire_test"] is State.MISSING


def test_a_scan_of_that_name_is_doubtful() -> None:
    scan = report("消防检测报告.pdf", pages=[page(content=Content.SCAN).page])
    assert states(scan)["fire_test"] is State.DOUBTFUL


def test_a_name_alone_proves_nothing() -> None:
    assert states(report("消防检测报告.pdf"))["fire_test"] is State.MISSING


def test_commitment_and_data_sharing_cover_an_item() -> None:
    covered = states(committed=frozenset({"fire_test"}), shared=frozenset({"construction_permit"}))
    assert (covered["fire_test"], covered["construction_permit"]) == (State.COMMITTED, State.SHARED)


def test_traits_ask_for_more() -> None:
    assert "elevator_inspection" not in states()
    assert states(traits=frozenset({"elevators"}))["elevator_inspection"] is State.MISSING


def test_matters_that_were_drawn_in_decide_alone() -> None:
    assert set(states(matters=frozenset({"elevators"}))) == {"elevator_inspection", "elevator_registration"}
