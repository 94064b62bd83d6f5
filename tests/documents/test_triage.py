"""Small hostile files made here; the large collection is read in test_hostile.py."""

import zlib
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from demo.dossiers.paper import MM
from documents import triage
from documents.triage import examine, kind_of, unfolding

SMALL_CAP = 1 << 20


def pdf(folder: Path, *edits: object, pages: int = 1) -> Path:
    made = pikepdf.new()
    for _ in range(pages):
        made.add_blank_page(page_size=(210 * MM, 297 * MM))
    for edit in edits:
        edit(made)  # type: ignore[operator] # a function of the document
    path = folder / "a.pdf"
    made.save(path)
    return path


def codes(path: Path) -> list[str]:
    return [suspicion.code for suspicion in examine(str(path)).suspicions]


def action(kind: str, **entries: Any) -> Dictionary:
    return Dictionary(S=Name(f"/{kind}"), **entries)


def test_a_plain_file_raises_no_suspicion(tmp_path: Path) -> None:
    assert codes(pdf(tmp_path)) == []


@pytest.mark.parametrize(
    ("opening", "found"),
    [
        (action("JavaScript", JS=String("app.alert(1)")), ["script"]),
        (action("Launch", F=String("cmd.exe")), ["launch-action"]),
        (action("SubmitForm", F=String("http://x.test")), ["active-content"]),
        (action("URI", URI=String("http://x.test")), ["external-link"]),
        (action("GoTo", D=Array([0, Name.Fit])), []),
        (Array([0, Name.Fit]), []),
    ],
)
def test_actions_are_judged_by_their_type(tmp_path: Path, opening: object, found: list[str]) -> None:
    assert codes(pdf(tmp_path, lambda made: made.Root.__setitem__("/OpenAction", opening))) == found


def test_actions_that_follow_others_are_seen(tmp_path: Path) -> None:
    chain = action("GoTo", D=Array([0, Name.Fit]), Next=action("Launch", F=String("x")))
    assert codes(pdf(tmp_path, lambda made: made.Root.__setitem__("/OpenAction", chain))) == ["launch-action"]


def test_attachments_are_named(tmp_path: Path) -> None:
    def attach(made: pikepdf.Pdf) -> None:
        made.attachments["清单.xlsx"] = b"x"

    (found,) = examine(str(pdf(tmp_path, attach))).suspicions
    assert (found.code, found.values) == ("attachment", {"name": "清单.xlsx"})


@pytest.fixture
def small_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfolding, "MAX_STREAM", SMALL_CAP)


def _bomb(made: pikepdf.Pdf) -> None:
    stream = made.make_stream(b"")
    stream.write(
        zlib.compress(zlib.compress(bytes(SMALL_CAP + 1))),
        filter=Array([Name.FlateDecode, Name.FlateDecode]),
    )
    made.pages[0].obj.Contents = stream


@pytest.mark.usefixtures("small_cap")
def test_a_stream_that_unfolds_too_far_stops_the_reading(tmp_path: Path) -> None:
    triage = examine(str(pdf(tmp_path, _bomb)))
    assert ([each.code for each in triage.suspicions], triage.stopped) == (["inflates-too-far"], True)


@pytest.mark.usefixtures("small_cap")
def test_ascii85_around_flate_hides_nothing(tmp_path: Path) -> None:
    import base64

    def wrap(made: pikepdf.Pdf) -> None:
        stream = made.make_stream(b"")
        data = base64.a85encode(zlib.compress(bytes(SMALL_CAP + 1))) + b"~>"
        stream.write(data, filter=Array([Name.ASCII85Decode, Name.FlateDecode]))
        made.pages[0].obj.Contents = stream

    assert codes(pdf(tmp_path, wrap)) == ["inflates-too-far"]


def test_nested_forms_are_counted_not_drawn(tmp_path: Path) -> None:
    def nest(made: pikepdf.Pdf) -> None:
        below = None
        for _ in range(8):
            form = made.make_stream(b"/F Do " * 10)
            form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, Array([0, 0, 9, 9])
            if below is not None:
                form.Resources = Dictionary(XObject=Dictionary(F=below))
            below = form
        made.pages[0].obj.Resources = Dictionary(XObject=Dictionary(F=below))
        made.pages[0].obj.Contents = made.make_stream(b"/F Do")

    assert codes(pdf(tmp_path, nest)) == ["runaway-forms"]


def test_a_form_inside_itself_is_runaway(tmp_path: Path) -> None:
    def loop(made: pikepdf.Pdf) -> None:
        form = made.make_stream(b"/F Do")
        form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, Array([0, 0, 9, 9])
        form.Resources = Dictionary(XObject=Dictionary(F=form))
        made.pages[0].obj.Resources = Dictionary(XObject=Dictionary(F=form))
        made.pages[0].obj.Contents = made.make_stream(b"/F Do")

    assert codes(pdf(tmp_path, loop)) == ["runaway-forms"]


def test_a_wrong_page_count_is_said(tmp_path: Path) -> None:
    path = pdf(tmp_path, pages=3)
    path.write_bytes(path.read_bytes().replace(b"/Count 3", b"/Count 7"))
    assert codes(path) == ["page-count-disagrees"]


def test_more_pages_than_are_read_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triage, "MAX_PAGES", 2)
    assert codes(pdf(tmp_path, pages=3)) == ["too-many-pages"]


def test_an_image_is_judged_by_the_size_that_it_declares(tmp_path: Path) -> None:
    def paint(made: pikepdf.Pdf) -> None:
        image = made.make_stream(b"\0", Type=Name.XObject, Subtype=Name.Image, Width=60_000, Height=60_000)
        made.pages[0].obj.Resources = Dictionary(XObject=Dictionary(A=image))

    assert codes(pdf(tmp_path, paint)) == ["image-too-large"]


def test_the_unit_of_a_page_is_known(tmp_path: Path) -> None:
    path = pdf(tmp_path, lambda made: made.pages[1].obj.__setitem__("/UserUnit", 2.5), pages=2)
    assert examine(str(path)).user_units == {2: 2.5}


def test_bytes_before_the_header_are_said(tmp_path: Path) -> None:
    path = pdf(tmp_path)
    path.write_bytes(b"<script>alert(1)</script>" + path.read_bytes())
    assert "foreign-bytes" in codes(path)


def test_a_password_is_noticed(tmp_path: Path) -> None:
    made = pikepdf.new()
    made.add_blank_page()
    made.save(tmp_path / "a.pdf", encryption=pikepdf.Encryption(user="a", owner="b"))
    assert examine(str(tmp_path / "a.pdf")).password


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7", None), (b"\xef\xbb\xbf\n%PDF-1.4", None), (b"PK\x03\x04rest", "ZIP/Office"),
        (b"\x89PNG\r\n", "PNG"), (b"<!DOCTYPE html>", "HTML/XML"), ("说明".encode(), "纯文本"),
        (b"\x00\x01", "未知格式"),
    ],
)  # fmt: skip
def test_kind_of_goes_by_content(head: bytes, kind: str | None) -> None:
    assert kind_of(head) == kind
