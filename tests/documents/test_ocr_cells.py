"""Which pictures a recogniser is shown of a scanned sheet, and where it is told that they stand."""

import io
from collections.abc import Sequence

import pypdfium2 as pdfium
import pytest

from demo.dossiers.broken_files import scanned
from demo.dossiers.paper import MM, Box, Paper
from documents.ocr_cells import Phrase, read_cells
from documents.pages import Bitmap, read_pages

WIDTH, HEIGHT = 594 * MM, 420 * MM
ROWS = ("工程名称", "图名", "图号", "比例")


def sheet(angle: int) -> Paper:
    paper = Paper(WIDTH, HEIGHT)
    origin = {0: (500, 370), 90: (545, 400)}[angle]
    with paper.turned(origin[0] * MM, origin[1] * MM, angle):
        for row, label in enumerate(ROWS):
            top = row * 8 * MM
            for x, width, text in ((0, 22 * MM, label), (22 * MM, 50 * MM, "三层")):
                paper.rect((x, top, x + width, top + 8 * MM))
                paper.text(x + 5, top + 5.6 * MM, text, 10, key=f"{row}:{text}")
    return paper


def read(paper: Paper) -> tuple[list[Phrase], list[tuple[int, ...]]]:
    """What a recogniser that is always sure finds, and the pictures that it was shown."""
    shown: list[tuple[int, ...]] = []

    def recognise(pictures: Sequence[Bitmap]) -> list[tuple[str, float]]:
        shown.extend(picture.shape for picture in pictures)
        return [("字", 0.99)] * len(pictures)

    document = pdfium.PdfDocument(io.BytesIO(scanned(paper.save(), 150)))
    (page,) = (list(read_cells(facts, recognise)) for facts in read_pages(document, user_units={}, limit=1))  # type: ignore[arg-type] # the page is sound
    return page, shown


def boxes(paper: Paper) -> list[Box]:
    return [place.box for place in paper.places.values()]


@pytest.mark.parametrize("angle", [0, 90])
def test_every_cell_is_shown_once_as_a_line(angle: int) -> None:
    paper = sheet(angle)
    found, shown = read(paper)
    assert (len(found), {phrase.angle for phrase in found}) == (2 * len(ROWS), {angle})
    assert all(columns > rows for rows, columns in shown)


def test_a_phrase_is_placed_where_it_stands() -> None:
    paper = sheet(90)
    found, _ = read(paper)
    for phrase in found:
        near = [box for box in boxes(paper) if box[0] - 2 <= phrase.bbox[0] and phrase.bbox[2] <= box[2] + 2]
        assert any(box[1] - 2 <= phrase.bbox[1] and phrase.bbox[3] <= box[3] + 2 for box in near)


def test_a_sheet_without_tables_shows_nothing() -> None:
    paper = Paper(WIDTH, HEIGHT)
    paper.text(100 * MM, 100 * MM, "总说明", 20)
    assert read(paper) == ([], [])


def test_a_translation_close_beneath_its_label_is_a_line_of_its_own() -> None:
    paper = Paper(WIDTH, HEIGHT)
    for row, label in enumerate(ROWS):
        top = 370 * MM + row * 9 * MM
        for x, width in ((500 * MM, 22 * MM), (522 * MM, 50 * MM)):
            paper.rect((x, top, x + width, top + 9 * MM))
        paper.text(500 * MM + 5, top + 4 * MM, label, 9)
        paper.text(500 * MM + 5, top + 4 * MM + 8, "TITLE", 7)
        paper.text(522 * MM + 5, top + 5.6 * MM, "三层", 10)
    phrases, _ = read(paper)
    assert len(phrases) == 3 * len(ROWS)
