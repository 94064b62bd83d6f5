"""Fonts that a file names without carrying them along."""

from collections.abc import Iterator
from typing import Any

import pikepdf

from documents.triage.objects import Suspicion, elements, entry, items, pages

_STANDARD = ("Helvetica", "Times-", "Courier", "Symbol", "ZapfDingbats")


def fonts_left_out(pdf: pikepdf.Pdf) -> Iterator[Suspicion]:
    """Fonts that are not embedded, each once. The standard 14 are in every viewer, with the same widths."""
    seen: set[object] = set()
    reported: set[str] = set()
    for index, page in enumerate(pages(pdf), 1):
        for _, font in items(entry(entry(page.obj, "/Resources"), "/Font")):
            if font.is_indirect and font.objgen in seen:
                continue
            seen.add(font.objgen)
            name = str(entry(font, "/BaseFont") or "")[1:]
            if name and name not in reported and not name.startswith(_STANDARD) and not _embedded(font):
                reported.add(name)
                yield Suspicion("font-not-embedded", {"font": name}, name, page=index)


def _embedded(font: Any) -> bool:
    kind = entry(font, "/Subtype")
    if kind == "/Type0":
        return all(_embedded(descendant) for descendant in elements(entry(font, "/DescendantFonts"), 4))
    descriptor = entry(font, "/FontDescriptor")
    programs = ("/FontFile", "/FontFile2", "/FontFile3")
    return kind == "/Type3" or any(entry(descriptor, key) is not None for key in programs)
