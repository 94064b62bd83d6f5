"""Nested forms: how often a page's drawing calls others, counted without drawing."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pikepdf

from documents.triage.objects import Suspicion, elements, entry, items, pages

MAX_FORM_CALLS = 20_000
MAX_DEPTH = 40
MAX_STREAMS = 10_000
_DRAWS = re.compile(rb"/([^\s/<>\[\](){}%]{1,64})\s+Do\b")


def runaway_forms(pdf: pikepdf.Pdf) -> Iterator[Suspicion]:
    counts: dict[tuple[int, int], int] = {}
    for number, page in enumerate(pages(pdf), 1):
        calls = _calls(page.obj, counts, frozenset())
        if calls > MAX_FORM_CALLS:
            yield Suspicion("runaway-forms", {"count": f"{calls:,}"}, f"p. {number}", page=number, stops=True)
            return


def _calls(owner: Any, counts: dict[tuple[int, int], int], above: frozenset[tuple[int, int]]) -> int:
    """How many forms drawing this one draws, nested ones multiplied; a form inside itself counts as runaway."""
    forms = {
        name[1:]: item
        for name, item in _xobjects(owner)
        if isinstance(item, pikepdf.Stream) and entry(item, "/Subtype") == "/Form"
    }
    if not any(_xobjects(form) for form in forms.values()):
        return 0  # flat: PDFium draws each once, however often it is named
    draws = _drawn_names(owner)
    total = 0
    for name, form in forms.items():
        if form.objgen in above or len(above) > MAX_DEPTH:
            return MAX_FORM_CALLS + 1 if draws[name] else 0
        if form.objgen not in counts:
            counts[form.objgen] = _calls(form, counts, above | {form.objgen})
        total += draws[name] * (1 + counts[form.objgen])
    return total


def _xobjects(owner: Any) -> list[tuple[str, Any]]:
    return items(entry(entry(owner, "/Resources"), "/XObject"))


def _drawn_names(owner: Any) -> Counter[str]:
    if isinstance(owner, pikepdf.Stream):
        streams = [owner]
    else:
        contents = entry(owner, "/Contents")
        streams = [contents] if isinstance(contents, pikepdf.Stream) else elements(contents, MAX_STREAMS)
    drawn = Counter[str]()
    for stream in streams:
        # Sizes were bounded before.
        drawn.update(name.decode("latin-1") for name in _DRAWS.findall(stream.read_bytes()))
    return drawn
