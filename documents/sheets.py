"""Sheet formats and scales of GB/T 50001, as the rule book has them."""

import re

from documents import normalise
from documents.rulebook import SheetRules

_SCALE = re.compile(r"1[:：/](\d+(?:\.\d+)?)")


def sheet_name(width_mm: float, height_mm: float, rules: SheetRules) -> str | None:
    """`A1`, or `A1+1051` for an extended sheet; None where no standard sheet is within the tolerance."""
    short, long = sorted((width_mm, height_mm))
    for sheet in rules.sheet:
        if abs(short - sheet.short) > rules.tolerance_mm:
            continue
        if abs(long - sheet.long) <= rules.tolerance_mm:
            return sheet.name
        for extended in sheet.extended:
            if abs(long - extended) <= rules.tolerance_mm:
                return f"{sheet.name}+{extended:.0f}"
    return None


def scale_of(text: str) -> float | None:
    """1:100 → 100."""
    found = _SCALE.search(normalise.compact(text))
    return float(found.group(1)) if found else None
