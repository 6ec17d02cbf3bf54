"""Counts of random events, drawn by loops that run until every element is done.

All are drawn by compiled code. Where a loop rejects, what the whole array draws in a step decides
when it ends, as in JAX, and so the numbers; where it counts, each element stays as it is.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .. import dtypes
from .. import numpy as pnp
from ..control.blocks import in_blocks
from ..control.loop import scan, while_loop
from ..core.aval import Shape
from ..dtypes import DType
from ..jit import jit
from ..numpy.creation import canonical_shape, requested_dtype
from ..numpy.divided import divides
from ..numpy.values import as_array, promote_arrays_inexact
from ..primitives import random as prng
from ..primitives.shape import iota
from ..primitives.uniform import drawn_bits, unit_interval
from .keys import one_key
from .parameters import float_dtype, int_dtype, parameters, shape_of
from .uniform import draw_uniform

float32 = np.dtype(np.float32)
# Elements that are counted together: the keys of the steps are made for each block anew.
BLOCK = 128
# Means below which numbers are counted one by one.
FEW = 10
# log(k!) less Stirling's approximation, for k = 0, ..., 9.
TAILS = (
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509,
    0.0166446911898211, 0.0138761288230707, 0.0118967099458917, 0.0104112652619720,
    0.00925546218271273, 0.00833056343336287,
)  # fmt: skip


@divides
def poisson(
    key: Any, lam: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any:
    """Numbers k of probability lam**k exp(-lam) / k!.

    Args:
      key: a random key.
      lam: the mean, a number >= 0 or an array that broadcasts to the shape.
      shape: the result's shape; that of lam if None.
      dtype: an integer dtype; the default one if None.

    By Knuth's products of uniform numbers where lam < 10, by Hoermann's transformed rejection
    ("The transformed rejection method for generating Poisson random variables", 1993) elsewhere.

    >>> from pullback import random
    >>> random.poisson(random.key(0), 4.0, (3,))
    Array([0, 1, 5], dtype=int32)
    """
    typed, found = one_key("poisson", key), int_dtype("poisson", dtype)
    if typed.dtype != dtypes.key_fry:
        raise NotImplementedError(
            f"poisson: keys of threefry2x32 are wanted, got {dtypes.long_name(typed.dtype)}"
        )
    (lam,) = parameters("poisson", float32, lam)
    return _poisson(typed, lam, shape_of("poisson", shape, lam), found)


@partial(jit, static_argnums=(2, 3))
def _poisson(key: Any, lam: Any, shape: Shape, dtype: DType) -> Any:
    lam = pnp.broadcast_to(lam, shape)
    few = pnp.isnan(lam) | (lam < FEW)
    counted = _one_by_one(key, float32, _count_poisson, pnp.where(few, lam, 0)).astype(dtype)
    drawn = _poisson_by_rejection(key, pnp.where(few, 1e5, lam), ~pnp.any(~few)).astype(dtype)
    return pnp.where(lam == 0, 0, pnp.where(few, counted, drawn)).astype(dtype)


def _one_by_one(key: Any, dtype: DType, count: Callable[..., Any], *params: Any) -> Any:
    """`count(key, draw, *params)` of the whole arrays, or of blocks of them where every number
    depends on its place alone; `draw(key)` gives uniform numbers."""
    shape = params[0].shape
    if key.dtype != dtypes.key_fry:
        return count(key, lambda own: draw_uniform(own, shape, dtype), *params)

    def block(places: Any, *params: Any) -> Any:
        def draw(own: Any) -> Any:
            return unit_interval(prng.bits_at(own, places, drawn_bits(dtype)), dtype)

        return count(key, draw, *params)

    size = math.prod(shape)
    flat = [pnp.reshape(p, (size,)) for p in params]
    found = in_blocks(block, iota(np.uint32, (size,)), *flat, size=BLOCK, fill=0.5)
    return pnp.reshape(found, shape)


def _count_poisson(key: Any, draw: Callable[[Any], Any], lam: Any) -> Any:
    """How many uniform numbers have a product above exp(-lam)."""

    def step(state: Any) -> Any:
        k, key, total = state
        keys = prng.random_split(key, (2,))
        k = pnp.where(total > -lam, k + 1, k)
        return k, keys[0], total + pnp.log(draw(keys[1]))

    first = (pnp.zeros(lam.shape, dtypes.int32), key, pnp.zeros_like(lam))
    return while_loop(lambda state: pnp.any(state[2] > -lam), step, first)[0] - 1


def _by_rejection(key: Any, shape: Shape, dtype: DType, propose: Any, done: Any) -> Any:
    """The last accepted of what `propose(u, v)` makes of uniform numbers until all have one."""

    def step(state: Any) -> Any:
        found, accepted, key = state
        keys = prng.random_split(key, (3,))
        u, v = (draw_uniform(keys[k], shape, dtype) for k in (1, 2))
        k, accept = propose(u - 0.5, v)
        return pnp.where(accept, k, found), accepted | accept, keys[0]

    first = (pnp.full(shape, -1, dtype), pnp.broadcast_to(done, shape), key)
    return while_loop(lambda state: pnp.any(~state[1]), step, first)[0]


def _poisson_by_rejection(key: Any, lam: Any, done: Any) -> Any:
    b = 0.931 + 2.53 * pnp.sqrt(lam)
    a = -0.059 + 0.02483 * b
    inv_alpha = 1.1239 + 1.1328 / (b - 3.4)
    v_r = 0.9277 - 3.6224 / (b - 2)

    def propose(u: Any, v: Any) -> Any:
        us = 0.5 - pnp.abs(u)
        k = pnp.floor((2 * a / us + b) * u + lam + 0.43)
        s = pnp.log(v * inv_alpha / (a / (us * us) + b))
        limit = -lam + k * pnp.log(lam) - _log_factorial(k)
        inside = (us >= 0.07) & (v <= v_r)
        outside = (k < 0) | ((us < 0.013) & (v > us))
        return k, inside | (~outside & (s <= limit))

    return _by_rejection(key, lam.shape, lam.dtype, propose, done)


def binomial(key: Any, n: Any, p: Any, shape: Any = None, dtype: Any = None) -> Any:
    """How many of n tosses succeed, each with probability p.

    Args:
      key: a random key.
      n: the number of tosses, a number or an array that broadcasts to the shape.
      p: the probability, a number in [0, 1] or an array that broadcasts to the shape.
      shape: the result's shape; that of n and p together if None.
      dtype: a float dtype; the default one if None.

    By sums of geometric numbers where the mean is at most 10, by transformed rejection (BTRS of
    Hoermann, "The generation of binomial random variates", 1993) elsewhere. NaN where n or p is
    out of range.

    >>> from pullback import random
    >>> random.binomial(random.key(0), 100, 0.5, (3,))
    Array([57., 52., 57.], dtype=float32)
    """
    typed, found = one_key("binomial", key), float_dtype("binomial", dtype)
    (p,), n = promote_arrays_inexact("binomial", p), as_array("binomial", n)
    return _binomial(typed, n.astype(p.dtype), p, shape_of("binomial", shape, n, p), found)


def _draw_binomial(key: Any, n: Any, p: Any, shape: Shape, dtype: DType) -> Any:
    n, p = pnp.broadcast_to(n, shape), pnp.broadcast_to(p, shape)
    below = p < 0.5
    q = pnp.where(below, p, 1 - p)
    bad = pnp.isnan(q) | (q < 0)
    none = pnp.isnan(n) | (n < 0)
    invalid, endless = bad | none, pnp.isinf(n)
    q = pnp.where(bad, 0.01, q)
    few = none | (n * q <= FEW)
    n = pnp.floor(n)
    counted = _one_by_one(key, p.dtype, _count_binomial, pnp.where(few, n, 0), q).astype(dtype)
    many, half = pnp.where(few, 1e4, n), pnp.where(few, 0.5, q)
    drawn = _binomial_by_rejection(key, many, half, ~pnp.any(~few)).astype(dtype)
    k = pnp.where(invalid, math.nan, pnp.where(few, counted, drawn)).astype(dtype)
    k = pnp.where(endless & ~invalid, math.inf, k).astype(dtype)
    as_drawn = below | none | pnp.isnan(p) | endless
    return pnp.where(as_drawn, k, n.astype(dtype) - k)


_binomial = jit(_draw_binomial, static_argnums=(3, 4))


def _count_binomial(key: Any, draw: Callable[[Any], Any], n: Any, q: Any) -> Any:
    """How many numbers of tosses until a success have a sum of at most n."""
    log_failure = pnp.log1p(-q)

    def step(state: Any) -> Any:
        k, total, key = state
        keys = prng.random_split(key, (2,))
        tosses = pnp.ceil(pnp.log(draw(keys[0])) / log_failure)
        return pnp.where(total <= n, k + 1, k), total + tosses, keys[1]

    first = (pnp.zeros_like(q), pnp.zeros_like(q), key)
    return while_loop(lambda state: pnp.any(state[1] <= n), step, first)[0] - 1


def _binomial_by_rejection(key: Any, n: Any, q: Any, done: Any) -> Any:
    spread = pnp.sqrt(n * q * (1 - q))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * q
    c = n * q + 0.5
    v_r = 0.92 - 4.2 / b
    odds = q / (1 - q)
    alpha = (2.83 + 5.1 / b) * spread
    mode = pnp.floor((n + 1) * q)
    at_mode = (mode + 0.5) * pnp.log((mode + 1) / (odds * (n - mode + 1)))
    tails = _stirling_tail(mode) + _stirling_tail(n - mode)

    def propose(u: Any, v: Any) -> Any:
        us = 0.5 - pnp.abs(u)
        k = pnp.floor((2 * a / us + b) * u + c)
        s = pnp.log(v * alpha / (a / (us * us) + b))
        limit = at_mode + (n + 1) * pnp.log((n - mode + 1) / (n - k + 1))
        limit = limit + (k + 0.5) * pnp.log(odds * (n - k + 1) / (k + 1))
        limit = limit + tails - _stirling_tail(k) - _stirling_tail(n - k)
        outside = (k < 0) | (k > n)
        return k, ((us >= 0.07) & (v <= v_r)) | (~outside & (s <= limit))

    return _by_rejection(key, q.shape, q.dtype, propose, done)


def _log_factorial(k: Any) -> Any:
    n = k + 1
    return (k + 0.5) * pnp.log(n) - n + 0.5 * math.log(2 * math.pi) + _stirling_tail(k)


def _stirling_tail(k: Any) -> Any:
    """log(k!) less Stirling's approximation."""
    square = (k + 1) * (k + 1)
    series = (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
    place = pnp.clip(k, 0, len(TAILS) - 1).astype(dtypes.int32)
    return pnp.where(k < len(TAILS), pnp.array(TAILS, k.dtype)[place], series)


def multinomial(
    key: Any,
    n: Any,
    p: Any,
    *,
    shape: Any = None,
    dtype: Any = None,
    unroll: int | bool = 1,
) -> Any:
    """How many of n draws fall into each category.

    Args:
      key: a random key.
      n: the number of draws; broadcasts to the shape without its last axis.
      p: the probabilities of the categories along the last axis; broadcasts to the shape.
      shape: the result's shape; that of p if None.
      dtype: the result's dtype; the default float one if None.
      unroll: how many categories a turn of the loop handles, for `scan`.

    >>> pb.random.multinomial(pb.random.key(0), 10.0, pnp.array([0.2, 0.8])).sum()
    Array(10., dtype=float32)
    """
    typed = one_key("multinomial", key)
    n, p = promote_arrays_inexact("multinomial", n, p)
    shape = p.shape if shape is None else canonical_shape("multinomial", shape)
    n, p = pnp.broadcast_to(n, shape[:-1]), pnp.broadcast_to(p, shape)
    found = requested_dtype("multinomial", float if dtype is None else dtype)
    return _multinomial(typed, n, p, unroll).astype(found)


@partial(jit, static_argnums=(3,))
def _multinomial(key: Any, n: Any, p: Any, unroll: int | bool) -> Any:
    """The count of each category among the draws that fell into none before it."""

    def step(left: Any, category: Any) -> tuple[Any, Any]:
        ratio, key = category
        count = _draw_binomial(key, left, pnp.clip(ratio, 0, 1), left.shape, left.dtype)
        return left - count, count

    p = pnp.moveaxis(p, -1, 0)
    rest = pnp.flip(pnp.cumsum(pnp.flip(p, 0), 0), 0)
    ratios = p / pnp.where(rest == 0, 1, rest)
    keys = prng.random_split(key, ratios.shape[:1])
    _, counts = scan(step, n, (ratios, keys), unroll=unroll)
    return pnp.moveaxis(counts, 0, -1)
