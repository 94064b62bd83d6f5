import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("YICHUANG_SHARED", Path(__file__).parents[3] / "shared"))


@pytest.fixture(scope="session")
def corpus() -> Path:
    """PDFs that nobody here wrote; read in place."""
    folder = SHARED / "data/pdf"
    if not folder.is_dir():
        pytest.skip("the shared PDFs are not here (YICHUANG_SHARED)")
    return folder
