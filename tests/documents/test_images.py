import io
from pathlib import Path

from PIL import Image

from demo.dossiers.paper import MM, Paper
from documents.images import page_image
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
