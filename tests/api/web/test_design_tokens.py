"""The colours of the design system, checked by computation: WCAG 2.2 AA, in both themes."""

import re
from pathlib import Path

import pytest

SHEET = (Path(__file__).parents[3] / "api/web/static/yichuang.css").read_text()
TEXT, EDGE = 4.5, 3.0

INKS = ("ink", "ink-soft", "accent", "seal", "good", "warn", "bad")
GROUNDS = ("paper", "sunken", "raised", "accent-wash")
TEXT_PAIRS = [
    *((ink, ground) for ink in INKS for ground in GROUNDS),
    *((ink, f"{ink}-wash") for ink in ("good", "warn", "bad", "seal")),
    *(("ink", f"{ground}-wash") for ground in ("good", "warn", "bad", "seal")),
    ("accent-deep", "accent-wash"),
    ("on-accent", "accent"),
    ("on-accent", "accent-deep"),
    ("on-seal", "seal"),
    ("on-band", "band"),
    ("on-band-soft", "band"),
]
EDGE_PAIRS = [(edge, ground) for edge in ("rule-firm", "focus", "bad-lamp") for ground in GROUNDS[:3]]


def colours(selector: str) -> dict[str, str]:
    """The custom properties of the first block that opens with this selector."""
    block = SHEET.split(f"{selector} {{", 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


LIGHT = colours(":root")
DARK = LIGHT | colours(':root[data-theme="dark"]')


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance of an sRGB colour."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def too_weak(
    theme: dict[str, str], pairs: list[tuple[str, str]], least: float
) -> dict[tuple[str, str], float]:
    ratios = {pair: round(contrast(theme[pair[0]], theme[pair[1]]), 2) for pair in pairs}
    return {pair: ratio for pair, ratio in ratios.items() if ratio < least}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_readable_on_every_ground_it_stands_on(theme: dict[str, str]) -> None:
    assert too_weak(theme, TEXT_PAIRS, TEXT) == {}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_edges_of_controls_and_focus_can_be_seen(theme: dict[str, str]) -> None:
    assert too_weak(theme, EDGE_PAIRS, EDGE) == {}


def test_the_two_dark_blocks_agree() -> None:
    assert colours(':root:not([data-theme="light"])') == colours(':root[data-theme="dark"]')
