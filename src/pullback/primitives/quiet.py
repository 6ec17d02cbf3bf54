"""NumPy without its floating-point warnings, and formulas for narrow floats."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .._native import call_quiet


def quiet(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which may divide by zero, overflow or make NaN without a warning."""
    return partial(call_quiet, f)


def is_narrow(dtype: np.dtype[Any]) -> bool:
    """Whether the dtype is a float of 16 bits or fewer."""
    return dtype.itemsize <= 2 and dtype.kind not in "biu"


def widened(f: Callable[..., Any]) -> Callable[..., Any]:
    """A formula of several operations, computed in float32 for narrower floats, and quiet."""

    def run(x: Any, *rest: Any, **params: Any) -> Any:
        if not is_narrow(x.dtype):
            return f(x, *rest, **params)
        wide = [a.astype(np.float32) for a in (x, *rest)]
        return np.asarray(f(*wide, **params)).astype(x.dtype)

    return quiet(run)
