from typing import Any

from documents.blocks import Block
from documents.checks import drawings
from documents.report import Finding
from tests.documents.builders import block, page, reading

FULL = {
    "project_name": "甲工程", "drawing_title": "平面图", "drawing_number": "建施-01", "scale": "1:100",
    "stage": "竣工图", "date": "2025.06",
}  # fmt: skip
STAMP = {"builder": "乙公司", "compiled_by": "张三", "technical_lead": "李四"}


def run(check: Any, **of_page: Any) -> list[Finding]:
    values: dict[str, Any] = {"size": (841, 594), "sheet": "A1", "title_block": block(FULL)} | of_page
    return list(check(reading(page(**values), kind="as_built_drawing")))


def texts(findings: list[Finding]) -> list[str]:
    return [found.message.zh for found in findings]


def test_nothing_is_wrong_with_a_complete_sheet() -> None:
    stamp = block(STAMP, size_mm=(80, 50))
    assert [found for check in drawings.CHECKS for found in run(check, stamp=stamp)] == []


def test_sheet_sizes() -> None:
    assert texts(run(drawings.sheet_sizes, sheet=None, size=(870, 610))) == [
        "第 1 页图幅 870×610 mm 不是标准图幅。"
    ]


def test_orientation() -> None:
    assert texts(run(drawings.orientation, size=(594, 841))) == ["第 1 页 A1 图纸为竖式。"]


def test_title_blocks() -> None:
    assert texts(run(drawings.title_blocks, title_block=None)) == ["第 1 页未找到图签。"]


def test_title_block_fields_empty() -> None:
    found = run(drawings.title_block_fields, title_block=block(FULL | {"scale": ""}), empty=["scale"])
    assert texts(found) == ["第 1 页图签“比例”未填写。"]


def test_title_block_fields_written_by_hand_count() -> None:
    assert run(drawings.title_block_fields, title_block=block(FULL | {"scale": ""})) == []


def test_title_block_fields_absent() -> None:
    without = {name: text for name, text in FULL.items() if name != "date"}
    assert texts(run(drawings.title_block_fields, title_block=block(without))) == [
        "第 1 页图签“日期”未填写。"
    ]


def test_title_block_signatures() -> None:
    signed = block(FULL | {"approved_by": "", "checked_by": "李文", "drawn_by": ""})
    found = run(drawings.title_block_signatures, title_block=signed, empty=["approved_by", "drawn_by"])
    assert texts(found) == ["第 1 页图签“审定、制图”未签字。"]


def test_title_block_signatures_in_ink_are_no_text() -> None:
    assert run(drawings.title_block_signatures, title_block=block(FULL | {"approved_by": ""})) == []


def unruled(labels: dict[str, str]) -> Block:
    found = block(labels)
    for entry in found.entries.values():
        entry.cell = None
    return found


def test_title_block_signatures_without_rules_are_missed_beside_others() -> None:
    signed = unruled(FULL | {"approved_by": "", "checked_by": "", "drawn_by": ""})
    found = run(drawings.title_block_signatures, title_block=signed, empty=["approved_by"])
    assert texts(found) == ["第 1 页图签“审定”未签字。"]


def test_title_block_signatures_without_rules_may_all_stand_elsewhere() -> None:
    signed = unruled(FULL | {"approved_by": "", "drawn_by": ""})
    assert run(drawings.title_block_signatures, title_block=signed, empty=["approved_by", "drawn_by"]) == []


def test_scales() -> None:
    assert texts(run(drawings.scales, title_block=block(FULL | {"scale": "1:175"}))) == [
        "第 1 页比例“1:175”不是规定比例。"
    ]


def test_scales_may_be_left_to_the_drawing() -> None:
    assert run(drawings.scales, title_block=block(FULL | {"scale": "见图"})) == []


def test_stages() -> None:
    found = run(drawings.stages, title_block=block(FULL | {"stage": "施工图"}))
    assert texts(found) == ["第 1 页设计阶段为“施工图”，且无竣工图章。"]


def test_stages_give_way_to_a_stamp() -> None:
    assert run(drawings.stages, title_block=block(FULL | {"stage": "施工图"}), stamp=block(STAMP)) == []


def test_stamps() -> None:
    found = run(drawings.stamps, title_block=block(FULL | {"stage": ""}))
    assert texts(found) == ["第 1 页未见竣工图章。"]


def test_stamp_fields() -> None:
    found = run(drawings.stamp_fields, stamp=block(STAMP | {"compiled_by": ""}, size_mm=(80, 50)))
    assert texts(found) == ["第 1 页竣工图章“编制人”未填写。"]


def test_stamp_fields_signed_by_hand_count() -> None:
    assert run(drawings.stamp_fields, stamp=block(STAMP | {"compiled_by": ""}), stamp_signed=["编制人"]) == []


def test_stamp_sizes() -> None:
    assert texts(run(drawings.stamp_sizes, stamp=block(STAMP, size_mm=(100, 60)))) == [
        "第 1 页竣工图章尺寸为 100×60 mm。"
    ]
