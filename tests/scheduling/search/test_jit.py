"""Machine code of kernels that have been changed is never run again."""

import subprocess
import sys
from pathlib import Path
from shutil import copytree

import scheduling

ASK = "import numba; from scheduling.search import jit; print(numba.config.CACHE_DIR)"


def cache_dir(home: Path, **environment: str) -> Path:
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=home,
        env={"PYTHONPATH": str(home), **environment},
        capture_output=True,
        check=True,
    )
    return Path(done.stdout.decode().strip())


def test_a_change_of_any_kernel_begins_a_folder_of_its_own(tmp_path: Path) -> None:
    own = Path(scheduling.__file__).parent
    copytree(own / "search", tmp_path / "scheduling" / "search", ignore=lambda *_: ["__pycache__"])
    (tmp_path / "scheduling" / "__init__.py").touch()
    before = cache_dir(tmp_path)
    assert before.is_relative_to(tmp_path)
    assert cache_dir(tmp_path) == before
    assert (
        cache_dir(tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "elsewhere"))
        == tmp_path / "elsewhere" / before.name
    )
    with (tmp_path / "scheduling" / "search" / "timing.py").open("a") as source:
        source.write("# changed\n")
    assert cache_dir(tmp_path) != before
