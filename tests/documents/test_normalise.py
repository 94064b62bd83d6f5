import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents import normalise

#: Full and half width, radicals, combined and compatibility forms, blanks, both kinds of letters.
WRITTEN = "１1Ａa：:（(㎡²½⼀⽅一竣峻 \u3000\u200b\ufeffe\u0301éﬁ㈠①％%—–－-"


@pytest.mark.parametrize(
    ("text", "label", "square_metres"),
    [
        ("18652.37㎡", "", "18652.37"),
        ("18,652.37 平方米", "", "18652.37"),
        ("１８６５２.３７", "总建筑面积(㎡)", "18652.37"),
        ("1.865237万㎡", "", "18652.37"),
        ("1.87", "建筑面积（万㎡）", "18700"),
        ("壹万捌仟陆佰伍拾贰点叁柒平方米", "", "18652.37"),
        ("3.2公顷", "", "32000"),
    ],
)
def test_area_reads_every_way_of_printing_it(text: str, label: str, square_metres: str) -> None:
    assert normalise.area(text, label=label) == Decimal(square_metres)


def test_area_without_a_number_is_none() -> None:
    assert normalise.area("详见附表") is None


@pytest.mark.parametrize(
    "text",
    [
        "2025年6月20日",
        "2025.6.20",
        "2025-06-20",
        "2025/06/20",
        "20250620",
        "二〇二五年六月二十日",
        "２０２５年６月２０日",
    ],
)
def test_date_reads_every_style(text: str) -> None:
    assert normalise.date(text) == dt.date(2025, 6, 20)


def test_date_of_a_month_is_its_first_day() -> None:
    assert normalise.date("2025.06") == dt.date(2025, 6, 1)


def test_date_that_does_not_exist_is_none() -> None:
    assert normalise.date("2025年2月30日") is None


def test_dates_are_found_in_order() -> None:
    assert normalise.dates("自2023年1月1日至2026年1月1日") == [dt.date(2023, 1, 1), dt.date(2026, 1, 1)]


def test_plain_keeps_square_metres_and_resolves_radicals() -> None:
    assert normalise.plain("⼈⺠㎡①") == "人民㎡①"


def test_permit_is_the_same_however_bracketed() -> None:
    assert normalise.permit("江消审字〔2023〕第 0031 号") == normalise.permit("江消审字[2023]第0031号")


def _in_chinese(number: int) -> str:
    digits, units = "零壹贰叁肆伍陆柒捌玖", ["", "拾", "佰", "仟"]
    text = ""
    for group, name in ((number // 10_000, "万"), (number % 10_000, "")):
        part = "".join(
            digits[int(d)] + (units[len(str(group)) - i - 1] if d != "0" else "")
            for i, d in enumerate(str(group))
        )
        text += part + name if group else ""
    return text


@given(st.integers(10, 99_999_999))
def test_chinese_number_reads_capital_numerals(number: int) -> None:
    assert normalise.chinese_number(_in_chinese(number)) == number


@given(st.text(WRITTEN))
def test_compact_is_stable(text: str) -> None:
    once = normalise.compact(text)
    assert normalise.compact(once) == once


def test_area_rounding_follows_the_printed_digits() -> None:
    assert normalise.area_rounding("1.87万㎡") == Decimal(50)
    assert normalise.area_rounding("18652.37㎡") < Decimal("0.01")
