"""What a file would do or carry: actions judged by their type, attachments."""

from collections.abc import Iterator
from typing import Any

import pikepdf

from documents.triage.objects import MAX_ANNOTATIONS, Suspicion, annotations, elements, entry, items, pages

# LibreOffice adds an /OpenAction that scrolls; going somewhere within the document harms nobody.
_HARMLESS = {"/GoTo", "/Named", "/SetOCGState", "/Trans", "/Thread", "/Hide", "/NOP", "/ResetForm"}
_LINKS = {"/URI", "/GoToR"}
_CODES = {"/JavaScript": "script", "/Launch": "launch-action"}
_LONGEST_CHAIN, _DEEPEST_TREE, _MOST_NAMES, _MOST_FILES = 20, 20, 2_000, 20


def actions(pdf: pikepdf.Pdf) -> Iterator[Suspicion]:
    """Each type of action once, where it first occurs."""
    reported: set[str] = set()
    for page, action in _all_actions(pdf):
        kind = str(entry(action, "/S") or "")
        if not kind or kind in _HARMLESS or kind in reported:
            continue
        reported.add(kind)
        code = _CODES.get(kind) or ("external-link" if kind in _LINKS else "active-content")
        subject = next(
            (found for key in ("/JS", "/F", "/URI") if (found := entry(action, key)) is not None), ""
        )
        text = (
            subject.read_bytes()[:120].decode("latin-1")
            if isinstance(subject, pikepdf.Stream)
            else str(subject)
        )
        yield Suspicion(code, {"action": kind[1:]}, text[:120], page=page)


def _all_actions(pdf: pikepdf.Pdf) -> Iterator[tuple[int | None, Any]]:
    yield from _of(None, pdf.Root, "/OpenAction")
    for script in _name_tree(entry(entry(pdf.Root, "/Names"), "/JavaScript")):
        yield None, script
    for form_field in elements(entry(entry(pdf.Root, "/AcroForm"), "/Fields"), MAX_ANNOTATIONS):
        yield from _of(None, form_field, "/A")
    for index, page in enumerate(pages(pdf), 1):
        yield from _of(index, page.obj, "/A")
        for annotation in annotations(page):
            yield from _of(index, annotation, "/A")


def _of(page: int | None, owner: Any, key: str) -> Iterator[tuple[int | None, Any]]:
    """Actions of an entry and of the owner's events, each with those that follow it."""
    for action in (entry(owner, key), *(event for _, event in items(entry(owner, "/AA")))):
        following = action
        for _ in range(_LONGEST_CHAIN):
            if not isinstance(following, pikepdf.Dictionary):  # a destination is an array, and no action
                break
            yield page, following
            following = entry(following, "/Next")


def _name_tree(node: Any, depth: int = 0) -> Iterator[Any]:
    if depth > _DEEPEST_TREE:
        return
    yield from elements(entry(node, "/Names"), _MOST_NAMES)[1::2]
    for kid in elements(entry(node, "/Kids"), _MOST_NAMES):
        yield from _name_tree(kid, depth + 1)


def attachments(pdf: pikepdf.Pdf) -> Iterator[Suspicion]:
    embedded = _name_tree(entry(entry(pdf.Root, "/Names"), "/EmbeddedFiles"))
    found: list[tuple[int | None, Any]] = [(None, specification) for specification in embedded]
    for index, page in enumerate(pages(pdf), 1):
        found.extend(
            (index, entry(each, "/FS"))
            for each in annotations(page)
            if entry(each, "/Subtype") == "/FileAttachment"
        )
    for page_number, specification in found[:_MOST_FILES]:
        name = str(entry(specification, "/UF") or entry(specification, "/F") or "?")[:80]
        yield Suspicion("attachment", {"name": name}, name, page=page_number)
