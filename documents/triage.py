"""First look at a file, before anything draws it: is it a PDF, does it unfold within limits, what is hidden in it.

A 2 KB file can unfold to gigabytes and a 4 KB one can hang a renderer: so streams are inflated here step by step,
against a cap, and nested forms are counted, not drawn. qpdf (pikepdf) parses; PDFium has not seen the file yet.
"""

import binascii
import itertools
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pikepdf

MAX_STREAM = 128 << 20
MAX_TOTAL = 640 << 20
MAX_FORM_CALLS = 20_000
MAX_PAGES = 2_000
MAX_IMAGE_PIXELS = 400_000_000
_CHUNK = 1 << 20
_HARMLESS = {"/GoTo", "/Named", "/SetOCGState", "/Trans", "/Thread", "/Hide", "/NOP", "/ResetForm"}
_LINKS = {"/URI", "/GoToR"}
_STANDARD = ("Helvetica", "Times-", "Courier", "Symbol", "ZapfDingbats")
_DRAWS = re.compile(rb"/([^\s/<>\[\](){}%]{1,64})\s+Do\b")


@dataclass(frozen=True)
class Suspicion:
    """A finding to be worded by the rule book."""

    code: str
    values: dict[str, object] = field(default_factory=dict)
    evidence: str = ""
    page: int | None = None
    stops: bool = False  # the file must not be drawn


@dataclass
class Triage:
    """What is known of the file. `pages` is qpdf's count, None where it could not open the file."""

    pages: int | None = None
    declared: int | None = None
    user_units: dict[int, float] = field(default_factory=dict)
    suspicions: list[Suspicion] = field(default_factory=list)
    password: bool = False

    @property
    def stopped(self) -> bool:
        return any(suspicion.stops for suspicion in self.suspicions)


class TooLarge(Exception):
    """A stream unfolds beyond its cap."""


def kind_of(head: bytes) -> str | None:
    """What a file is by its first kilobyte, named for people; None for a PDF."""
    if b"%PDF-" in head[:1024]:
        return None
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head.lstrip()[:1] in b"<" and b"<" in head[:64]:
        return "HTML/XML"
    return "纯文本" if head and all(byte >= 9 for byte in head) else "未知格式"


_MAGIC = (
    (b"PK\x03\x04", "ZIP/Office"),
    (b"\xd0\xcf\x11\xe0", "Office 97"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),
    (b"AC10", "DWG"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"GIF8", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"{\\rtf", "RTF"),
    (b"BM", "BMP"),
    (b"OFD", "OFD"),
    (b"MZ", "EXE"),
    (b"\x7fELF", "ELF"),
)


def examine(path: str) -> Triage:
    """All that can be said without drawing. Never raises for what is in the file."""
    triage = Triage()
    triage.suspicions.extend(_foreign_bytes(path))
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
        triage.suspicions.append(Suspicion("damaged", {"reason": _reason(error)}, _reason(error)))
    return triage


def _reason(error: Exception) -> str:
    text = re.sub(r"^.*?\.pdf[^:]*:\s*|/\S+/", "", str(error))
    return f"{type(error).__name__}: {text}"[:160]


def _examine(pdf: pikepdf.Pdf, triage: Triage) -> None:
    checks = (_unfolds, _page_tree, _forms, _actions, _attachments, _fonts)
    if pdf.is_encrypted:
        triage.suspicions.append(Suspicion("restricted"))
    for check in checks:
        try:
            triage.suspicions.extend(check(pdf, triage))
        except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            reason = _reason(error)
            if not any(suspicion.code == "damaged" for suspicion in triage.suspicions):
                triage.suspicions.append(Suspicion("damaged", {"reason": reason}, reason))
        if triage.stopped:
            return


def _foreign_bytes(path: str) -> Iterator[Suspicion]:
    with open(path, "rb") as file:  # noqa: PTH123 — a plain path, read in two pieces
        head = file.read(1024)
        file.seek(0, 2)
        size = file.tell()
        file.seek(max(size - 65536, 0))
        tail = file.read()
    before = head[: max(head.find(b"%PDF-"), 0)]
    if before.strip(b"\xef\xbb\xbf \t\r\n\0"):
        yield Suspicion("foreign-bytes", {"where": "之前", "what": kind_of(before) or "?"}, repr(before[:60]))
    end = tail.rfind(b"%%EOF")
    after = tail[end + 5 :].strip(b" \t\r\n\0") if end >= 0 else b""
    if b"PK\x03\x04" in after or len(after) > 1024:
        yield Suspicion("foreign-bytes", {"where": "之后", "what": kind_of(after) or "PDF"}, repr(after[:60]))


# ── unfolding ───────────────────────────────────────────────────────────────────────────────────────────────


def _unfolds(pdf: pikepdf.Pdf, _: Triage) -> Iterator[Suspicion]:
    total = 0
    for item in pdf.objects:
        if not isinstance(item, pikepdf.Stream):
            continue
        if item.get("/Subtype") == "/Image":
            pixels = _number(item.get("/Width")) * _number(item.get("/Height"))
            if pixels > MAX_IMAGE_PIXELS:
                yield Suspicion(
                    "image-too-large",
                    {"size": f"{pixels:,.0f}"},
                    f"{item.get('/Width')}×{item.get('/Height')}",
                )
            continue
        try:
            total += unfolded_size(item, MAX_STREAM)
        except TooLarge:
            total = MAX_TOTAL + 1
        if total > MAX_TOTAL:
            evidence = f"obj {item.objgen[0]}, /Length {item.get('/Length')}"
            yield Suspicion("inflates-too-far", {"limit": f"{MAX_STREAM >> 20} MB"}, evidence, stops=True)
            return


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


def unfolded_size(stream: pikepdf.Stream, cap: int) -> int:
    """Bytes after all filters that can grow; image codecs are left alone. Raises TooLarge."""
    filters = stream.get("/Filter", [])
    names = [str(filters)] if isinstance(filters, pikepdf.Name) else [str(name) for name in filters]
    raw = stream.read_raw_bytes()
    if not names:
        return len(raw)
    *first, last = names
    data = raw
    for name in first:
        data = b"".join(_decoded(name, data, cap))
    return sum(map(len, _decoded(last, data, cap)))


def _decoded(name: str, data: bytes, cap: int) -> Iterator[bytes]:
    decoders = {
        "/FlateDecode": _inflate,
        "/Fl": _inflate,
        "/RunLengthDecode": _run_lengths,
        "/RL": _run_lengths,
        "/ASCII85Decode": _ascii85,
        "/A85": _ascii85,
        "/ASCIIHexDecode": _hex,
        "/AHx": _hex,
        "/LZWDecode": _lzw_bound,
    }
    size = 0
    for piece in decoders[name](data) if name in decoders else (data,):
        size += len(piece)
        if size > cap:
            raise TooLarge
        yield piece


def _inflate(data: bytes) -> Iterator[bytes]:
    engine = zlib.decompressobj()
    rest = data
    try:
        while rest and not engine.eof:
            yield engine.decompress(rest, _CHUNK)
            rest = engine.unconsumed_tail
    except zlib.error:
        return  # damaged streams are read as far as they go, as viewers do


def _run_lengths(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data) and data[at] != 128:
        length = data[at]
        if length < 128:
            yield data[at + 1 : at + 2 + length]
            at += length + 2
        else:
            yield data[at + 1 : at + 2] * (257 - length)
            at += 2


def _ascii85(data: bytes) -> Iterator[bytes]:
    """Decoded with numpy: base64.a85decode takes a fifth of a second for a drawing sheet."""
    text = data.translate(None, b" \t\r\n\f\0").removeprefix(b"<~").partition(b"~")[0].replace(b"z", b"!!!!!")
    digits = np.frombuffer(text + b"u" * (-len(text) % 5), dtype=np.uint8).astype(np.uint32) - 33
    words = digits.reshape(-1, 5) @ np.array([52200625, 614125, 7225, 85, 1], dtype=np.uint32)
    yield words.astype(">u4").tobytes()[: len(words) * 4 - (-len(text) % 5)]


def _hex(data: bytes) -> Iterator[bytes]:
    digits = re.sub(rb"[^0-9A-Fa-f]", b"", data.partition(b">")[0])
    yield binascii.unhexlify(digits + b"0" * (len(digits) % 2))


def _lzw_bound(data: bytes) -> Iterator[bytes]:
    """An upper bound, not the data: each 9-bit code can stand for some 1,400 bytes at most, but a sound one for few."""
    for at in range(0, len(data), 1 << 14):
        yield bytes(len(data[at : at + (1 << 14)]) * 8)


# ── page tree and forms ─────────────────────────────────────────────────────────────────────────────────────


def _page_tree(pdf: pikepdf.Pdf, triage: Triage) -> Iterator[Suspicion]:
    declared = pdf.Root.get("/Pages", {}).get("/Count")
    triage.declared = int(declared) if isinstance(declared, int) or _number(declared) else None
    triage.pages = len(pdf.pages)
    if triage.declared is not None and triage.declared != triage.pages:
        yield Suspicion("page-count-disagrees", {"declared": triage.declared, "found": triage.pages})
    if triage.pages > MAX_PAGES:
        yield Suspicion("too-many-pages", {"count": triage.pages, "limit": MAX_PAGES})
    for number, page in enumerate(_pages(pdf), 1):
        unit = _number(page.obj.get("/UserUnit"))
        if unit > 0 and unit != 1:
            triage.user_units[number] = unit


def _pages(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Page]:
    return itertools.islice(pdf.pages, MAX_PAGES)


def _forms(pdf: pikepdf.Pdf, _: Triage) -> Iterator[Suspicion]:
    counts: dict[tuple[int, int], int] = {}
    for number, page in enumerate(_pages(pdf), 1):
        calls = _calls(page.obj, counts, frozenset())
        if calls > MAX_FORM_CALLS:
            yield Suspicion("runaway-forms", {"count": f"{calls:,}"}, f"p. {number}", page=number, stops=True)
            return


def _calls(owner: Any, counts: dict[tuple[int, int], int], above: frozenset[tuple[int, int]]) -> int:
    """How many forms drawing this one draws, nested ones multiplied; a form inside itself counts as runaway."""
    forms = {
        str(name)[1:]: item
        for name, item in _xobjects(owner).items()
        if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Form"
    }
    if not any(_xobjects(form) for form in forms.values()):
        return 0  # flat: PDFium draws each once, however often it is named
    draws = _drawn_names(owner)
    total = 0
    for name, form in forms.items():
        if form.objgen in above or len(above) > 40:
            return MAX_FORM_CALLS + 1 if draws.get(name) else 0
        if form.objgen not in counts:
            counts[form.objgen] = _calls(form, counts, above | {form.objgen})
        total += draws.get(name, 0) * (1 + counts[form.objgen])
    return total


def _xobjects(owner: Any) -> dict[str, Any]:
    resources = owner.get("/Resources", {})
    found = resources.get("/XObject", {}) if isinstance(resources, pikepdf.Dictionary) else {}
    return dict(found.items()) if isinstance(found, pikepdf.Dictionary) else {}


def _drawn_names(owner: Any) -> dict[str, int]:
    if isinstance(owner, pikepdf.Stream):
        streams = [owner]
    else:
        contents = owner.get("/Contents", [])
        streams = [contents] if isinstance(contents, pikepdf.Stream) else list(contents)
    drawn: dict[str, int] = {}
    for stream in streams:
        for name in _DRAWS.findall(stream.read_bytes()):  # its size was bounded by _unfolds
            drawn[name.decode("latin-1")] = drawn.get(name.decode("latin-1"), 0) + 1
    return drawn


# ── actions, attachments, fonts ─────────────────────────────────────────────────────────────────────────────


def _actions(pdf: pikepdf.Pdf, _: Triage) -> Iterator[Suspicion]:
    reported: set[str] = set()
    for page, action in _all_actions(pdf):
        kind = str(action.get("/S", "")) if isinstance(action, pikepdf.Dictionary) else ""
        if not kind or kind in _HARMLESS or kind in reported:
            continue
        reported.add(kind)
        code = {"/JavaScript": "script", "/Launch": "launch-action"}.get(kind)
        code = code or ("external-link" if kind in _LINKS else "active-content")
        evidence = str(action.get("/JS", action.get("/F", action.get("/URI", ""))))[:120]
        yield Suspicion(code, {"action": kind[1:]}, evidence, page=page)


def _all_actions(pdf: pikepdf.Pdf) -> Iterator[tuple[int | None, Any]]:
    root = pdf.Root
    yield from _chain(None, root.get("/OpenAction"))
    yield from _additional(None, root)
    for script in _name_tree(root.get("/Names", {}).get("/JavaScript")):
        yield None, script
    form = root.get("/AcroForm", {})
    for item in list(form.get("/Fields", []))[:5000]:
        yield from _chain(None, item.get("/A"))
        yield from _additional(None, item)
    for number, page in enumerate(_pages(pdf), 1):
        yield from _additional(number, page.obj)
        for annotation in list(page.obj.get("/Annots", []))[:5000]:
            if isinstance(annotation, pikepdf.Dictionary):
                yield from _chain(number, annotation.get("/A"))
                yield from _additional(number, annotation)


def _additional(page: int | None, owner: Any) -> Iterator[tuple[int | None, Any]]:
    events = owner.get("/AA", {})
    for action in events.values() if isinstance(events, pikepdf.Dictionary) else ():
        yield from _chain(page, action)


def _chain(page: int | None, action: Any) -> Iterator[tuple[int | None, Any]]:
    """The action and those that follow it; a destination (an array) is no action."""
    for _ in range(20):
        if not isinstance(action, pikepdf.Dictionary):
            return
        yield page, action
        action = action.get("/Next")


def _name_tree(node: Any, depth: int = 0) -> Iterator[Any]:
    if not isinstance(node, pikepdf.Dictionary) or depth > 20:
        return
    names = node.get("/Names", [])
    yield from (names[index] for index in range(1, min(len(names), 2000), 2))
    for kid in list(node.get("/Kids", []))[:500]:
        yield from _name_tree(kid, depth + 1)


def _attachments(pdf: pikepdf.Pdf, _: Triage) -> Iterator[Suspicion]:
    names = [_file_name(item) for item in _name_tree(pdf.Root.get("/Names", {}).get("/EmbeddedFiles"))]
    pages: list[int | None] = [None] * len(names)
    for number, page in enumerate(_pages(pdf), 1):
        for annotation in list(page.obj.get("/Annots", []))[:5000]:
            if isinstance(annotation, pikepdf.Dictionary) and annotation.get("/Subtype") == "/FileAttachment":
                names.append(_file_name(annotation.get("/FS", {})))
                pages.append(number)
    for page_number, name in list(zip(pages, names, strict=True))[:20]:
        yield Suspicion("attachment", {"name": name}, name, page=page_number)


def _file_name(spec: Any) -> str:
    name = spec.get("/UF", spec.get("/F", "?")) if isinstance(spec, pikepdf.Dictionary) else "?"
    return str(name)[:80]


def _fonts(pdf: pikepdf.Pdf, _: Triage) -> Iterator[Suspicion]:
    """Fonts that are not embedded, each once. The standard 14 are in every viewer, with the same widths."""
    seen: set[Any] = set()
    reported: set[str] = set()
    for number, page in enumerate(_pages(pdf), 1):
        resources = page.obj.get("/Resources", {})
        fonts = resources.get("/Font", {}) if isinstance(resources, pikepdf.Dictionary) else {}
        for font in fonts.values() if isinstance(fonts, pikepdf.Dictionary) else ():
            if not isinstance(font, pikepdf.Dictionary) or (font.is_indirect and font.objgen in seen):
                continue
            seen.add(font.objgen)
            name = str(font.get("/BaseFont", ""))[1:]
            if name not in reported and not name.startswith(_STANDARD) and not _embedded(font):
                reported.add(name)
                yield Suspicion("font-not-embedded", {"font": name}, name, page=number)


def _embedded(font: Any) -> bool:
    if font.get("/Subtype") == "/Type3":
        return True
    if font.get("/Subtype") == "/Type0":
        return all(_embedded(kid) for kid in font.get("/DescendantFonts", []))
    descriptor = font.get("/FontDescriptor", {})
    return any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
