"""What tables of accuracy share: errors in units in the last place, times of an element."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

# Elements of a timed call.
N = 1 << 16


def mp_number(y: Any) -> np.longdouble:
    """A number of mpmath in extended precision."""
    return np.longdouble(float(y)) + np.longdouble(float(y - type(y)(float(y))))


def ulp(got: np.ndarray, wanted: np.ndarray) -> float:
    """The largest error where the result is finite."""
    info = np.finfo(got.dtype)
    finite = np.isfinite(wanted.astype(got.dtype)) & np.isfinite(got)
    got, wanted = got[finite], wanted[finite]
    size = np.where(wanted == 0, info.smallest_subnormal, np.abs(wanted))
    exponent = np.maximum(np.frexp(size)[1] - 1, info.minexp)
    unit = np.ldexp(np.longdouble(1), exponent - info.nmant)
    return float(np.max(np.abs(got - wanted) / unit))


def nanoseconds(run: Callable[[], object], turns: int = 9) -> float:
    """The least time of a turn for each element, on this thread; one turn of seconds will do."""
    run()
    best = float("inf")
    for _ in range(turns):
        begin = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - begin)
        if best > 1:
            break
    return best / N * 1e9
