import pytest

from documents.checks import forms
from documents.report import Content
from tests.documents.builders import BOX, field, page, reading


def test_unknown_kind() -> None:
    assert [found.code for found in forms.unknown_kind(reading(kind=None))] == ["kind-unknown"]


def test_unknown_kind_is_not_said_of_a_scan() -> None:
    assert list(forms.unknown_kind(reading(page(content=Content.SCAN), kind=None))) == []


def _joint(**values: str | float | None) -> list[tuple[str, str]]:
    there: dict[str, str | float | None] = {
        "project_name": "甲",
        "project_code": "c",
        "construction_unit": "乙",
        "floor_area": 1.0,
    }
    there |= values
    fields = [field(name, value) for name, value in there.items() if value != "absent"]
    return [(found.code, found.message.zh) for found in forms.required_fields(reading(page(fields=fields)))]


def test_required_fields_all_there() -> None:
    assert _joint() == []


def test_required_fields_printed_but_empty_block() -> None:
    assert _joint(project_code=None) == [("field-missing", "“项目代码”未填写。")]


def test_required_fields_not_printed_are_doubtful() -> None:
    assert _joint(project_code="absent") == [("field-not-found", "未找到“项目代码”。")]


@pytest.mark.parametrize(("code", "wrong"), [("2301-330109-04-01-123456", 0), ("2301-33010-04-01-123456", 1)])
def test_project_codes(code: str, wrong: int) -> None:
    found = list(forms.project_codes(reading(page(fields=[field("project_code", code)]))))
    assert [each.code for each in found] == ["malformed-code"] * wrong


@pytest.mark.parametrize(
    ("raw", "value", "wrong"), [("□新建□扩建", None, 1), ("☑新建□扩建", "新建", 0), ("", None, 0)]
)
def test_ticks(raw: str, value: str | None, wrong: int) -> None:
    found = list(forms.ticks(reading(page(fields=[field("building_class", value, raw)]))))
    assert [(each.code, each.bbox) for each in found] == [("nothing-ticked", BOX)] * wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("合格", 0), ("不合格，须整改", 1), ("同意验收", 0), ("不同意", 1), ("经复查无不合格项", 0)],
)
def test_conclusions(text: str, wrong: int) -> None:
    found = list(forms.conclusions(reading(page(fields=[field("conclusion", text)]))))
    assert [each.code for each in found] == ["conclusion-negative"] * wrong
