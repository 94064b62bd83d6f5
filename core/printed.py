"""Papers that we issue as PDF: set with typst, carrying a code by which anybody can verify them."""

import io
import json
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FONTS = Path(__file__).parent.parent / ".assets" / "fonts" / "ttf"
#: Without the characters that are taken for one another.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE = re.compile(rb"[2-9A-HJ-NP-Z]{4}(?:-[2-9A-HJ-NP-Z]{4}){3}")


def verification_code() -> str:
    """About 80 bits: nobody guesses another paper's page."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def typeset(template: Path, content: Mapping[str, Any], *, base_url: str) -> bytes:
    """The PDF of a content with a `code`, whose QR leads to its verification page.

    The template reads `data.json` and `qr.svg`. Takes some hundred milliseconds: run it in a thread.
    """
    import segno

    url = f"{base_url}/verify/{content['code']}"
    qr = io.BytesIO()
    segno.make(url, error="m", micro=False).save(qr, kind="svg", border=1)
    data = json.dumps({**content, "verify_url": url}, ensure_ascii=False).encode()
    return _compile(template, {"data.json": data, "qr.svg": qr.getvalue()})


def set_pages(template: Path, content: Mapping[str, Any]) -> bytes:
    """The PDF of a content that nobody verifies, as a report. Run it in a thread, too."""
    return _compile(template, {"data.json": json.dumps(content, ensure_ascii=False).encode()})


def _compile(template: Path, beside: Mapping[str, bytes]) -> bytes:
    import typst

    files = {"main.typ": template.read_bytes(), **beside}
    # Virtual files: nothing is written to disk. The library's types do not know them yet.
    compiler: Any = typst.compile
    pdf: bytes = compiler(files, font_paths=[str(FONTS)], ignore_system_fonts=True, format="pdf")
    return pdf
