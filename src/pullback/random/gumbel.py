"""Gumbel-distributed numbers, from few or many random bits."""

from typing import Any

import numpy as np

from .. import dtypes
from .. import numpy as pnp
from ..core.aval import Shape
from ..dtypes import DType
from ..numpy.divided import divides
from ..primitives import elementwise as ew
from ..primitives import random as prng
from ..primitives.rules import scalar
from .drawn import drawn
from .keys import one_key
from .parameters import float_dtype, shape_of
from .uniform import draw_uniform

float32, uint32 = np.dtype(np.float32), np.dtype(np.uint32)


@divides
def gumbel(
    key: Any,
    shape: Any = (),
    dtype: Any = None,
    mode: str | None = None,
    *,
    out_sharding: Any = None,
) -> Any:
    """Numbers of density exp(-(x + exp(-x))).

    Args:
      key: a random key.
      shape: the result's shape.
      dtype: a float dtype; the default one if None.
      mode: "high" draws twice as many bits, for the far ends of the distribution; "highest" uses
        all of them, in float32; "low" if None.

    >>> pb.random.gumbel(pb.random.key(0), (4,)).shape
    (4,)
    """
    typed, found = one_key("gumbel", key), float_dtype("gumbel", dtype)
    mode = "low" if mode is None else mode
    if mode not in DRAWS:
        raise ValueError(f"gumbel: mode must be one of {tuple(DRAWS)}, got {mode!r}")
    return DRAWS[mode](typed, shape_of("gumbel", shape), found)


@drawn
def _low(key: Any, shape: Shape, dtype: DType) -> Any:
    tiny = float(dtypes.info(dtype).tiny)
    return _of_probability(draw_uniform(key, shape, dtype, tiny, 1.0))


@drawn
def _high(key: Any, shape: Shape, dtype: DType) -> Any:
    """Of a uniform number that has further digits where it is below a half."""
    info = dtypes.info(dtype)
    high, low = draw_uniform(key, (2, *shape), dtype)
    fine = high + low * scalar(2.0**-info.nmant, dtype) + scalar(float(info.tiny), dtype)
    return _of_complement(pnp.where(high >= 0.5, high, fine))


@drawn
def _highest(key: Any, shape: Shape, dtype: DType) -> Any:
    """Of the fraction x of 64 random bits, or of 1 - x where that is below a half."""
    if dtype != float32:
        return _high(key, shape, dtype)
    high, low = prng.random_bits(key, 32, (2, *shape))
    small = high < scalar(1 << 31, uint32)
    carry = (low == 0).astype(uint32)
    flipped_high, flipped_low = ew.bitwise_not(high) + carry, ew.bitwise_not(low) + 1
    x = _fraction(pnp.where(small, high, flipped_high), pnp.where(small, low, flipped_low))
    return pnp.where(small, _of_complement(x), _of_probability(x))


def _of_probability(u: Any) -> Any:
    """The number with probability u below it."""
    return ew.neg(ew.log(ew.neg(ew.log(u))))


def _of_complement(u: Any) -> Any:
    """The number with probability u above it."""
    return ew.neg(ew.log(ew.neg(ew.log1p(ew.neg(u)))))


def _fraction(high: Any, low: Any) -> Any:
    """0.h of the 64 bits h = (high, low), cut to the digits of a float32."""
    zeros = ew.clz(high)
    none = zeros == 32
    zeros_low = ew.clz(low)
    rest = pnp.where(none, ew.shift_left(low, zeros_low), ew.shift_right_logical(low, 32 - zeros))
    digits = ew.bitwise_or(ew.shift_left(high, zeros), rest)
    mantissa = ew.bitwise_and(ew.shift_right_logical(digits, scalar(8, uint32)), 0x7FFFFF)
    exponent = 126 - pnp.where(none, 32 + zeros_low, zeros)
    word = ew.bitwise_or(ew.shift_left(exponent, scalar(23, uint32)), mantissa)
    return ew.bitcast_convert_type(word, float32)


DRAWS = {"highest": _highest, "high": _high, "low": _low}
