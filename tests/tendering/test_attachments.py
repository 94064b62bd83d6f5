import pytest

from tendering.attachments import (
    MOST,
    TYPES,
    AttachmentRefused,
    TooManyAttachments,
    check_attachment,
    media_type,
    with_attachment,
)
from tendering.content import Attachment


@pytest.mark.parametrize("ending", TYPES)
def test_a_file_that_is_what_its_name_says_is_taken(ending: str) -> None:
    check_attachment(f"招标文件{ending.upper()}", TYPES[ending].begins + b"\0\0\0\0")
    assert media_type(f"x{ending}") == TYPES[ending].media_type


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.pdf", b"<html>"),
        ("a.html", b"<html>"),
        ("a.exe", b"MZ"),
        ("pdf", b"%PDF-"),
        ("a.svg", b"<svg"),
        ("a.pdf", b""),
    ],
)
def test_a_file_of_another_kind_or_in_disguise_is_refused(name: str, head: bytes) -> None:
    with pytest.raises(AttachmentRefused):
        check_attachment(name, head)


def test_a_file_replaces_its_namesake_and_there_may_be_so_many() -> None:
    present = tuple(Attachment(f"{number}.pdf", f"{number:064}", 1) for number in range(MOST))
    again = with_attachment(present, Attachment("3.pdf", "f" * 64, 2))
    assert len(again) == MOST
    assert again[-1] == Attachment("3.pdf", "f" * 64, 2)
    with pytest.raises(TooManyAttachments):
        with_attachment(present, Attachment("new.pdf", "f" * 64, 2))
