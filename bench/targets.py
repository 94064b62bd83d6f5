"""What the benchmarks are measured against. A target that is missed is printed as missed."""

import sys
from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]


def target(name: str, goal: str, value: object, *, met: bool, **more: object) -> Row:
    return {"name": name, "goal": goal, "value": value, "met": met, **more}


def at_most(name: str, limit: float, value: float | None, unit: str) -> Row:
    return target(name, f"≤ {limit:g} {unit}".rstrip(), value, met=value is not None and value <= limit)


def at_least(name: str, limit: float, value: float, unit: str = "") -> Row:
    return target(name, f"≥ {limit:g} {unit}".rstrip(), value, met=value >= limit)


def say(row: Row) -> None:
    """One line on the error stream, so that a long run shows where it is."""
    print("  ".join(f"{name}={value}" for name, value in row.items()), file=sys.stderr, flush=True)


def table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    """The rows side by side on the error stream."""
    cells = [list(columns)] + [[str(row.get(name, "")) for name in columns] for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(columns))]
    for line in cells:
        text = "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        print(text, file=sys.stderr, flush=True)
