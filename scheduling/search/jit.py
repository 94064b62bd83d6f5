"""The one place that names the compiler: search kernels are plain Python functions over arrays, compiled by numba.

Measured on the home-care benchmark with 100 patients: about 180 times the moves per second of the same code interpreted
(see docs/scheduling.md). `NUMBA_DISABLE_JIT=1` runs them interpreted, for a debugger.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])

Ints = NDArray[np.int64]
SmallInts = NDArray[np.int32]
Flags = NDArray[np.uint8]
Floats = NDArray[np.float64]


def _sources_digest() -> str:
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]


# A folder for each state of the sources: machine code holds what a kernel calls, and numba, which looks at the kernel's
# own file alone, would go on with what has been changed there.
_config: Any = numba.config
_cache = Path(_config.CACHE_DIR or Path(__file__).parent / "__pycache__")
_config.CACHE_DIR = str(_cache / f"kernels-{_sources_digest()}")


def kernel(function: Function) -> Function:
    """Compiles on the first call and keeps the machine code on disk; runs without the interpreter's lock."""
    compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast("Function", compiled)
