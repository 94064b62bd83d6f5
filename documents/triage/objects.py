"""Looking into PDF objects that may be anything."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf

MAX_PAGES = 2_000
MAX_ANNOTATIONS = 5_000


@dataclass(frozen=True)
class Suspicion:
    """A finding to be worded by the rule book."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)
    evidence: str = ""
    page: int | None = None
    stops: bool = False  # the file must not be drawn


def entry(owner: Any, key: str) -> Any:
    """A dictionary's or stream's entry; None where there is none, or no dictionary."""
    return owner.get(key) if isinstance(owner, pikepdf.Dictionary | pikepdf.Stream) else None


def items(owner: Any) -> list[tuple[str, Any]]:
    return list(owner.items()) if isinstance(owner, pikepdf.Dictionary) else []


def elements(array: Any, limit: int) -> list[Any]:
    return list(itertools.islice(array, limit)) if isinstance(array, pikepdf.Array) else []


def number(value: Any) -> float:
    """Nought where it is no number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


def pages(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Page]:
    """The first pages, as many as are ever read."""
    return itertools.islice(pdf.pages, MAX_PAGES)


def annotations(page: pikepdf.Page) -> list[Any]:
    return [
        each
        for each in elements(entry(page.obj, "/Annots"), MAX_ANNOTATIONS)
        if isinstance(each, pikepdf.Dictionary)
    ]
