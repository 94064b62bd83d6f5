"""How large a file's streams are once unfolded, found out step by step and against a cap."""

import binascii
import re
import zlib
from collections.abc import Iterator

import numpy as np
import pikepdf

from documents.triage.objects import Suspicion, elements, entry, number

MAX_STREAM = 128 << 20
MAX_TOTAL = 640 << 20
MAX_IMAGE_PIXELS = 400_000_000
_CHUNK = 1 << 20
_END_OF_RUNS = 128


class TooLargeError(Exception):
    """A stream unfolds beyond its cap."""


def unfolds(pdf: pikepdf.Pdf) -> Iterator[Suspicion]:
    """Streams that unfold beyond the caps, one by one or together; images by the size that they declare."""
    total = 0
    for item in pdf.objects:
        if not isinstance(item, pikepdf.Stream):
            continue
        if entry(item, "/Subtype") == "/Image":
            pixels = number(entry(item, "/Width")) * number(entry(item, "/Height"))
            if pixels > MAX_IMAGE_PIXELS:
                yield Suspicion("image-too-large", {"size": f"{pixels:,.0f}"}, f"obj {item.objgen[0]}")
            continue
        try:
            total += unfolded_size(item, MAX_STREAM)
        except TooLargeError:
            total = MAX_TOTAL + 1
        if total > MAX_TOTAL:
            evidence = f"obj {item.objgen[0]}, /Length {entry(item, '/Length')}"
            yield Suspicion("inflates-too-far", {"limit": f"{MAX_STREAM >> 20} MB"}, evidence, stops=True)
            return


def unfolded_size(stream: pikepdf.Stream, cap: int) -> int:
    """Bytes after all filters that can grow; image codecs are left alone. Raises TooLargeError."""
    filters = entry(stream, "/Filter")
    names = (
        [str(filters)] if isinstance(filters, pikepdf.Name) else [str(name) for name in elements(filters, 10)]
    )
    data = stream.read_raw_bytes()
    if not names:
        return len(data)
    *first, last = names
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
            raise TooLargeError
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
    while at < len(data) and data[at] != _END_OF_RUNS:
        length = data[at]
        if length < _END_OF_RUNS:
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
