"""Drawing accessible SVG: titled and described, in the page's own colours, so that dark mode and print follow."""

import hashlib
from xml.etree import ElementTree as ET

#: What each class looks like. Attributes and not a style sheet: pages forbid inline styles.
LOOKS = {
    "": {"fill": "currentColor"},
    "soft": {"fill": "currentColor", "opacity": ".72"},
    "grid": {"stroke": "currentColor", "opacity": ".2"},
    "bar": {"fill": "var(--accent,#0b655e)"},
    "on": {"fill": "var(--on-accent,#fff)"},
    "away": {"fill": "currentColor", "opacity": ".12"},
    "mark": {"fill": "var(--seal,#b4341c)"},
    "line": {"fill": "none", "stroke": "var(--accent,#0b655e)", "stroke-width": "2"},
    "route": {"fill": "none", "stroke-width": "2", "stroke-linejoin": "round"},
    "halo": {"fill": "var(--paper,#fff)", "stroke": "currentColor"},
}


class Drawing:
    """A picture under way. Lengths are user units, which are pixels at natural size."""

    def __init__(self, width: float, height: float, *, title: str, description: str) -> None:
        key = "p" + hashlib.sha256(f"{title}{description}".encode()).hexdigest()[:10]
        self.root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {_number(width)} {_number(height)}",
                "font-family": "var(--sans,sans-serif)",
                "font-size": "12",
                "color": "var(--ink,#14211f)",
                "role": "img",
                "aria-labelledby": f"{key}t {key}d",
            },
        )
        self.add("title", title, id=f"{key}t")
        self.add("desc", description, id=f"{key}d")

    def add(
        self, tag: str, text: str | None = None, *, css: str | None = None, **attributes: object
    ) -> ET.Element:
        """An element of one of the `LOOKS`; underscores in names become hyphens."""
        values = {name.replace("_", "-"): _number(value) for name, value in attributes.items()}
        if css is not None:
            values = {**LOOKS[css], "class": css, **values}
        element = ET.SubElement(self.root, tag, values)
        element.text = text
        return element

    def label(self, x: float, y: float, text: str, *, css: str = "", anchor: str = "start") -> None:
        self.add("text", text, x=x, y=y, css=css, text_anchor=anchor)

    def box(
        self, x: float, y: float, width: float, height: float, *, css: str, hint: str = "", **more: float
    ) -> None:
        """A rectangle; `hint` is read out and shown on hovering."""
        size = {"x": x, "y": y, "width": max(width, 0.5), "height": height}
        element = self.add("rect", None, css=css, **size, **more)
        if hint:
            self.hint(element, hint)

    def hint(self, element: ET.Element, text: str) -> None:
        ET.SubElement(element, "title").text = text

    def line(self, x1: float, y1: float, x2: float, y2: float, *, css: str = "grid") -> None:
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, css=css)

    def text(self) -> str:
        return ET.tostring(self.root, encoding="unicode")


def _number(value: object) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
