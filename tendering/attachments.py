"""What may be published with a notice: documents that people can open, whole and not too large. Pure.

A file's first bytes must be what its name says, so that nothing else is served under a harmless name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from core.errors import Refusal
from tendering.content import Attachment

MEGABYTE = 1 << 20
LARGEST = 100 * MEGABYTE
MOST = 30
#: So much of a file's beginning is looked at.
HEAD = 8


@dataclass(frozen=True, slots=True)
class FileType:
    media_type: str
    begins: bytes


_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES: Mapping[str, FileType] = {
    ".pdf": FileType("application/pdf", b"%PDF-"),
    ".ofd": FileType("application/ofd", _ZIP),
    ".docx": FileType(f"{_OFFICE}.wordprocessingml.document", _ZIP),
    ".xlsx": FileType(f"{_OFFICE}.spreadsheetml.sheet", _ZIP),
    ".doc": FileType("application/msword", _OLE),
    ".xls": FileType("application/vnd.ms-excel", _OLE),
    ".zip": FileType("application/zip", _ZIP),
    ".jpg": FileType("image/jpeg", b"\xff\xd8\xff"),
    ".png": FileType("image/png", b"\x89PNG"),
    ".dwg": FileType("image/vnd.dwg", b"AC10"),
}


class AttachmentRefused(Refusal):
    status = 422
    code = "attachment_refused"
    message = "附件须为 %(types)s，且内容与扩展名一致。"


class TooManyAttachments(Refusal):
    status = 422
    code = "too_many_attachments"
    message = "一份公告最多 %(most)s 个附件。"


def media_type(name: str) -> str:
    known = TYPES.get(PurePath(name).suffix.lower())
    return known.media_type if known else "application/octet-stream"


def check_attachment(name: str, head: bytes) -> None:
    """Raises AttachmentRefused unless the name's ending is known and the file begins as such files do."""
    known = TYPES.get(PurePath(name).suffix.lower())
    if known is None or not head.startswith(known.begins):
        raise AttachmentRefused(types="、".join(ending.lstrip(".") for ending in TYPES))


def with_attachment(present: tuple[Attachment, ...], added: Attachment) -> tuple[Attachment, ...]:
    """Replaces one of the same name. Raises TooManyAttachments."""
    others = tuple(each for each in present if each.name != added.name)
    if len(others) >= MOST:
        raise TooManyAttachments(most=MOST)
    return (*others, added)


def find_attachment(present: tuple[Attachment, ...], sha256: str) -> Attachment | None:
    return next((each for each in present if each.sha256 == sha256), None)
