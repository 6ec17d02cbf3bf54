"""NumPy without its floating-point warnings, for narrow floats and for integers below a byte."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .. import dtypes
from .._native import call_quiet


def quiet(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which may divide by zero, overflow or make NaN without a warning."""
    return partial(call_quiet, f)


# NumPy's own dtypes have smaller numbers than those that packages add.
ADDED = 256


def elementwise(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function, quiet; of integers below a byte in bytes, whose lowest bits are kept."""

    def run(x: Any, *rest: Any, **params: Any) -> Any:
        if x.dtype.num < ADDED or x.dtype not in dtypes.SMALL:
            return f(x, *rest, **params)
        wide = np.int8 if dtypes.kind(x.dtype) == "signed" else np.uint8
        out = np.asarray(f(*[a.astype(wide) for a in (x, *rest)], **params))
        return lowest_bits(out, x.dtype) if out.dtype == wide else out

    return quiet(run)


def lowest_bits(x: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """Bytes as integers of fewer bits: what does not fit is cut off."""
    unused = 8 - dtypes.info(dtype).bits
    wide = np.int8 if dtypes.kind(dtype) == "signed" else np.uint8
    return (x.astype(wide) << wide(unused) >> wide(unused)).astype(dtype)


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
