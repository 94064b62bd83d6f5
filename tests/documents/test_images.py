import io
import os
import time
from pathlib import Path

from PIL import Image

from demo.dossiers.paper import MM, Paper
from documents.images import KEPT_SECONDS, kept_image, page_image
from tests.documents.builders import saved


def test_a_page_is_drawn_as_displayed(tmp_path: Path) -> None:
    paper = Paper(420 * MM, 297 * MM, rotate=90)
    paper.rect((0, 0, 42 * MM, 42 * MM), fill=(0, 0, 0))
    picture = page_image(str(saved(tmp_path, "a.pdf", paper.save())), 1, width=840)
    assert picture is not None
    with Image.open(io.BytesIO(picture)) as image:
        assert image.size in {(840, 594), (840, 595)}
        assert [image.convert("L").getpixel(place) for place in ((20, 20), (800, 20))] == [0, 255]


def test_a_page_that_is_not_there_has_no_picture(tmp_path: Path) -> None:
    assert page_image(str(saved(tmp_path, "a.pdf", b"%PDF-1.7 nonsense")), 1, width=100) is None


def test_pictures_that_nobody_looks_at_are_swept(tmp_path: Path) -> None:
    file, folder = saved(tmp_path, "a.pdf", Paper(210 * MM, 297 * MM).save()), tmp_path / "pictures"
    small, large, again = (
        kept_image(file, "ab" * 32, 1, width=width, folder=folder) for width in (40, 50, 50)
    )
    assert small is not None
    assert large == again
    month_ago = time.time() - KEPT_SECONDS - 1
    os.utime(small, (month_ago, month_ago))
    other = kept_image(file, "ab" * 32, 1, width=60, folder=folder)
    assert set(folder.rglob("*.png")) == {large, other}
