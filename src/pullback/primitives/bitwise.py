"""Logic on bits (on truth values for bools), shifts and bit counts."""

import numpy as np

from .nary import binary, unary
from .rules import BITS, INTEGERS


def unsigned(x: np.ndarray) -> np.ndarray:
    """The bits of integers as unsigned ones."""
    return x if x.dtype.kind == "u" else x.view(f"u{x.dtype.itemsize}")


def _shift_right_logical(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    shifted = np.right_shift(unsigned(x), unsigned(y))
    return shifted if x.dtype.kind == "u" else np.asarray(shifted).view(x.dtype)


def _population_count(x: np.ndarray) -> np.ndarray:
    return np.bitwise_count(unsigned(x)).astype(x.dtype)


def _clz(x: np.ndarray) -> np.ndarray:
    width = 8 * x.dtype.itemsize
    # Copy the highest set bit into all lower ones; what is left unset leads.
    filled = unsigned(x)
    step = 1
    while step < width:
        filled = filled | (filled >> np.asarray(step, filled.dtype))
        step *= 2
    return (width - np.bitwise_count(filled)).astype(x.dtype)


not_p, bitwise_not = unary("not", np.invert, BITS)
and_p, bitwise_and = binary("and", np.bitwise_and, BITS)
or_p, bitwise_or = binary("or", np.bitwise_or, BITS)
xor_p, bitwise_xor = binary("xor", np.bitwise_xor, BITS)

# Shifts by the width or more leave zeros (copies of the sign in the arithmetic one), as in NumPy.
shift_left_p, shift_left = binary("shift_left", np.left_shift, INTEGERS)
shift_right_arithmetic_p, shift_right_arithmetic = binary(
    "shift_right_arithmetic", np.right_shift, INTEGERS
)
shift_right_logical_p, shift_right_logical = binary(
    "shift_right_logical", _shift_right_logical, INTEGERS
)
population_count_p, population_count = unary("population_count", _population_count, INTEGERS)
clz_p, clz = unary("clz", _clz, INTEGERS)
