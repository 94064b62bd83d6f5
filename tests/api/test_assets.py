import io
from pathlib import Path
from typing import Any

import pytest

from api.assets import build_assets

ROOT = Path(__file__).resolve().parents[2]
FONTS = ROOT / ".assets/fonts/ttf"
LINE = "联合验收意见书 建筑面积 12,345.67㎡ ≥①√□℃ 喆 A-01 ０１２"

pytestmark = pytest.mark.skipif(not FONTS.exists(), reason="front-end packages are not installed")


def test_build_assets_when_up_to_date_does_nothing() -> None:
    assert build_assets(ROOT / "node_modules", ROOT / ".assets") is False


def test_print_fonts_keep_text_readable_and_embed_a_subset() -> None:
    import pdfplumber
    import typst

    compiler: Any = typst.compile  # its types cannot tell text from a path
    pdf: bytes = compiler(f'#set text(font: "Noto Sans SC")\n{LINE}'.encode(), font_paths=[str(FONTS)])

    page = pdfplumber.open(io.BytesIO(pdf)).pages[0]
    assert page.extract_text() == LINE
    assert {char["fontname"].partition("+")[2] for char in page.chars} == {"NotoSansSC-Regular"}
    assert len(pdf) < 100_000
