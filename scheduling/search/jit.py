"""The one place that names the compiler: search kernels are plain Python functions over arrays, compiled by numba.

Measured on the home-care benchmark with 100 patients: about 180 times the moves per second of the same code interpreted
(see docs/scheduling.md). `NUMBA_DISABLE_JIT=1` runs them interpreted, for a debugger.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])

Ints = NDArray[np.int64]
SmallInts = NDArray[np.int32]
Flags = NDArray[np.uint8]
Floats = NDArray[np.float64]


def kernel(function: Function) -> Function:
    """Compiles on the first call and keeps the machine code on disk; runs without the interpreter's lock."""
    compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast("Function", compiled)
