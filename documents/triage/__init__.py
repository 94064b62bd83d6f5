"""First look at a file, before anything draws it: is it a PDF, does it unfold within limits, what is hidden in it.

A 2 KB file can unfold to gigabytes and a 4 KB one can hang a renderer: so streams are inflated here step by step,
against a cap, and nested forms are counted, not drawn. qpdf (pikepdf) parses; PDFium has not seen the file yet.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pikepdf

from documents.triage.active import actions, attachments
from documents.triage.fonts import fonts_left_out
from documents.triage.forms import runaway_forms
from documents.triage.objects import MAX_PAGES, Suspicion, entry, number, pages
from documents.triage.unfolding import unfolds

__all__ = ["MAX_PAGES", "Suspicion", "Triage", "examine", "kind_of"]

_HEAD, _TAIL, _LONG_TAIL = 1024, 65_536, 1024
_MAGIC = (
    (b"PK\x03\x04", "ZIP/Office"), (b"\xd0\xcf\x11\xe0", "Office 97"), (b"\xff\xd8\xff", "JPEG"), (b"\x89PNG", "PNG"),
    (b"AC10", "DWG"), (b"Rar!", "RAR"), (b"7z\xbc\xaf", "7z"), (b"GIF8", "GIF"), (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"), (b"{\\rtf", "RTF"), (b"BM", "BMP"), (b"OFD", "OFD"), (b"MZ", "EXE"), (b"\x7fELF", "ELF"),
)  # fmt: skip
Check = Callable[[pikepdf.Pdf], Iterator[Suspicion]]


@dataclass
class Triage:
    """What is known of the file. `pages` is qpdf's count, None where it could not open the file."""

    path: str
    pages: int | None = None
    user_units: dict[int, float] = field(default_factory=dict)
    suspicions: list[Suspicion] = field(default_factory=list)
    password: bool = False

    @property
    def stopped(self) -> bool:
        return any(suspicion.stops for suspicion in self.suspicions)

    def damaged(self, error: Exception) -> None:
        """Notes that the parser tripped, once; what it says names our copy of the file, which nobody knows."""
        if not any(suspicion.code == "damaged" for suspicion in self.suspicions):
            said = str(error).replace(self.path, "").lstrip(": ")
            reason = f"{type(error).__name__}: {said}"[:160]
            self.suspicions.append(Suspicion("damaged", {"reason": reason}, reason))


def kind_of(head: bytes) -> str | None:
    """What a file is by its first kilobyte, named for people; None for a PDF."""
    if b"%PDF-" in head[:_HEAD]:
        return None
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head.lstrip().startswith(b"<"):
        return "HTML/XML"
    return "纯文本" if head and min(head) >= ord("\t") else "未知格式"


def examine(path: str) -> Triage:
    """All that can be said without drawing. Never raises for what is in the file."""
    triage = Triage(path)
    triage.suspicions.extend(_foreign_bytes(Path(path)))
    try:
        with pikepdf.open(
            path, access_mode=pikepdf.AccessMode.mmap_only, inherit_page_attributes=False
        ) as pdf:
            _examine(pdf, triage)
    except pikepdf.PasswordError:
        triage.password = True
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 — qpdf raises many kinds; PDFium may still read the file
        triage.damaged(error)
    return triage


def _examine(pdf: pikepdf.Pdf, triage: Triage) -> None:
    if pdf.is_encrypted:
        triage.suspicions.append(Suspicion("restricted"))
    # Sizes first: what follows reads streams that these have bounded.
    for check in (unfolds, runaway_forms, actions, attachments, fonts_left_out):
        try:
            triage.suspicions.extend(check(pdf))
        except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            triage.damaged(error)
        if triage.stopped:
            return
    _count_pages(pdf, triage)


def _count_pages(pdf: pikepdf.Pdf, triage: Triage) -> None:
    declared = entry(entry(pdf.Root, "/Pages"), "/Count")
    triage.pages = len(pdf.pages)
    if declared is not None and number(declared) != triage.pages:
        values = {"declared": int(number(declared)), "found": triage.pages}
        triage.suspicions.append(Suspicion("page-count-disagrees", values, str(declared)))
    if triage.pages > MAX_PAGES:
        triage.suspicions.append(Suspicion("too-many-pages", {"count": triage.pages, "limit": MAX_PAGES}))
    for index, page in enumerate(pages(pdf), 1):
        unit = number(entry(page.obj, "/UserUnit"))
        if unit > 0 and unit != 1:
            triage.user_units[index] = unit


def _foreign_bytes(path: Path) -> Iterator[Suspicion]:
    """Something else before the header or after the end: the file may be two things at once."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        size = file.seek(0, 2)
        file.seek(max(size - _TAIL, 0))
        tail = file.read()
    before = head[: max(head.find(b"%PDF-"), 0)]
    if before.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n\0"):
        yield Suspicion("foreign-bytes", {"where": "之前", "what": kind_of(before) or "?"}, repr(before[:60]))
    end = tail.rfind(b"%%EOF")
    after = tail[end + 5 :].strip(b" \t\r\n\0") if end >= 0 else b""
    if b"PK\x03\x04" in after or len(after) > _LONG_TAIL:
        yield Suspicion("foreign-bytes", {"where": "之后", "what": kind_of(after) or "PDF"}, repr(after[:60]))
