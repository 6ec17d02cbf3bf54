"""Real numbers of random bits: uniform ones, and normal ones of those."""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..core.trace import get_aval
from ..dtypes import DType
from .arithmetic import add, mul, sub
from .bitwise import bitwise_or, shift_right_logical
from .convert import bitcast_convert_type, convert_element_type
from .magnitude import max
from .random import WORDS
from .rules import scalar
from .special import erf_inv


def drawn_bits(dtype: DType) -> int:
    """How many random bits a number of this dtype takes."""
    info = dtypes.info(dtype)
    return 8 if info.nmant < 8 else info.bits


def unit_interval(bits: Any, dtype: DType) -> Any:
    """Numbers in [0, 1): random mantissas under the exponent of [1, 2), less 1."""
    info, drawn = dtypes.info(dtype), drawn_bits(dtype)
    word = WORDS[info.bits]
    mantissa = bits if get_aval(bits).dtype == word else convert_element_type(bits, word)
    one = np.ones((), dtype)
    mantissa = shift_right_logical(mantissa, scalar(drawn - info.nmant, word))
    floats = bitcast_convert_type(bitwise_or(mantissa, one.view(word)), dtype)
    return sub(floats, one)


def stretched(unit: Any, low: Any, span: Any) -> Any:
    """Numbers in [0, 1) as numbers in [low, low + span)."""
    return max(add(mul(unit, span), low), low)


def normal_of(unit: Any) -> Any:
    """Standard normal numbers of uniform ones: sqrt(2) erfinv(u) of u in (-1, 1)."""
    dtype = get_aval(unit).dtype
    low = np.nextafter(np.array(-1, dtype), np.array(0, dtype))
    u = stretched(unit, np.asarray(low), np.asarray(scalar(1.0, dtype) - low))
    return mul(scalar(math.sqrt(2), dtype), erf_inv(u))
