import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents import layout
from documents.layout import Char, Frame

SIDES = st.floats(1, 3000)


@given(st.sampled_from([0, 90, 180, 270]), SIDES, SIDES, st.tuples(SIDES, SIDES, SIDES, SIDES))
def test_displayed_undoes_upright(angle: int, width: float, height: float, box: tuple[float, ...]) -> None:
    x0, x1 = sorted(box[:2])
    top, bottom = sorted(box[2:])
    frame = Frame(angle, width, height)
    assert frame.displayed(frame.upright((x0, top, x1, bottom))) == pytest.approx((x0, top, x1, bottom))


def _chars(text: str, *, x: float = 0, base: float = 100, height: float = 12) -> list[Char]:
    return [
        Char(c, x + 10 * i, base - height + 2, x + 10 * i + 10, base + 2, base) for i, c in enumerate(text)
    ]


def test_lines_join_tight_punctuation_by_its_base_line() -> None:
    text = _chars("1:100")
    text[1].top = 95  # a box as tight as the ink
    assert [line.text for line in layout.lines(text)] == ["1:100"]


def test_lines_drop_doubled_fake_bold() -> None:
    again = [Char(c.text, c.x0 + 0.4, c.top, c.x1 + 0.4, c.bottom, c.base) for c in _chars("工程")]
    assert [line.text for line in layout.lines(_chars("工程") + again)] == ["工程"]


def test_spans_cut_at_wide_white_space() -> None:
    (line,) = layout.lines(_chars("图名") + _chars("平面图", x=80))
    assert [span.text for span in layout.spans(line)] == ["图名", "平面图"]
