"""Seals on a page drawn here."""

import io

import pypdfium2 as pdfium

from demo.dossiers.paper import MM
from documents.pages import PageFacts, read_pages
from documents.seals import SealSpot, assign, find_seals
from tests.documents.builders import a4


def test_one_seal_serves_one_of_two_parties() -> None:
    """The star within it is as large as a small seal, and no seal of the party beside it."""
    paper = a4()
    paper.seal(65 * MM, 100 * MM, "澜江工程监理有限公司")
    beside = [SealSpot(None, "", (x * MM, 98 * MM, (x + 25) * MM, 102 * MM)) for x in (45, 90)]
    for page in read_pages(pdfium.PdfDocument(io.BytesIO(paper.save())), user_units={}, limit=1):
        assert isinstance(page, PageFacts)
        assign(find_seals(page), beside)
    assert [spot.sealed for spot in beside] == [True, False]
