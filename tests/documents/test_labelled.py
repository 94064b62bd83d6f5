"""Labels and values that no rules tie together."""

from documents.forms import Labels, fields
from documents.labelled import Entry, read_entries
from documents.layout import Char, Span, span
from documents.rulebook import shipped
from documents.vocabulary import Vocabulary

SIZE = 10.0
LABELS = Labels(shipped())
COLUMN = {
    "工程名称": "澜东名邸",
    "建设地点": "云渡大道",
    "设计单位": "某设计院",
    "施工单位": "某公司",
    "监理单位": "某监理",
}


def written(text: str, x: float, base: float) -> list[Char]:
    return [
        Char(character, x + n * SIZE, base - SIZE, x + (n + 1) * SIZE, base, base)
        for n, character in enumerate(text)
    ]


def line(text: str, x: float, base: float) -> Span:
    return span(written(text, x, base))


def test_a_value_wrapped_around_the_level_of_its_label_is_read_from_the_top() -> None:
    lines = [
        line("临澜市高新技术产业开发", 200, 20),
        Span(
            "",
            (0, 0, 0, 0),
            [*line("建设地点：", 100, 34).chars, *line("区云渡大道与横街交汇处", 200, 34).chars],
        ),
        line("号", 200, 48),
    ]
    lines[1] = span(lines[1].chars)
    (entry,) = read_entries([], lines, LABELS.words)
    assert (entry.name, entry.text) == ("address", "临澜市高新技术产业开发区云渡大道与横街交汇处号")


def column(rows: dict[str, str]) -> list[Entry]:
    """Labels at the left, values at the right, one row below the other, without rules and colons."""
    lines = [
        span([*written(label, 100, 30 * row), *written(value, 200, 30 * row)])
        for row, (label, value) in enumerate(rows.items(), 1)
    ]
    return read_entries([], lines, LABELS.words)


def test_an_empty_label_in_a_column_of_filled_in_ones_is_surely_one() -> None:
    empty = column(COLUMN | {"建设单位": ""})[-1]
    assert (empty.name, empty.text, empty.sure) == ("construction_unit", "", True)


def test_an_empty_label_by_itself_may_be_a_word_of_the_text() -> None:
    (alone,) = column({"建设单位": ""})
    assert not alone.sure


def test_without_rules_a_value_belongs_before_the_next_label() -> None:
    (entry, _) = read_entries(
        [],
        [span([*written("设计：", 100, 30), *written("日期：", 250, 30)])],
        Vocabulary(shipped().sheets.title_block),
    )
    assert entry.room == (130.0, 15.0, 250.0, 35.0)


def test_options_of_which_none_is_ticked_are_a_field_without_a_value() -> None:
    (found,) = fields([], options("工程类别", "□新建", "□扩建"), LABELS, page=1)
    assert (found.value, found.raw) == (None, "□新建 □扩建")


def test_an_option_ticked_further_along_the_line_counts() -> None:
    (found,) = fields([], options("工程类别", "□新建", "☑扩建"), LABELS, page=1)
    assert found.value == "扩建"


def options(label: str, *values: str) -> list[Span]:
    pieces = [char for n, value in enumerate(values) for char in written(value, 200 + 60 * n, 30)]
    return [span([*written(label, 100, 30), *pieces])]
