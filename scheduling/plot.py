"""Pictures of a plan as SVG text. `gettext` gives the labels in the language of `locale`."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

from babel import Locale
from babel.dates import format_skeleton

from scheduling.engine import Progress
from scheduling.plan import Plan
from scheduling.problem import Post, Problem
from scheduling.standing import Standing, Stop
from scheduling.svg import Drawing

Gettext = Callable[[str], str]
ROW, LABEL, HEAD, HOUR, CELL = 24, 120, 34, 60, 64
#: A Chinese character and any other, as wide as these at most.
WIDE, NARROW, FIRST_WIDE = 12, 7, "\u2e80"
FIRST_HOUR, LAST_HOUR = 8, 18
#: From this strength of colour on, text on it is light.
DARK = 0.65
#: Hues of routes, apart from each other in both themes and for colour-blind readers (after Okabe and Ito 2008).
HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def officers_of_day(
    problem: Problem, plan: Plan, day: int, *, gettext: Gettext = str, locale: str = "zh-CN"
) -> str:
    """A Gantt chart of one day: a row for each officer who is out."""
    standing = Standing(problem, plan)
    crew = [each.id for each in problem.officers if standing.stops(each.id, day)]
    date = _day(problem, day, locale)
    title = gettext("%(day)s人员日程") % {"day": date}
    description = gettext("%(officers)s 名人员，%(visits)s 个验收") % {
        "officers": len(crew),
        "visits": len({stop.visit for each in crew for stop in standing.stops(each, day)}),
    }
    left = _left(crew)
    drawing = _timetable(title, description, crew, left)
    for row, officer in enumerate(crew):
        y = HEAD + row * ROW
        at = FIRST_HOUR * 60.0
        for start, end in (*standing.spans(officer, day), (None, None)):
            until = LAST_HOUR * 60.0 if start is None else _minute(problem, start)
            drawing.box(left + _x(at), y, _x(until) - _x(at), ROW, css="away")
            at = LAST_HOUR * 60.0 if end is None else _minute(problem, end)
        for stop in standing.stops(officer, day):
            _bar(drawing, problem, stop, (left, y), officer)
    return drawing.text()


def visits_by_day(problem: Problem, plan: Plan, *, gettext: Gettext = str, locale: str = "zh-CN") -> str:
    """A Gantt chart of the horizon: for each day as many rows as visits overlap."""
    standing = Standing(problem, plan)
    rows: list[tuple[str, list[Stop]]] = []
    for day in range(problem.days):
        lanes: list[list[Stop]] = []
        for placement in sorted(plan.placements, key=lambda each: (each.start, each.visit)):
            if placement.start // problem.day_ticks == day:
                visit = problem.visit_by_id[placement.visit]
                stop = Stop(placement.start, standing.end_of(placement), visit.id, visit.site)
                lane = next((lane for lane in lanes if lane[-1].end <= stop.start), None)
                if lane is None:
                    lanes.append([stop])
                else:
                    lane.append(stop)
        rows += [(_day(problem, day, locale) if index == 0 else "", lane) for index, lane in enumerate(lanes)]
    description = gettext("%(visits)s 个验收，%(unserved)s 个未排入") % {
        "visits": len(plan.placements),
        "unserved": len(plan.unserved(problem)),
    }
    drawing = _timetable(gettext("每日验收安排"), description, [label for label, _ in rows], LABEL)
    for row, (_, lane) in enumerate(rows):
        for stop in lane:
            _bar(drawing, problem, stop, (LABEL, HEAD + row * ROW), stop.site)
    return drawing.text()


def department_heat_map(
    problem: Problem, plan: Plan, *, gettext: Gettext = str, locale: str = "zh-CN"
) -> str:
    """Share of each department's A-post working time that is spent on site, by day, in percent."""
    standing = Standing(problem, plan)
    days = [day for day in range(problem.days) if problem.calendar.is_working_day(problem.date_of(day))]
    departments = list(dict.fromkeys(officer.department for officer in problem.officers))
    busy: dict[tuple[str, int], int] = defaultdict(int)
    free: dict[tuple[str, int], int] = defaultdict(int)
    for officer in problem.officers:
        for day in days:
            key = officer.department, day
            busy[key] += sum(stop.end - stop.start for stop in standing.stops(officer.id, day))
            if officer.post is Post.PRIMARY:
                free[key] += sum(end - start for start, end in standing.spans(officer.id, day))
    shares = {key: round(100 * busy[key] / free[key]) if free[key] else 0 for key in busy}
    fullest = max(shares, key=lambda key: shares[key], default=("", 0))
    description = gettext("A岗工作时间中现场时间的百分比；最高：%(department)s，%(day)s，%(share)s%%") % {
        "department": fullest[0],
        "day": _day(problem, fullest[1], locale),
        "share": shares.get(fullest, 0),
    }
    left = _left(departments)
    width, height = left + CELL * len(days) + 8, HEAD + ROW * len(departments) + 8
    drawing = Drawing(width, height, title=gettext("各部门每日负荷"), description=description)
    for column, day in enumerate(days):
        middle = left + CELL * column + CELL / 2
        drawing.label(middle, 22, _day(problem, day, locale), css="soft", anchor="middle")
    for row, department in enumerate(departments):
        y = HEAD + row * ROW
        drawing.label(left - 8, y + 16, department, anchor="end")
        for column, day in enumerate(days):
            share = shares[department, day]
            strength = min(1.0, 0.06 + share / 100)
            hint = f"{department} {_day(problem, day, locale)} {share}%"
            x = left + CELL * column
            drawing.box(x, y, CELL - 2, ROW - 2, css="bar", hint=hint, fill_opacity=strength)
            drawing.label(
                x + CELL / 2 - 1, y + 16, str(share), css="on" if strength > DARK else "", anchor="middle"
            )
    return drawing.text()


def route_map(
    problem: Problem,
    plan: Plan,
    day: int,
    *,
    officers: Sequence[str] | None = None,
    gettext: Gettext = str,
    locale: str = "zh-CN",
) -> str:
    """Where officers (by default all who are out) go on a day, from the office and back, north at the top."""
    standing = Standing(problem, plan)
    crew = [each for each in problem.officers if standing.stops(each.id, day)]
    if officers is not None:
        crew = [each for each in crew if each.id in set(officers)]
    routes = [
        (each.id, [each.office, *(stop.site for stop in standing.stops(each.id, day)), each.office])
        for each in crew
    ]
    spot = {office.id: (office.lon, office.lat) for office in problem.offices}
    spot |= {site.id: (site.lon, site.lat) for site in problem.sites}
    seen = {place for _, route in routes for place in route}
    to_page, height = _projection([spot[place] for place in sorted(seen)])
    title = gettext("%(day)s路线") % {"day": _day(problem, day, locale)}
    description = gettext("%(officers)s 名人员，%(sites)s 个场地") % {
        "officers": len(routes),
        "sites": len(seen - {office.id for office in problem.offices}),
    }
    drawing = Drawing(640, height, title=title, description=description)
    for number, (officer, route) in enumerate(routes):
        points = " ".join("{:.1f},{:.1f}".format(*to_page(*spot[place])) for place in route)
        line = drawing.add("polyline", points=points, css="route", stroke=HUES[number % len(HUES)])
        drawing.hint(line, " → ".join((officer, *route)))
    offices = {office.id for office in problem.offices}
    for place in sorted(seen):
        x, y = to_page(*spot[place])
        if place in offices:
            drawing.box(x - 6, y - 6, 12, 12, css="mark", hint=place)
        else:
            drawing.hint(drawing.add("circle", cx=x, cy=y, r=4, css="halo"), place)
        if x + _width(place) < 620:  # noqa: PLR2004 - the page less its margin
            drawing.label(x + 8, y - 6, place, css="soft")
        else:
            drawing.label(x - 8, y - 6, place, css="soft", anchor="end")
    return drawing.text()


def convergence(
    trace: Sequence[Progress], *, level: int, gettext: Gettext = str, locale: str = "zh-CN"
) -> str:
    """How one level of the objective fell with the time that the search took, in seconds."""
    points = [(step.seconds, step.levels[level]) for step in trace]
    first, last = points[0][1], points[-1][1]
    description = gettext("%(seconds)s 秒内由 %(first)s 降到 %(last)s") % {
        "seconds": f"{points[-1][0]:.1f}",
        "first": first,
        "last": last,
    }
    drawing = Drawing(640, 320, title=gettext("求解过程"), description=description)
    longest = max(points[-1][0], 1e-9)
    low, high = min(value for _, value in points), max(value for _, value in points)
    scale = 240 / max(1, high - low)

    def at(seconds: float, value: int) -> tuple[float, float]:
        return 70 + 550 * seconds / longest, 270 - scale * (value - low)

    path = ["M{:.1f},{:.1f}".format(*at(*points[0]))]
    for before, after in pairwise(points):
        path.append("L{:.1f},{:.1f}".format(*at(after[0], before[1])))
        path.append("L{:.1f},{:.1f}".format(*at(*after)))
    drawing.add("path", d=" ".join(path), css="line")
    for value in {low, high}:
        y = at(0, value)[1]
        drawing.line(70, y, 620, y)
        drawing.label(62, y + 4, str(value), css="soft", anchor="end")
    drawing.label(70, 300, "0", css="soft")
    drawing.label(
        620, 300, gettext("%(seconds)s 秒") % {"seconds": f"{longest:.1f}"}, css="soft", anchor="end"
    )
    drawing.root.set("lang", locale)
    return drawing.text()


def _timetable(title: str, description: str, labels: Sequence[str], left: float) -> Drawing:
    width = left + HOUR * (LAST_HOUR - FIRST_HOUR) + 16
    drawing = Drawing(width, HEAD + ROW * len(labels) + 8, title=title, description=description)
    for hour in range(FIRST_HOUR, LAST_HOUR + 1):
        x = left + _x(hour * 60)
        drawing.line(x, HEAD - 6, x, HEAD + ROW * len(labels))
        drawing.label(x, 20, f"{hour}:00", css="soft", anchor="middle")
    for row, label in enumerate(labels):
        drawing.label(left - 8, HEAD + row * ROW + 16, label, anchor="end")
    return drawing


def _bar(drawing: Drawing, problem: Problem, stop: Stop, corner: tuple[float, float], who: str) -> None:
    start, end = _minute(problem, stop.start), _minute(problem, stop.end)
    (left, y), width = corner, _x(end) - _x(start)
    x = left + _x(start)
    hint = f"{stop.visit} · {who} · {_clock(start)}–{_clock(end)}"
    drawing.box(x, y + 2, width, ROW - 4, css="bar", hint=hint, rx=2)
    if width > _width(stop.visit):
        drawing.label(x + width / 2, y + 16, stop.visit, css="on", anchor="middle")


def _x(minute: float) -> float:
    """From the left end of the hours."""
    return HOUR * (min(max(minute / 60, FIRST_HOUR), LAST_HOUR) - FIRST_HOUR)


def _minute(problem: Problem, tick: int) -> float:
    return tick % problem.day_ticks / problem.resolution


def _clock(minute: float) -> str:
    hours, minutes = divmod(int(minute), 60)
    return f"{hours}:{minutes:02}"


def _day(problem: Problem, day: int, locale: str) -> str:
    return format_skeleton("MMMd", problem.date_of(day), locale=Locale.parse(locale, sep="-"))


def _left(labels: Sequence[str]) -> float:
    """Where the drawing begins to the right of its labels."""
    return max([LABEL, *(_width(label) + 16 for label in labels)])


def _width(text: str) -> int:
    return sum(WIDE if letter >= FIRST_WIDE else NARROW for letter in text)


def _projection(
    spots: Sequence[tuple[float, float]],
) -> tuple[Callable[[float, float], tuple[float, float]], float]:
    """Degrees to a page 640 wide, a degree of latitude as long as one of longitude is there; and the page's height."""
    lons, lats = [lon for lon, _ in spots] or [0.0], [lat for _, lat in spots] or [0.0]
    shrink = math.cos(math.radians(sum(lats) / len(lats)))
    scale = 540 / max((max(lons) - min(lons)) * shrink, max(lats) - min(lats), 1e-6)

    def to_page(lon: float, lat: float) -> tuple[float, float]:
        return 40 + scale * (lon - min(lons)) * shrink, 40 + scale * (max(lats) - lat)

    return to_page, 80 + scale * (max(lats) - min(lats))
