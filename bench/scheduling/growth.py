"""How the time to a first and to a complete plan grows with the number of visits, as a picture with two log scales."""

import math

from bench.targets import Row
from scheduling.svg import Drawing

LEFT, TOP, WIDTH, HEIGHT = 60, 30, 540, 260
SERIES = (("first_plan_seconds", "line", "first plan"), ("complete_seconds", "mark", "complete plan"))


def picture(points: list[Row]) -> str:
    """SVG. `points` as of `plans.curve`, at least one."""
    sizes = [point["visits"] for point in points]
    times = [max(0.01, point[name]) for point in points for name, _, _ in SERIES if point[name] is not None]
    drawing = Drawing(
        640,
        340,
        title="Time by number of visits",
        description=", ".join(f"{point['visits']}: {point['complete_seconds']} s" for point in points),
    )
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)) + 1e-9)
    first, last = math.log10(min(sizes)), math.log10(max(sizes))

    def at(size: float, seconds: float) -> tuple[float, float]:
        x = LEFT + WIDTH * (math.log10(size) - first) / max(1e-9, last - first)
        y = TOP + HEIGHT * (high - math.log10(max(0.01, seconds))) / max(1, high - low)
        return x, y

    for power in range(low, high + 1):
        y = at(sizes[0], 10.0**power)[1]
        drawing.line(LEFT, y, LEFT + WIDTH, y)
        drawing.label(LEFT - 6, y + 4, f"{10.0**power:g} s", css="soft", anchor="end")
    for size in sizes:
        drawing.label(at(size, 1)[0], TOP + HEIGHT + 18, str(size), css="soft", anchor="middle")
    for row, (name, css, label) in enumerate(SERIES):
        held = [at(point["visits"], point[name]) for point in points if point[name] is not None]
        path = " ".join(f"{'L' if number else 'M'}{x:.1f},{y:.1f}" for number, (x, y) in enumerate(held))
        drawing.add("path", d=path, css="line")
        for x, y in held:
            drawing.add("circle", cx=x, cy=y, r=4.0, css="bar" if css == "line" else css)
        drawing.add(
            "circle", cx=LEFT + 12.0, cy=TOP + 12.0 + 18 * row, r=4.0, css="bar" if css == "line" else css
        )
        drawing.label(LEFT + 22, TOP + 16 + 18 * row, label)
    return drawing.text()
