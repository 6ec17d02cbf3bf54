"""Logic on bits (on truth values for bools), shifts and bit counts."""

from typing import Any

import numpy as np

from .. import dtypes
from .nary import binary, unary
from .quiet import lowest_bits, quiet
from .rules import BITS, INTEGERS


def unsigned(x: np.ndarray) -> np.ndarray:
    """The bits of integers as unsigned ones; those of integers below a byte in bytes."""
    if x.dtype in dtypes.SMALL:
        return x.astype(np.uint8) & np.uint8(2 ** dtypes.info(x.dtype).bits - 1)
    return x if x.dtype.kind == "u" else x.view(f"u{x.dtype.itemsize}")


def signed(bits: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """Bits as integers of a dtype."""
    if dtype in dtypes.SMALL:
        return lowest_bits(bits, dtype)
    return bits if dtype.kind == "u" else np.asarray(bits).view(dtype)


def _shift_right_logical(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return signed(np.right_shift(unsigned(x), unsigned(y)), x.dtype)


def _shift_right_arithmetic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The highest bit is copied, of unsigned integers too."""
    unused = np.int8(8 - dtypes.info(x.dtype).bits if x.dtype in dtypes.SMALL else 0)
    bits, count = unsigned(x), unsigned(y)
    with_sign = bits.view(f"i{bits.dtype.itemsize}")
    if unused:
        with_sign = with_sign << unused >> unused
    # Counts that are no counts as signed numbers shift all out, as those beyond the width do.
    shifted = np.right_shift(with_sign, count.view(with_sign.dtype))
    return signed(np.asarray(shifted).view(bits.dtype), x.dtype)


def _population_count(x: np.ndarray) -> np.ndarray:
    return signed(np.bitwise_count(unsigned(x)).astype(unsigned(x).dtype), x.dtype)


def _clz(x: np.ndarray) -> np.ndarray:
    width = dtypes.info(x.dtype).bits
    # Copy the highest set bit into all lower ones; what is left unset leads.
    filled = unsigned(x)
    step = 1
    while step < width:
        filled = filled | (filled >> np.asarray(step, filled.dtype))
        step *= 2
    return signed((width - np.bitwise_count(filled)).astype(filled.dtype), x.dtype)


not_p, bitwise_not = unary("not", np.invert, BITS)
and_p, bitwise_and = binary("and", np.bitwise_and, BITS)
or_p, bitwise_or = binary("or", np.bitwise_or, BITS)
xor_p, bitwise_xor = binary("xor", np.bitwise_xor, BITS)

# Shifts by the width or more leave zeros (copies of the sign in the arithmetic one), as in NumPy.
shift_left_p, shift_left = binary("shift_left", np.left_shift, INTEGERS)
shift_right_arithmetic_p, shift_right_arithmetic = binary(
    "shift_right_arithmetic", quiet(_shift_right_arithmetic), INTEGERS
)
shift_right_logical_p, shift_right_logical = binary(
    "shift_right_logical", quiet(_shift_right_logical), INTEGERS
)
population_count_p, population_count = unary("population_count", quiet(_population_count), INTEGERS)
clz_p, clz = unary("clz", quiet(_clz), INTEGERS)
