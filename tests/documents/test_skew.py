"""How far a scan is turned, and where what is read on it is shown."""

import io
import math
from collections.abc import Iterator
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from demo.dossiers.broken_files import scanned
from demo.dossiers.paper import MM, Box, Paper
from documents import skew
from documents.ocr import Recognised
from documents.pages import PageFacts, read_pages
from documents.skew import Skew
from tests.documents.test_ocr import read_with

WIDTH, HEIGHT = 420 * MM, 297 * MM
BLOCK = (("工程名称", "望江府"), ("图名", "三层平面图"), ("图号", "建施-03"), ("比例", "1:100"))


def sheet() -> Paper:
    """A frame, and a title block with labels and values in cells of their own."""
    paper = Paper(WIDTH, HEIGHT)
    paper.rect((25 * MM, 5 * MM, WIDTH - 5 * MM, HEIGHT - 5 * MM), width=1.6)
    for row, texts in enumerate(BLOCK):
        top = HEIGHT - (45 - 10 * row) * MM
        for x, width, text in zip((310 * MM, 340 * MM), (30 * MM, 75 * MM), texts, strict=True):
            paper.rect((x, top, x + width, top + 10 * MM))
            paper.text(x + 5, top + 6.5 * MM, text, 10, key=text)
    return paper


def pages(data: bytes) -> Iterator[PageFacts]:
    for facts in read_pages(pdfium.PdfDocument(io.BytesIO(data)), user_units={}, limit=1):
        assert isinstance(facts, PageFacts)
        yield facts


@pytest.mark.parametrize("degrees", [-3.0, 0.0, 1.0, 2.0])
def test_skew_of_a_scan(degrees: float) -> None:
    for page in pages(scanned(sheet().save(), 100, skew=degrees)):
        found = skew.degrees(page.render((0, 0, page.width, page.height), 1.0))
        assert found == pytest.approx(degrees, abs=0.05)


def test_skew_of_an_empty_page_is_none() -> None:
    for page in pages(scanned(Paper(WIDTH, HEIGHT).save(), 50)):
        assert skew.degrees(page.render((0, 0, page.width, page.height), 0.5)) == 0.0


def test_a_straightened_page_is_straight() -> None:
    for page in pages(scanned(sheet().save(), 100, skew=2.0)):
        page.straighten(2.0)
        assert skew.degrees(page.render((0, 0, page.width, page.height), 1.0)) == 0.0


def test_box_turns_around_the_middle_of_the_page() -> None:
    half = Skew(degrees=90.0, width=200.0, height=200.0).displayed((100.0, 80.0, 150.0, 90.0))
    assert half == pytest.approx((80.0, 50.0, 90.0, 100.0))


def test_fields_of_a_skewed_scan_are_shown_where_they_lie(tmp_path: Path) -> None:
    paper, degrees = sheet(), 2.0
    path = tmp_path / "竣工图.pdf"
    path.write_bytes(scanned(paper.save(), 100, skew=degrees))
    (page,) = pages(path.read_bytes())
    aside, down = (page.width - WIDTH) / 2, (page.height - HEIGHT) / 2  # a skewed sheet needs a larger page
    lines = [
        Recognised(
            text=text,
            bbox=(place.box[0] + aside, place.box[1] + down, place.box[2] + aside, place.box[3] + down),
            confidence=0.99,
        )
        for text, place in paper.places.items()
    ]
    report = read_with(path, lines, skew=degrees)
    shown = {field.raw: _middle(field.bbox) for field in report.fields}
    turned = {
        text: pytest.approx(_turned(_middle(place.box), degrees, (page.width, page.height)), abs=2.0)
        for text, place in paper.places.items()
        if text in dict(BLOCK).values()
    }
    assert shown == turned
    assert report.pages[0].skew == degrees


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _turned(point: tuple[float, float], degrees: float, size: tuple[float, float]) -> tuple[float, float]:
    """Where a point of the straight sheet lies on the larger page with the skewed sheet in its middle."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = point[0] - WIDTH / 2, point[1] - HEIGHT / 2
    return size[0] / 2 + cos * x + sin * y, size[1] / 2 - sin * x + cos * y
