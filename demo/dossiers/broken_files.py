"""Ways in which a sound PDF is spoilt after it was written."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, String
from PIL import Image

from demo.dossiers.paper import MM, Paper

SCAN_DPI = 130


def _edited(edit: Callable[[Pdf], None]) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        with _opened(data) as pdf:
            edit(pdf)
            out = io.BytesIO()
            pdf.save(out, static_id=True)
            return out.getvalue()

    return change


@contextmanager
def _opened(data: bytes) -> Iterator[Pdf]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        yield pdf


def with_password(data: bytes) -> bytes:
    with _opened(data) as pdf:
        out = io.BytesIO()
        pdf.save(out, encryption=pikepdf.Encryption(user="open sesame", owner="sesame", R=6))
        return out.getvalue()


def as_picture(data: bytes) -> bytes:
    """The first page as a PNG, whatever the file is called."""
    out = io.BytesIO()
    _rendered(data, 0).save(out, "PNG")
    return out.getvalue()


def _script(pdf: Pdf) -> None:
    action = Dictionary(S=Name.JavaScript, JS=String("app.alert('hello')"))
    pdf.Root.OpenAction = pdf.make_indirect(action)


def _launch(pdf: Pdf) -> None:
    pdf.Root.OpenAction = pdf.make_indirect(Dictionary(S=Name.Launch, F=String("calc.exe")))


def _turned(pdf: Pdf) -> None:
    pdf.pages[0].rotate(90, relative=True)


def _blank(pdf: Pdf) -> None:
    page = Dictionary(Type=Name.Page, MediaBox=Array([0, 0, 210 * MM, 297 * MM]), Resources=Dictionary())
    pdf.pages.insert(1, pikepdf.Page(pdf.make_indirect(page)))


def _twice(pdf: Pdf) -> None:
    pdf.pages.insert(1, pdf.pages[0])


def _second_page_gone(pdf: Pdf) -> None:
    del pdf.pages[1]


def scanned(data: bytes, dpi: int = SCAN_DPI, *, skew: float = 0.0) -> bytes:
    """The first page as a picture of itself, turned by `skew` degrees counter-clockwise; the others as they are."""
    image = _rendered(data, 0, dpi)
    if skew:
        image = image.rotate(skew, Image.Resampling.BILINEAR, expand=True, fillcolor="white")
    page = io.BytesIO()
    image.save(page, "PDF", resolution=dpi, quality=80)
    with _opened(data) as pdf, _opened(page.getvalue()) as picture:
        pdf.pages[0] = picture.pages[0]
        out = io.BytesIO()
        pdf.save(out, static_id=True)
        return out.getvalue()


def write_without_embedding(paper: Paper) -> None:
    """A line in a font that is named but not carried along."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    writer = paper.canvas.beginText()
    writer.setTextTransform(1, 0, 0, -1, 30 * MM, 262 * MM)
    writer.setFont("STSong-Light", 10)
    writer.textOut("以下空白")
    paper.canvas.drawText(writer)


def _rendered(data: bytes, index: int, dpi: int = SCAN_DPI) -> Image.Image:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    page = document[index]
    image: Image.Image = page.render(scale=dpi / 72).to_pil()
    page.close()
    document.close()
    return image


with_script = _edited(_script)
with_launch = _edited(_launch)
turned = _edited(_turned)
with_blank_page = _edited(_blank)
with_page_twice = _edited(_twice)
without_second_page = _edited(_second_page_gone)
