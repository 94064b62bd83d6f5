from hypothesis import given
from hypothesis import strategies as st

from api.web.charts import HEAD, LABEL_ROOM, PLOT_HEIGHT, VALUE_ROOM, WIDTH, Value, columns, rows

sizes = st.lists(
    st.floats(-1e12, 1e12).filter(lambda size: not 0 < abs(size) < 1e-3), min_size=1, max_size=13
)


@given(sizes)
def test_bars_stay_within_the_plot_and_keep_their_proportion(sizes: list[float]) -> None:
    values = [Value("", size, "") for size in sizes]
    upright, lying = columns(values), rows(values)
    slack = 1e-6
    for bar in upright.bars:
        assert HEAD - slack <= bar.y
        assert bar.y + bar.height <= HEAD + PLOT_HEIGHT + slack
    for bar in lying.bars:
        assert LABEL_ROOM - slack <= bar.x
        assert bar.x + bar.width <= WIDTH - VALUE_ROOM + slack
    most = max(map(abs, sizes))
    for each in (upright, lying):
        length = [bar.height if each.upright else bar.width for bar in each.bars]
        if most:
            assert all(
                abs(drawn / max(length) - abs(size) / most) < slack
                for drawn, size in zip(length, sizes, strict=True)
            )


def test_a_negative_value_hangs_from_the_axis() -> None:
    chart = columns([Value("一", 3, "3"), Value("二", -1, "-1")])
    above, below = chart.bars
    axis = chart.axis[1]
    assert (above.y + above.height, below.y) == (axis, axis)
    assert (above.height, below.height) == (PLOT_HEIGHT * 0.75, PLOT_HEIGHT * 0.25)
