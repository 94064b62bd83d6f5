from typing import Any

import pytest

from documents.checks.consistency import consistency
from documents.report import DocumentReport, ProjectFacts
from documents.rulebook import shipped
from tests.documents.builders import field, report


def found(*documents: DocumentReport, project: ProjectFacts | None = None) -> list[tuple[str, str]]:
    return [(document.file, finding.code) for document, finding in consistency(documents, project, shipped())]


def three(name: str, *values: Any, **more: Any) -> list[DocumentReport]:
    return [report(f"{n}.pdf", field(name, value, **more)) for n, value in enumerate(values)]


@pytest.mark.parametrize(
    ("name", "value", "other", "code"),
    [
        ("project_name", "滨江新区人民医院门诊楼", "滨江新区人民医院住院楼", "project-name-differs"),
        ("address", "江南大道168号", "江南大道186号", "address-differs"),
        ("project_code", "2301-330109-04-01-123456", "2301-330109-04-01-654321", "project-code-differs"),
        ("planning_permit", "建字330100202300088", "建字330100202300089", "permit-differs"),
        ("construction_permit", "330100202306180101", "330100202306180102", "permit-differs"),
        ("fire_review", "江消审字20230031", "江消审字20230032", "permit-differs"),
        ("builder", "江城建工集团有限公司", "江城建设集团有限公司", "unit-differs"),
        ("completion_date", "2025-06-20", "2025-06-21", "completion-date-differs"),
        ("floor_area", 18652.37, 18690.12, "floor-area-differs"),
    ],
)
def test_the_odd_one_out_is_named(name: str, value: Any, other: Any, code: str) -> None:
    assert found(*three(name, value, other, value)) == [("1.pdf", code)]


def test_the_application_outweighs_the_majority() -> None:
    facts = ProjectFacts(address="江南大道168号")
    assert found(*three("address", "江南大道8号", "江南大道8号"), project=facts) == [
        ("0.pdf", "address-differs"), ("1.pdf", "address-differs"),
    ]  # fmt: skip


def test_a_rounded_area_in_ten_thousands_agrees() -> None:
    documents = [
        report("a.pdf", field("floor_area", 18652.37, "18652.37㎡")),
        report("b.pdf", field("floor_area", 18700.0, "1.87万㎡")),
        report("c.pdf", field("floor_area", 18652.37, "１８６５２．３７㎡")),
    ]
    assert found(*documents) == []


def test_a_trailing_gongcheng_is_no_difference() -> None:
    assert found(*three("project_name", "人民医院门诊楼", "人民医院门诊楼工程", "人民医院门诊楼")) == []


def test_another_project_is_said_once_for_its_document() -> None:
    facts = ProjectFacts(name="滨江新区人民医院门诊楼", address="江南大道168号")
    stray = report("x.pdf", field("project_name", "望海碧澄物流园二期"), field("address", "望海路1号"))
    assert found(stray, project=facts) == [("x.pdf", "wrong-project")]


def test_a_permit_carries_its_own_number() -> None:
    permit = report("证.pdf", field("certificate_number", "330100202306180101"), kind="construction_permit")
    others = three("construction_permit", "330100202306180199", "330100202306180101")
    assert found(permit, *others) == [("0.pdf", "permit-differs")]


def test_the_application_is_named_in_the_readers_language() -> None:
    facts = ProjectFacts(address="江南大道168号")
    ((_, finding),) = consistency(three("address", "江南大道8号"), facts, shipped())
    assert finding.message.zh == "工程地址“江南大道8号”与申请信息“江南大道168号”不一致。"
    assert finding.message.en == "The address is “江南大道8号”, but “江南大道168号” in the application."
