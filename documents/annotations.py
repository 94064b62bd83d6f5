"""Writing that stands in a page's annotations: AutoCAD's lettering, and what is typed into form fields."""

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as c

from documents import normalise
from documents.layout import Char, spread
from documents.report import BBox

MOST_ANNOTATIONS = 20_000
_TERMINATOR = b"\0\0"
_SHX_TITLE = "AutoCAD SHX Text"


def has_fields(page: pdfium.PdfPage) -> bool:
    """Whether somebody may have typed into the page."""
    for index in range(min(c.FPDFPage_GetAnnotCount(page.raw), MOST_ANNOTATIONS)):
        annotation = c.FPDFPage_GetAnnot(page.raw, index)
        kind = c.FPDFAnnot_GetSubtype(annotation)
        c.FPDFPage_CloseAnnot(annotation)
        if kind == c.FPDF_ANNOT_WIDGET:
            return True
    return False


def shx_chars(
    page: pdfium.PdfPage, displayed: Callable[[float, float, float, float], BBox]
) -> Iterator[Char]:
    """AutoCAD writes stroke lettering a second time, as comments; the box is shared out among the characters."""
    rect = c.FS_RECTF()
    for index in range(min(c.FPDFPage_GetAnnotCount(page.raw), MOST_ANNOTATIONS)):
        annotation = c.FPDFPage_GetAnnot(page.raw, index)
        try:
            if _annotation_text(annotation, b"T") != _SHX_TITLE or not c.FPDFAnnot_GetRect(annotation, rect):
                continue
            text = _annotation_text(annotation, b"Contents")
            low, high = sorted((rect.bottom, rect.top))
            box = displayed(rect.left, low, rect.right, high)
            yield from spread(normalise.compact(text), box)
        finally:
            c.FPDFPage_CloseAnnot(annotation)


def _annotation_text(annotation: Any, key: bytes) -> str:
    size = c.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if size <= len(_TERMINATOR):
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    c.FPDFAnnot_GetStringValue(annotation, key, buffer, size)
    return bytes(buffer)[: size - len(_TERMINATOR)].decode("utf-16-le", errors="replace")
