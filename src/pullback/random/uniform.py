"""Uniform bits, real numbers and integers, from which all other distributions are drawn."""

from typing import Any

import numpy as np

from .. import dtypes
from .. import numpy as pnp
from ..core.aval import Shape
from ..dtypes import DType
from ..numpy.creation import requested_dtype
from ..numpy.divided import divides
from ..primitives import elementwise as ew
from ..primitives import random as prng
from ..primitives.rules import scalar
from ..primitives.shape import full
from ..primitives.uniform import drawn_bits, stretched, unit_interval
from .drawn import drawn
from .keys import one_key
from .parameters import float_dtype, shape_of

# Numbers that are known while a program is traced.
NUMBERS = (int, float)


@divides
def bits(key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None) -> Any:
    """Uniform bits as unsigned integers.

    Args:
      key: a random key.
      shape: the result's shape.
      dtype: an unsigned dtype; uint32, or uint64 where 64 bits are enabled, if None.

    >>> from pullback import random
    >>> random.bits(random.key(0), (2,))
    Array([4070199207, 4202968722], dtype=uint32)
    """
    typed = one_key("bits", key)
    found = requested_dtype("bits", np.uint64 if dtype is None else dtype)
    if dtypes.kind(found) != "unsigned" or found.itemsize * 8 not in prng.WORDS:
        raise ValueError(f"dtype argument to `bits` must be an unsigned int dtype, got {found}")
    return prng.random_bits(typed, found.itemsize * 8, shape_of("bits", shape))


@divides
def uniform(
    key: Any,
    shape: Any = (),
    dtype: Any = None,
    minval: Any = 0.0,
    maxval: Any = 1.0,
    *,
    out_sharding: Any = None,
) -> Any:
    """Uniform real numbers in [minval, maxval).

    Args:
      key: a random key.
      shape: the result's shape.
      dtype: a float dtype; the default one if None.
      minval, maxval: the interval; arrays that broadcast to the shape.

    >>> from pullback import random
    >>> random.uniform(random.key(0), (2,))
    Array([0.947667 , 0.9785799], dtype=float32)
    """
    found = float_dtype("uniform", dtype)
    return draw_uniform(one_key("uniform", key), shape_of("uniform", shape), found, minval, maxval)


def draw_uniform(key: Any, shape: Shape, dtype: DType, minval: Any = 0.0, maxval: Any = 1.0) -> Any:
    """Uniform numbers of a typed key, of a checked shape and dtype."""
    if not (isinstance(minval, NUMBERS) and isinstance(maxval, NUMBERS)):
        low, high = (pnp.asarray(v).astype(dtype) for v in (minval, maxval))
        return _between_arrays(key, low, high, shape, dtype)
    if (minval, maxval) == (0, 1):
        return _unit_interval(key, shape, dtype)
    low = scalar(minval, dtype)
    return _between(key, low, np.asarray(scalar(maxval, dtype) - low), shape, dtype)


@drawn
def _unit_interval(key: Any, shape: Shape, dtype: DType) -> Any:
    return unit_interval(prng.random_bits(key, drawn_bits(dtype), shape), dtype)


@drawn
def _between(key: Any, low: Any, span: Any, shape: Shape, dtype: DType) -> Any:
    return stretched(_unit_interval(key, shape, dtype), low, span)


@drawn
def _between_arrays(key: Any, low: Any, high: Any, shape: Shape, dtype: DType) -> Any:
    unit = _unit_interval(key, shape, dtype)
    return pnp.maximum(low, pnp.reshape(unit * (high - low) + low, shape))


@divides
def randint(
    key: Any,
    shape: Any,
    minval: Any,
    maxval: Any,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Any:
    """Uniform integers in [minval, maxval).

    Args:
      key: a random key.
      shape: the result's shape.
      minval, maxval: the interval; integers or arrays of them that broadcast to the shape.
      dtype: an integer dtype; the default one if None.

    >>> from pullback import random
    >>> random.randint(random.key(0), (4,), 0, 10)
    Array([9, 0, 2, 3], dtype=int32)
    """
    typed = one_key("randint", key)
    found = requested_dtype("randint", int if dtype is None else dtype)
    if not dtypes.is_integer(found):
        raise TypeError(f"randint only accepts integer dtypes, got {found}")
    shape = shape_of("randint", shape, minval, maxval)
    sampled = found if found.itemsize >= 4 else dtypes.int32
    if type(minval) is type(maxval) is int and _both_fit(minval, maxval):
        low, span, two_n = _known_interval(minval, maxval, found, sampled)
    else:
        low, span = _interval(pnp.asarray(minval), pnp.asarray(maxval), found, sampled)
        low, span = pnp.broadcast_to(low, shape), pnp.broadcast_to(span, shape)
        two_n = _power_rem(span)
    integers = _draw_integers(typed, low, span, two_n, shape, sampled)
    return integers if found == sampled else ew.convert_element_type(integers, found)


def _both_fit(minval: int, maxval: int) -> bool:
    limits = dtypes.info(dtypes.default_dtype(int))
    return limits.min <= minval and maxval <= limits.max


def _known_interval(minval: int, maxval: int, dtype: DType, sampled: DType) -> Any:
    """`_interval` of Python integers, and `_power_rem` of the second."""
    limits = dtypes.info(dtype)
    low, high = (min(max(v, int(limits.min)), int(limits.max) + 1) for v in (minval, maxval))
    low = min(low, int(limits.max))
    width = 8 * sampled.itemsize
    span = (high - low) % 2**width if high > low else 1
    half = 2 ** (width // 2) % span if span else 0
    two_n = half**2 % 2**width % span if span else 0
    word = prng.WORDS[width]
    return scalar(low, sampled), scalar(span, word), scalar(two_n, word)


def _interval(minval: Any, maxval: Any, dtype: DType, sampled: DType) -> Any:
    """The least number and how many there are: 1 if none, 0 if all that the word holds."""
    limits = dtypes.info(dtype)
    minval, maxval = (v if dtypes.is_integer(v.dtype) else v.astype(int) for v in (minval, maxval))
    if sampled != dtype:
        minval = pnp.clip(minval.astype(sampled), int(limits.min), int(limits.max))
        maxval = pnp.clip(maxval.astype(sampled), int(limits.min), int(limits.max) + 1)
    greatest = full((), int(dtypes.info(sampled).max), sampled)
    above = maxval > _clipped(greatest, maxval.dtype)
    minval, maxval = _clipped(minval, sampled), _clipped(maxval, sampled)
    word = prng.WORDS[8 * sampled.itemsize]
    span = (maxval - minval).astype(word)
    span = pnp.where(maxval <= minval, scalar(1, word), span)
    return minval, pnp.where(above & (maxval > minval), span + scalar(1, word), span)


def _clipped(x: Any, dtype: DType) -> Any:
    """Integers moved into the range of a dtype and converted to it."""
    own, limits = dtypes.info(x.dtype), dtypes.info(dtype)
    low, high = max(int(own.min), int(limits.min)), min(int(own.max), int(limits.max))
    return pnp.clip(x, scalar(low, x.dtype), scalar(high, x.dtype)).astype(dtype)


def _power_rem(span: Any) -> Any:
    """The square of 2**(n / 2) mod span, mod span, in words of n bits: 2**n mod span if it fits."""
    half = full(span.shape, 2 ** (4 * span.dtype.itemsize), span.dtype)
    half = ew.rem(half, span)
    return ew.rem(ew.mul(half, half), span)


@drawn
def _draw_integers(key: Any, low: Any, span: Any, two_n: Any, shape: Shape, dtype: DType) -> Any:
    """(2**n h + l) mod span + low of two words h, l of n bits, so that the bias is small.

    A remainder by 0 is the number itself, which is right for a span of 2**n.
    """
    width = dtype.itemsize * 8
    keys = prng.random_split(key, (2,))
    high_word, low_word = (prng.random_bits(keys[k], width, shape) for k in (0, 1))
    offset = ew.add(ew.mul(ew.rem(high_word, span), two_n), ew.rem(low_word, span))
    return ew.add(ew.convert_element_type(ew.rem(offset, span), dtype), low)
