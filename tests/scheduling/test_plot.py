from xml.etree import ElementTree as ET

import pytest

from core.i18n import translate
from scheduling.engine import Progress
from scheduling.plan import Placement, Plan
from scheduling.plot import convergence, department_heat_map, officers_of_day, route_map, visits_by_day
from tests.scheduling.towns import officer, problem, visit

SVG = "{http://www.w3.org/2000/svg}"
WEEK = problem(
    (visit("甲<1>", "消防"), visit("乙", "消防", site="二号地")),
    (officer("张", "消防"), officer("李", "消防"), officer("王", "消防")),
)
PLAN = Plan(
    placements=(
        Placement(visit="甲<1>", starts=(570,), teams=(("张", "李"),)),
        Placement(visit="乙", starts=(840,), teams=(("张", "王"),)),
    )
)
TRACE = (
    Progress(seconds=0.1, moves=0, levels=(0, 900), served=2),
    Progress(seconds=2.0, moves=9, levels=(0, 300), served=2),
)


def english(text: str) -> str:
    return translate("en", text)


def parsed(picture: str) -> ET.Element:
    return ET.fromstring(picture)  # noqa: S314 - our own picture


def shapes(picture: str, tag: str, css: str) -> list[ET.Element]:
    return [each for each in parsed(picture).iter(SVG + tag) if each.get("class") == css]


def test_pictures_are_titled_described_and_in_the_readers_language() -> None:
    pictures = {
        "Officers on Mar 9": officers_of_day(WEEK, PLAN, 0, gettext=english, locale="en"),
        "Visits by day": visits_by_day(WEEK, PLAN, gettext=english, locale="en"),
        "Load by department and day": department_heat_map(WEEK, PLAN, gettext=english, locale="en"),
        "Routes on Mar 9": route_map(WEEK, PLAN, 0, gettext=english, locale="en"),
        "Progress of the search": convergence(TRACE, level=1, gettext=english, locale="en"),
    }
    for title, picture in pictures.items():
        root = parsed(picture)
        heading, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert heading is not None
        assert description is not None
        assert heading.text == title
        assert root.get("aria-labelledby") == f"{heading.get('id')} {description.get('id')}"
        assert root.get("role") == "img"


def test_gantt_of_a_day_has_a_bar_for_each_part() -> None:
    picture = officers_of_day(WEEK, PLAN, 0)
    hints = [bar[0].text for bar in shapes(picture, "rect", "bar")]
    assert hints == [
        "甲<1> · 张 · 9:30–11:00",
        "乙 · 张 · 14:00–15:30",
        "甲<1> · 李 · 9:30–11:00",
        "乙 · 王 · 14:00–15:30",
    ]
    assert "3月9日人员日程" in picture


def test_gantt_by_day_shares_a_row_where_visits_follow_each_other() -> None:
    bars = shapes(visits_by_day(WEEK, PLAN), "rect", "bar")
    assert len(bars) == 2
    assert len({bar.get("y") for bar in bars}) == 1


def test_heat_map_shows_the_share_of_time_on_site() -> None:
    cells = [bar[0].text for bar in shapes(department_heat_map(WEEK, PLAN), "rect", "bar")]
    assert cells[0] == "消防 3月9日 31%"
    assert cells[1:] == [f"消防 3月{day}日 0%" for day in (10, 11, 12, 13)]


@pytest.mark.parametrize(("officers", "lines"), [(None, 3), (["李"], 1)])
def test_route_map_draws_a_line_for_each_officer(officers: list[str] | None, lines: int) -> None:
    picture = route_map(WEEK, PLAN, 0, officers=officers)
    routes = shapes(picture, "polyline", "route")
    assert len(routes) == lines
    assert routes[-1 if officers else 1][0].text == "李 → 中心 → 一号地 → 中心"


def test_convergence_steps_down_to_the_last_value() -> None:
    picture = convergence(TRACE, level=1)
    (line,) = shapes(picture, "path", "line")
    assert line.get("d") == "M97.5,30.0 L620.0,30.0 L620.0,270.0"
    assert "由 900 降到 300" in picture
