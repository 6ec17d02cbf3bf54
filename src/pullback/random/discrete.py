"""Random choices: coin tosses, categories, signs."""

from math import prod
from typing import Any

from .. import dtypes
from .. import numpy as pnp
from ..core.aval import Shape, canonical_axis
from ..dtypes import DType
from ..numpy.creation import requested_dtype
from ..numpy.divided import divides
from ..numpy.values import as_array, describe, promote_arrays_inexact
from ..primitives.rules import scalar
from ..primitives.sort import top_k
from .drawn import drawn
from .gumbel import gumbel
from .keys import one_key
from .parameters import int_dtype, shape_of
from .uniform import draw_uniform


@divides
def bernoulli(
    key: Any, p: Any = 0.5, shape: Any = None, mode: str = "low", *, out_sharding: Any = None
) -> Any:
    """Bools that are true with probability p.

    Args:
      key: a random key.
      p: a float or an array of floats that broadcasts to the shape.
      shape: the result's shape; that of p if None.
      mode: "high" draws twice as many bits, for small p.

    >>> from pullback import random
    >>> random.bernoulli(random.key(0), 0.7, (3,))
    Array([False, False,  True], dtype=bool)
    """
    typed = one_key("bernoulli", key)
    if mode not in DRAWS:
        raise ValueError(f"got mode={mode!r}, expected 'high' or 'low'")
    shape = shape_of("bernoulli", shape, p)
    p = as_array("bernoulli", p)
    if dtypes.kind(p.dtype) != "float":
        raise TypeError(f"bernoulli probability `p` must have a floating dtype, got {describe(p)}")
    return DRAWS[mode](typed, p, shape, p.dtype)


@drawn
def _low(key: Any, p: Any, shape: Shape, dtype: DType) -> Any:
    return draw_uniform(key, shape, dtype) < p


@drawn
def _high(key: Any, p: Any, shape: Shape, dtype: DType) -> Any:
    """Of a number and further digits of it."""
    u, v = draw_uniform(key, (2, *shape), dtype)
    return v * scalar(2.0 ** -dtypes.info(dtype).nmant, dtype) < p - u


DRAWS = {"high": _high, "low": _low}


@divides
def rademacher(key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None) -> Any:
    """Numbers that are 1 or -1, each with probability one half.

    >>> pnp.abs(pb.random.rademacher(pb.random.key(0), (3,)))
    Array([1, 1, 1], dtype=int32)
    """
    typed = one_key("rademacher", key)
    found = requested_dtype("rademacher", int if dtype is None else dtype)
    heads = bernoulli(typed, 0.5, shape_of("rademacher", shape)).astype(found)
    return (2 * heads - 1).astype(found)


@divides
def geometric(
    key: Any, p: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any:
    """How many tosses of probability p it takes until the first success.

    >>> pb.random.geometric(pb.random.key(0), 0.5, (4,)).dtype
    dtype('int32')
    """
    typed, found = one_key("geometric", key), int_dtype("geometric", dtype)
    shape = shape_of("geometric", shape, p)
    (p,) = promote_arrays_inexact("geometric", p)
    return _geometric(typed, p, shape, found)


@drawn
def _geometric(key: Any, p: Any, shape: Shape, dtype: DType) -> Any:
    u = draw_uniform(key, shape, p.dtype)
    u = pnp.where(u == 0, 1, u)
    return (pnp.floor(pnp.log(u) / pnp.log1p(-p)) + 1).astype(dtype)


@divides
def categorical(
    key: Any,
    logits: Any,
    axis: int = -1,
    shape: Any = None,
    replace: bool = True,
    mode: str | None = None,
    *,
    out_sharding: Any = None,
) -> Any:
    """Categories whose probabilities are softmax(logits).

    A category is the place of the greatest of logits + Gumbel noise; without replacement, k of
    them are those of the k greatest.

    Args:
      key: a random key.
      logits: logarithms of probabilities, up to a constant.
      axis: the axis of the categories.
      shape: the result's shape, which ends with that of logits without `axis`; that if None.
      replace: whether one distribution may give a category twice.
      mode: that of `gumbel`.

    >>> from pullback import random, numpy as pnp
    >>> random.categorical(random.key(0), pnp.zeros((2, 5)))
    Array([1, 3], dtype=int32)
    """
    typed, logits = one_key("categorical", key), as_array("categorical", logits)
    axis = canonical_axis(axis, logits.ndim, "categorical")
    batch = logits.shape[:axis] + logits.shape[axis + 1 :]
    shape = batch if shape is None else shape_of("categorical", shape)
    if pnp.broadcast_shapes(shape, batch) != shape:
        raise ValueError(f"categorical: shape {shape} does not end with the batch shape {batch}")
    prefix = shape[: len(shape) - len(batch)]
    if not replace:
        return _without_replacement(typed, logits, axis, prefix, batch, mode)
    own = list(shape[len(prefix) :])
    own.insert(axis, logits.shape[axis])
    noise = gumbel(typed, (*prefix, *own), logits.dtype, mode)
    return pnp.argmax(noise + logits, axis=axis - logits.ndim)


def _without_replacement(
    key: Any, logits: Any, axis: int, prefix: Any, batch: Any, mode: str | None
) -> Any:
    k = prod(prefix)
    if k > logits.shape[axis]:
        raise ValueError(
            f"Number of samples without replacement ({k}) cannot exceed number of categories"
            f" ({logits.shape[axis]})."
        )
    noisy = logits + gumbel(key, logits.shape, logits.dtype, mode)
    _, places = top_k(pnp.moveaxis(noisy, axis, -1), k)
    return pnp.reshape(pnp.moveaxis(places, -1, 0), (*prefix, *batch))
