from documents.checks import tables
from documents.report import Finding
from tests.documents.builders import field, page, reading, table

HEAD = ("楼层", "功能", "建筑面积（㎡）")


def sums(*rows: tuple[str | None, ...]) -> list[Finding]:
    return list(tables.sums(reading(page(tables=[table(*rows)]))))


def test_sums_that_add_up() -> None:
    assert sums(HEAD, ("1层", "门诊", "100.10"), ("2层", "门诊", "200.20"), ("合计", "", "300.30")) == []


def test_sums_that_do_not_show_both_figures_and_the_cell() -> None:
    (found,) = sums(HEAD, ("1层", "门诊", "100.10"), ("2层", "门诊", "200.20"), ("合计", "", "310.30"))
    assert (found.message.zh, found.bbox) == (
        "“建筑面积(㎡)”合计 310.30，各行之和为 300.30。", (200, 60, 300, 80),
    )  # fmt: skip


def test_sums_leave_subtotals_out() -> None:
    rows = (
        ("1层", "a", "1.00"),
        ("2层", "b", "2.00"),
        ("小计", "", "3.00"),
        ("3层", "c", "4.00"),
        ("总计", "", "7.00"),
    )
    assert sums(HEAD, *rows) == []


def over_two_pages(*second: tuple[str | None, ...]) -> list[Finding]:
    first = page(tables=[table(HEAD, ("1层", "门诊", "100.10"), ("2层", "门诊", "200.20"))])
    return list(tables.sums(reading(first, page(2, tables=[table(*second)]))))


def test_sums_go_on_over_the_page() -> None:
    (found,) = over_two_pages(("3层", "门诊", "1.00"), ("合计", "", "311.30"))
    assert (found.page, found.message.zh) == (2, "“建筑面积(㎡)”合计 311.30，各行之和为 301.30。")


def test_sums_go_on_under_a_repeated_head() -> None:
    assert over_two_pages(HEAD, ("3层", "门诊", "1.00"), ("合计", "", "301.30")) == []


def test_sums_of_another_table_on_the_next_page_are_its_own() -> None:
    other = ("户型", "朝向", "套内面积（㎡）")
    assert over_two_pages(other, ("甲", "南", "1.00"), ("乙", "北", "2.00"), ("合计", "", "3.00")) == []


def test_sums_of_pages_and_of_all() -> None:
    rows = (
        ("1层", "a", "1.00"),
        ("2层", "b", "2.00"),
        ("本页小计", "", "3.00"),
        ("本页合计", "", "3.00"),
        ("3层", "c", "4.00"),
        ("4层", "d", "5.00"),
        ("本页合计", "", "9.00"),
        ("总计", "", "12.00"),
    )
    assert sums(HEAD, *rows) == []
    assert [found.evidence for found in sums(HEAD, *rows[:-1], ("总计", "", "13.00"))] == ["13.00"]


def test_sums_of_columns_that_do_not_add_are_not_taken() -> None:
    assert sums(("层", "层高", "编号"), ("1", "3.0", "5"), ("2", "3.0", "6"), ("合计", "3.0", "6")) == []


def test_parts_of_area() -> None:
    areas = {"floor_area": 100.0, "area_above_ground": 80.0, "area_below_ground": 30.0}
    read = reading(page(fields=[field(name, value, f"{value:.2f}㎡") for name, value in areas.items()]))
    (found,) = tables.parts_of_area(read)
    assert found.message.zh == "地上与地下面积之和 110.00 ㎡ 不等于总面积 100.00 ㎡。"


def test_parts_of_area_rounded_to_ten_thousands_agree() -> None:
    fields = [
        field("floor_area", 18700.0, "1.87万㎡"),
        field("area_above_ground", 15012.31, "15012.31㎡"),
        field("area_below_ground", 3672.0, "3672㎡"),
    ]
    assert list(tables.parts_of_area(reading(page(fields=fields)))) == []
