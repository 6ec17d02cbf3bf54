"""Random orders and samples of the elements of an array."""

import math
import operator
from math import prod
from typing import Any

import numpy as np

from .. import dtypes
from .. import numpy as pnp
from ..core.aval import Shape, canonical_axis
from ..numpy.creation import canonical_shape
from ..numpy.divided import divides
from ..numpy.values import as_array, promote_arrays_inexact
from ..primitives import random as prng
from ..primitives.sort import sort, top_k
from .gumbel import gumbel
from .keys import one_key
from .uniform import draw_uniform, randint


@divides
def permutation(
    key: Any, x: Any, axis: int = 0, independent: bool = False, *, out_sharding: Any = None
) -> Any:
    """An array in random order along an axis, or a random order of 0, ..., x - 1.

    Args:
      key: a random key.
      x: an array, or an integer.
      axis: the axis that is shuffled.
      independent: whether each vector along the axis gets an order of its own.

    >>> from pullback import random
    >>> random.permutation(random.key(0), 5)
    Array([0, 1, 4, 3, 2], dtype=int32)
    """
    typed = one_key("permutation", key)
    axis = canonical_axis(axis, np.ndim(x) or 1, "permutation")
    if not np.ndim(x):
        if not dtypes.is_integer(as_array("permutation", x).dtype):
            raise TypeError("x must be an integer or at least 1-dimensional")
        return _shuffled(typed, pnp.arange(operator.index(x)), 0)
    x = as_array("permutation", x)
    if independent or x.ndim == 1:
        return _shuffled(typed, x, axis)
    order = _shuffled(typed, pnp.arange(x.shape[axis]), 0)
    return pnp.take(x, order, axis, unique_indices=True)


def _shuffled(key: Any, x: Any, axis: int) -> Any:
    """Sorted by random words, again and again until chance ties between all are unlikely."""
    rounds = math.ceil(3 * math.log(max(1, x.size)) / math.log(2**32 - 1))
    for _ in range(rounds):
        key, subkey = prng.random_split(key, (2,))
        _, x = sort((prng.random_bits(subkey, 32, x.shape), x), axis)
    return x


def choice(
    key: Any,
    a: Any,
    shape: Any = (),
    replace: bool = True,
    p: Any = None,
    axis: int = 0,
    mode: str | None = None,
) -> Any:
    """A random sample of the elements of an array along an axis.

    Args:
      key: a random key.
      a: an array, or an integer n for 0, ..., n - 1.
      shape: how many are drawn; these axes take the place of `axis`.
      replace: whether an element may be drawn twice.
      p: the probability of each element; equal ones if None.
      axis: the axis of the elements.
      mode: that of `gumbel`, for samples with p and without replacement.

    >>> pb.random.choice(pb.random.key(0), pnp.array([10, 20, 30]), (2,), replace=False).shape
    (2,)
    """
    typed = one_key("choice", key)
    if not np.iterable(shape):
        raise TypeError(f"choice: shape must be a sequence of sizes, got {shape!r}: ({shape!r},)")
    shape = canonical_shape("choice", shape)
    given = as_array("choice", a)
    axis = canonical_axis(axis, given.ndim, "choice") if given.ndim else 0
    count = given.shape[axis] if given.ndim else operator.index(a)
    if prod(shape) == 0:
        return pnp.zeros(shape, given.dtype)
    _check_sample(count, prod(shape), replace)
    if p is None and not replace:
        part = (slice(None),) * axis + (slice(prod(shape)),)
        drawn = permutation(typed, count if given.ndim == 0 else given, axis)[part]
    else:
        places = _places(typed, count, shape, replace, p, mode)
        drawn = places if given.ndim == 0 else pnp.take(given, places, axis)
    full = shape if given.ndim == 0 else given.shape[:axis] + shape + given.shape[axis + 1 :]
    return pnp.reshape(drawn, full)


def _check_sample(count: int, draws: int, replace: bool) -> None:
    if count <= 0:
        raise ValueError("a must be greater than 0 unless no samples are taken")
    if not replace and draws > count:
        raise ValueError(
            f"Cannot take a larger sample (size {draws}) than population (size {count})"
            " when 'replace=False'"
        )


def _places(key: Any, count: int, shape: Shape, replace: bool, p: Any, mode: str | None) -> Any:
    """Which elements are drawn."""
    if p is None:
        return randint(key, shape, 0, count)
    (p,) = promote_arrays_inexact("choice", p)
    if p.shape != (count,):
        raise ValueError(
            "p must be None or a 1D vector with the same size as a.shape[axis]. p has shape"
            f" {p.shape} and a.shape[axis] is {count}."
        )
    if not replace:
        noisy = gumbel(key, (count,), p.dtype, mode) + pnp.log(p)
        return top_k(noisy, prod(shape))[1].astype(int)
    total = pnp.cumsum(p)
    r = total[-1] * (1 - draw_uniform(key, shape, p.dtype))
    return pnp.searchsorted(total, r).astype(int)
