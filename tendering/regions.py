"""Regions by their GB/T 2260 code (range 99 is unassigned and serves the demonstration city)."""

import csv
from functools import cache
from pathlib import Path


@cache
def regions() -> dict[str, str]:
    """Name by code, districts before their city."""
    return {row["code"]: row["name"] for row in _rows()}


def containing(code: str | None) -> list[str]:
    """The region itself, its city and its province: GB/T 2260 numbers them by pairs of digits."""
    return list(dict.fromkeys((code, f"{code[:4]}00", f"{code[:2]}0000"))) if code else []


def region_in(text: str) -> str | None:
    """The code of the first region named in a title; districts are looked for before their city."""
    return next((row["code"] for row in _rows() if row["found_by"] in text), None)


@cache
def _rows() -> list[dict[str, str]]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))
