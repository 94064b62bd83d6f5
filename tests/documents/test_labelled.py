from documents.forms import Labels
from documents.labelled import read_entries
from documents.layout import Char, Span, span
from documents.rulebook import shipped

SIZE = 10.0


def line(text: str, x: float, base: float) -> Span:
    return span(
        [
            Char(character, x + n * SIZE, base - SIZE, x + (n + 1) * SIZE, base, base)
            for n, character in enumerate(text)
        ]
    )


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
    (entry,) = read_entries([], lines, Labels(shipped()).words)
    assert (entry.name, entry.text) == ("address", "临澜市高新技术产业开发区云渡大道与横街交汇处号")
