import io
from pathlib import Path

import pytest
from PIL import Image

from inspection.photos import LONGEST_SIDE, clean

#: A camera's tags: make, orientation, and where it stood.
MAKE, ORIENTATION, GPS = 0x010F, 0x0112, 0x8825


def photo(kind: str = "JPEG", size: tuple[int, int] = (2600, 1300)) -> bytes:
    picture = Image.new("RGB", size, "teal")
    exif = picture.getexif()
    exif[MAKE], exif[ORIENTATION] = "相机", 6
    exif.get_ifd(GPS)[2] = (31.0, 18.0, 0.0)
    out = io.BytesIO()
    picture.save(out, kind, exif=exif)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_photo_is_upright_smaller_and_says_nothing_about_its_camera(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "name-says-nothing.txt"
    path.write_bytes(photo(kind))
    cleaned = clean(path)
    assert cleaned is not None
    with Image.open(io.BytesIO(cleaned)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (LONGEST_SIDE // 2, LONGEST_SIDE))
        assert dict(picture.getexif()) == {}


@pytest.mark.parametrize(
    "data",
    [b"", b"%PDF-1.7", b"GIF89a" + bytes(40), photo()[:200], b"<svg xmlns='http://www.w3.org/2000/svg'/>"],
)
def test_what_is_no_photo_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    assert clean(path) is None


def test_picture_that_unfolds_too_far_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(out, "PNG")
    path = tmp_path / "bomb.png"
    path.write_bytes(out.getvalue())
    assert len(out.getvalue()) < 100_000
    assert clean(path) is None
