"""mulhi: the upper half of the product of two integers."""

import numpy as np

from .. import dtypes
from .nary import binary
from .quiet import quiet
from .rules import INTEGERS

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def _mulhi(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    bits = dtypes.info(x.dtype).bits
    signed = dtypes.kind(x.dtype) == "signed"
    if bits == 64:
        high = _unsigned(x.astype(np.uint64), y.astype(np.uint64))
        # As a signed number, x is less by 2^64 where it is negative.
        minus = np.where(x < 0, y, 0) + np.where(y < 0, x, 0) if signed else 0
        return high.astype(x.dtype) - np.asarray(minus).astype(x.dtype)
    wide = np.dtype(np.int64 if signed else np.uint64)
    return (x.astype(wide) * y.astype(wide) >> wide.type(bits)).astype(x.dtype)


def _unsigned(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """By halves: x = a 2^32 + b, y = c 2^32 + d."""
    a, b, c, d = x >> HALF, x & LOW, y >> HALF, y & LOW
    middle = a * d + (b * d >> HALF)
    lower = (middle & LOW) + b * c
    return a * c + (middle >> HALF) + (lower >> HALF)


mulhi_p, mulhi = binary("mulhi", quiet(_mulhi), INTEGERS)
