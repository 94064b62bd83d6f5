import pytest

from documents.rulebook import shipped
from documents.sheets import scale_of, sheet_name

RULES = shipped().sheets


@pytest.mark.parametrize(
    ("size", "name"),
    [
        ((841, 594), "A1"), ((594, 841), "A1"), ((1189, 841), "A0"), ((420, 297), "A3"), ((210, 297), "A4"),
        ((1051, 594), "A1+1051"), ((843.9, 596.9), "A1"), ((845, 594), None),
        ((870, 610), None), ((1486, 841), "A0+1486"),
    ],
)  # fmt: skip
def test_sheet_name_knows_standard_and_extended_sheets(size: tuple[float, float], name: str | None) -> None:
    assert sheet_name(*size, RULES) == name


def test_extended_sides_of_every_sheet_are_known() -> None:
    for sheet in RULES.sheet:
        assert [sheet_name(sheet.short, long, RULES) for long in sheet.extended] == [
            f"{sheet.name}+{long:.0f}" for long in sheet.extended
        ]


@pytest.mark.parametrize(
    ("text", "scale"), [("1:100", 100), ("1：50", 50), ("比例 1 : 200", 200), ("见图", None)]
)
def test_scale_of(text: str, scale: float | None) -> None:
    assert scale_of(text) == scale
